"""The applicants and the stock returns are all there, and a damaged file is refused."""

import numpy as np
import pytest

from aelib.datasets import load_credit, load_stock_returns
from aelib.datasets.credit import CATEGORICAL, NUMERIC


def test_the_credit_data_have_the_known_counts():
    numeric, categorical, bad = load_credit()
    assert numeric.shape == (4454, len(NUMERIC)) and categorical.shape == (4454, len(CATEGORICAL))
    assert bad.dtype == bool and bad.sum() == 1254
    unknown = dict(zip(NUMERIC, np.isnan(numeric).sum(axis=0)))
    assert {name: n for name, n in unknown.items() if n} == {"Income": 381, "Assets": 47, "Debt": 18}
    assert (categorical == "missing").sum(axis=0).tolist() == [6, 1, 0, 2]


def test_the_first_applicant_is_the_first_line_of_the_file():
    numeric, categorical, bad = load_credit()
    assert numeric[0].tolist() == [9, 60, 30, 73, 129, 0, 0, 800, 846]
    assert categorical[0].tolist() == ["rent", "married", "no", "freelance"] and not bad[0]


def test_returns_are_the_logarithms_of_ratios_of_prices():
    days, names, returns = load_stock_returns()
    assert days.shape == (8312,) and returns.shape == (8312, 20) and len(names) == 20
    assert days[0] == np.datetime64("1990-01-03") and days[-1] == np.datetime64("2022-12-28")
    assert np.all(np.diff(days) > np.timedelta64(0, "D"))
    apple = names.index("AAPL")
    assert returns[0, apple] == pytest.approx(np.log(0.266 / 0.264))
    assert np.exp(returns[:, apple].sum()) == pytest.approx(125.674 / 0.264)  # the first price and the last


@pytest.mark.parametrize("load", [load_credit, load_stock_returns])
def test_a_missing_or_damaged_file_is_an_error(load, tmp_path):
    with pytest.raises(FileNotFoundError, match="git checkout"):
        load(folder=tmp_path)
    for name in ("modeldata_credit_data.csv.xz", "sp500_dataset.csv.gz"):
        (tmp_path / name).write_bytes(b"no data")
    with pytest.raises(ValueError, match="damaged"):
        load(folder=tmp_path)
