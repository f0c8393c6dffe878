"""The benchmark measures what it says it measures: the same training in every implementation, and the floor's products.

How long anything takes is never asserted.
"""

import argparse
import itertools
import statistics

import numpy as np
import pytest

from aelib.nn.optimizers import Adam
from benchmarks import architectures, epoch, implementations, operations, threads, timing
from experiments import record

INSTALLED = [name for name, one in implementations.IMPLEMENTATIONS.items() if threads.installed(one.module)]
CROSS_ENTROPY = [name for name in INSTALLED if implementations.IMPLEMENTATIONS[name].loss == "binary cross-entropy"]


@pytest.fixture(scope="module")
def images(mnist):
    """600 images: with a batch of 64, nine whole batches and one of 24."""
    return mnist[0][0][:600]


# ------------------------------------------------------------------------- the floor


@pytest.fixture
def products(monkeypatch):
    """What `np.matmul` is asked for: shapes, which factor is transposed, the output's address."""
    calls, matmul = [], np.matmul

    def counted(a, b, out):
        transposed = tuple(not array.flags.c_contiguous for array in (a, b))
        calls.append((a.shape, b.shape, transposed, out.__array_interface__["data"][0]))
        return matmul(a, b, out=out)

    monkeypatch.setattr(np, "matmul", counted)
    return calls


def test_the_floor_does_the_products_of_an_epoch_in_their_order_and_no_others(products, rng):
    floor = implementations.Floor((5, 3, 4, 5), rng.random((6, 5), dtype="float32"), 4)
    products.clear()
    assert floor.epoch() is None
    plain, left, right = (False, False), (True, False), (False, True)
    expected = []
    for n in (4, 2):  # a whole batch and the smaller last one
        expected += [((n, 5), (5, 3), plain), ((n, 3), (3, 4), plain), ((n, 4), (4, 5), plain)]
        expected += [((4, n), (n, 5), left), ((n, 5), (5, 4), right)]
        expected += [((3, n), (n, 4), left), ((n, 4), (4, 3), right)]
        expected += [((5, n), (n, 3), left)]
    assert [call[:3] for call in products] == expected
    counted = sum(a[0] * a[1] * b[1] for a, b, _, _ in products)
    assert counted == architectures.multiplications((5, 3, 4, 5), 6)
    floor.epoch()
    addresses = np.reshape([call[3] for call in products], (4, -1))
    assert (addresses == addresses[0]).all()  # no array is made: the last batch goes where the first one went


def test_the_floors_products_are_right(rng):
    images = rng.random((3, 5), dtype="float32")
    floor = implementations.Floor((5, 2, 4), images, 3)
    floor.epoch()
    w1, w2 = architectures.starting_weights((5, 2, 4))[::2]
    ones = np.ones((3, 4))
    np.testing.assert_allclose(floor.outputs[1], images @ w1 @ w2, rtol=1e-5)
    np.testing.assert_allclose(floor.gradients[1], (images @ w1).T @ ones, rtol=1e-5)
    np.testing.assert_allclose(floor.gradients[0], images.T @ (ones @ w2.T), rtol=1e-5)


# --------------------------------------------------------------- the implementations


def losses_in_float64(images, epsilon_beside_the_corrected_root):
    """Three epochs of what every implementation should do, written out: means over the images of losses before a step.

    Keras adds Adam's epsilon to the root of `v`; PyTorch to that of `v / (1 - beta_2^t)`.
    """
    weights = [w.astype("float64") for w in architectures.starting_weights((784, 16, 8, 784))]
    m, v, t = [0.0] * 6, [0.0] * 6, 0

    def step(x):
        nonlocal t
        w1, b1, w2, b2, w3, b3 = weights
        a1 = np.maximum(x @ w1 + b1, 0)
        a2 = np.maximum(a1 @ w2 + b2, 0)
        p = 1 / (1 + np.exp(-(a2 @ w3 + b3)))
        d3 = (p - x) / x.size
        d2 = (d3 @ w3.T) * (a2 > 0)
        d1 = (d2 @ w2.T) * (a1 > 0)
        t += 1
        correction = np.sqrt(1 - 0.999**t)
        epsilon = 1e-7 * correction if epsilon_beside_the_corrected_root else 1e-7
        for i, g in enumerate([x.T @ d1, d1.sum(0), a1.T @ d2, d2.sum(0), a2.T @ d3, d3.sum(0)]):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            weights[i] -= 0.001 * correction / (1 - 0.9**t) * m[i] / (np.sqrt(v[i]) + epsilon)
        return -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()

    x = images.astype("float64")
    step(x[:4]), step(x[:2])  # the warm-up
    return [(4 * step(x[:4]) + 4 * step(x[:4]) + 2 * step(x[:2])) / 10 for _ in range(3)]


@pytest.mark.parametrize("name", CROSS_ENTROPY)
def test_every_implementation_takes_adams_steps_on_all_batches_and_returns_the_mean_loss_over_the_images(name, images):
    # Ten times the same image: then the order, which every implementation chooses for itself, does not matter.
    identical = np.repeat(images[:1], 10, axis=0)
    implementation = implementations.IMPLEMENTATIONS[name]((784, 16, 8, 784), identical, 4)
    expected = losses_in_float64(identical, name == "pytorch")
    np.testing.assert_allclose([implementation.epoch() for _ in range(3)], expected, rtol=2e-5)


@pytest.mark.parametrize("name", CROSS_ENTROPY)
def test_every_implementation_sees_each_image_once_an_epoch(name, monkeypatch):
    """Five images whose losses differ so much that one too often, or too seldom, would change the mean."""
    rng = np.random.default_rng(5)
    weights = [rng.normal(0, 3, shape).astype("float32") for shape in ((6, 4), (4,), (4, 6), (6,))]
    w1, b1, w2, b2 = weights
    images = np.outer([0.0, 0.25, 0.5, 0.75, 1.0], np.ones(6)).astype("float32")
    z = np.maximum(images @ w1 + b1, 0) @ w2 + b2
    losses = (np.logaddexp(0, z) - z * images).mean(axis=1)
    assert np.abs(losses[:, None] - losses)[np.triu_indices(5, 1)].min() > 0.05 * losses.sum()

    monkeypatch.setattr(implementations, "starting_weights", lambda units: weights)
    implementation = implementations.IMPLEMENTATIONS[name]((6, 4, 6), images, 2)
    for _ in range(2):  # the weights are so large that Adam's steps of 0.001 hardly matter
        assert implementation.epoch() == pytest.approx(losses.mean(), rel=0.02)


def test_scikit_learn_trains_and_returns_the_mean_squared_error(images):
    pytest.importorskip("sklearn")
    implementation = implementations.ScikitLearn(
        (784, 32, 784), images, 600
    )  # one batch an epoch: the loss before its step
    for _ in range(3):
        expected = np.square(implementation.model.predict(images) - images).mean()
        assert implementation.epoch() == pytest.approx(expected, rel=1e-4)
    assert implementation.epoch() < expected


@pytest.mark.parametrize("name", INSTALLED)
def test_a_batch_larger_than_the_data_is_one_small_batch(name, images):
    implementation = implementations.IMPLEMENTATIONS[name]((784, 4, 784), images[:5], 64)
    loss = implementation.epoch()
    assert name == "floor" or np.isfinite(loss)


def test_the_time_of_fit_is_that_of_the_epoch_inside_it():
    now = [0.0]

    class Model:
        def fit(self, callbacks, epochs, verbose):
            now[0] += 10.0  # what a call prepares
            callbacks[0].on_epoch_begin(0)
            now[0] += 2.0
            callbacks[0].on_epoch_end(0, {})
            now[0] += 100.0
            self.history = {"loss": [0.5]}
            return self

    implementation = object.__new__(implementations.Fit)
    implementation.model, implementation.callback_class, implementation.fit_arguments = Model(), object, ((), {})
    assert implementation.timed_epoch(lambda: now[0]) == (2.0, 0.5)


# ---------------------------------------------------------------------- in turn


class Recorded:
    """An implementation that writes down when its turn was."""

    def __init__(self, name, turns):
        self.label, self.turns = name, turns

    def timed_epoch(self, clock):
        self.turns.append(self.label)
        return clock(), None if self.label == "floor" else 1.0 / len(self.turns)


def test_the_implementations_take_turns_and_progress_is_a_line_a_turn():
    turns, lines, clock = [], [], itertools.count(1.0)
    recorded = {name: Recorded(name, turns) for name in ("floor", "numpy")}
    results = timing.time_in_turn(recorded, 2, lambda: next(clock), lines.append)
    assert turns == ["floor", "numpy", "floor", "numpy"]
    assert results["floor"] == {"seconds": [1.0, 3.0], "losses": [None, None]}
    assert results["numpy"] == {"seconds": [2.0, 4.0], "losses": [0.5, 0.25]}
    assert [line[:12] for line in lines] == ["round 1 of 2"] * 2 + ["round 2 of 2"] * 2
    assert "loss 0.2500" in lines[3] and "loss" not in lines[2]


# -------------------------------------------------------------------------- threads


def test_one_thread_is_timed_by_the_processor_and_more_by_the_wall():
    assert [threads.clock_name(count) for count in (1, 2, 4)] == ["CPU", "wall", "wall"]


def test_a_process_gets_its_number_of_threads(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    one = threads.environment(1)
    assert {one[name] for name in threads.VARIABLES} == {"1"}


def test_more_threads_than_asked_are_refused(monkeypatch):
    monkeypatch.setattr(threads, "linear_algebra_threads", lambda: [1, 2])
    threads.fix_threads(2, {"numpy"})
    with pytest.raises(RuntimeError, match=r"Expected linear algebra on 1 threads. Received: \[1, 2\]"):
        threads.fix_threads(1, {"numpy"})


# --------------------------------------------------------------- the command, the table


def test_an_implementation_that_is_not_installed_is_left_out_by_name(monkeypatch):
    monkeypatch.setattr(threads, "installed", lambda module: module != "torch")
    present, missing = epoch.split_installed(["pytorch", "numpy"])
    assert present == ["floor", "numpy"] and missing == ["pytorch"]


def timings(**seconds):
    """What `time_in_turn` returns, with the seconds given."""
    return {
        name: {"seconds": times, "losses": [None if name == "floor" else 0.25] * len(times)}
        for name, times in seconds.items()
    }


def test_the_median_of_an_implementation_is_compared_with_that_of_the_floor_in_its_own_process():
    numpy_process = timings(floor=[1.0, 9.0, 2.0], numpy=[3.0, 1.0, 30.0])
    processes = [{"a": numpy_process}, {"a": timings(floor=[4.0], pytorch=[10.0])}]
    floor, numpy, pytorch = epoch.table_rows(1, processes, 100)
    assert [row["median"] for row in (floor, numpy, pytorch)] == [3.0, 3.0, 10.0]
    assert [row["multiple_of_floor"] for row in (floor, numpy, pytorch)] == [1.0, 1.5, 2.5]
    assert floor["seconds"] == [1.0, 9.0, 2.0, 4.0] and floor["losses"] == [None] * 4
    assert numpy["seconds"] == [3.0, 1.0, 30.0] and numpy["clock"] == "CPU"


def test_every_library_has_a_process_with_a_floor_of_its_own():
    received = epoch.groups(list(implementations.IMPLEMENTATIONS))
    assert received == [
        ["floor", "bare_calls", "numpy"],
        ["floor", "keras", "keras_recipe", "tensorflow"],
        ["floor", "pytorch"],
        ["floor", "scikit_learn"],
    ]
    assert epoch.groups(["floor"]) == [["floor"]]
    assert epoch.groups(["floor", "keras"]) == [["floor", "keras"]]


def test_the_floors_gflops_are_two_operations_a_multiplication():
    rows = epoch.table_rows(2, [{"a": timings(floor=[2.0])}], 60_000)
    operations = 60_000 * 2 * 5 * 784 * 32  # two products forward, two for the kernels, one between
    assert rows[0]["gflops_per_second"] == round(operations / 2.0 / 1e9, 1)


def test_the_table_shows_seconds_and_multiples_and_the_last_loss_with_its_kind_where_that_is_another():
    numpy_process = {"a": timings(floor=[2.0], numpy=[3.0]), "c": timings(floor=[10.0], numpy=[11.0])}
    processes = [numpy_process, {"a": timings(floor=[2.0], scikit_learn=[5.0]), "c": timings(floor=[10.0])}]
    first, second = epoch.table(epoch.table_rows(1, processes, 100)).strip().split("\n\n")
    head, columns, floor, numpy, sklearn = first.splitlines()
    assert head == "784-32-784, threads: 1" and columns.startswith("CPU time")
    assert floor.split()[-2:] == ["2.00", "1.00"]
    assert numpy.split() == ["NumPy", "(aelib)", "3.00", "1.50", "0.2500"]
    assert sklearn.endswith("5.00      2.50  0.2500 (mean squared error)")
    assert [line.split()[-2:] for line in second.splitlines()[2:]] == [["10.00", "1.00"], ["1.10", "0.2500"]]


def test_the_whole_benchmark_is_recorded_by_default_and_a_part_only_under_a_name():
    assert epoch.parse([]).record == "epoch"
    assert epoch.parse(["--rounds", "1"]).record is None
    assert epoch.parse(["--rounds", "1", "--record", "quick"]).record == "quick"


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two"])
def test_a_number_that_is_not_positive_is_refused(value):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a positive integer. Received"):
        epoch.positive(value)


def test_the_command_runs_prints_and_records(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(record, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.setattr(threads, "installed", lambda module: module != "torch")
    command = "--architectures a --implementations numpy pytorch --rounds 3 --threads 1 --images 300 --record quick"
    epoch.main(command.split())
    output, progress = capfd.readouterr()
    assert "PyTorch, eager: left out, torch is not installed." in output
    assert progress.count("round 3 of 3") == 2 and "784-32-784, threads: 1" in output

    found = record.read_record("benchmarks/quick")
    assert found["command"] == f"python -m benchmarks.epoch {command}"
    assert found["packages"] == {"numpy": np.__version__}
    assert found["settings"]["images"] == 300 and found["settings"]["rounds"] == {"a": 3}
    results = found["results"]
    assert results["processor"] and results["left_out"]
    assert set(results["linear_algebra_threads"]["1"]) <= {1}
    assert [row["implementation"] for row in results["rows"]] == ["floor", "numpy"]
    for row in results["rows"]:
        assert len(row["seconds"]) == len(row["losses"]) == 3
        assert row["median"] == statistics.median(row["seconds"])
    floor, numpy = results["rows"]
    assert numpy["multiple_of_floor"] == round(numpy["median"] / floor["median"], 3)
    assert numpy["losses"][0] > numpy["final_loss"] == numpy["losses"][-1] and floor["final_loss"] is None


def test_the_records_name_all_modules_of_the_implementations():
    expected = ["numpy", "tensorflow", "sklearn", "keras"]
    assert epoch.modules(["floor", "keras", "scikit_learn"]) == expected


# ---------------------------------------------------------------------- the operations


@pytest.fixture
def small(monkeypatch):
    sizes = {"IMAGES": 50, "BATCH": 8, "PIXELS": 6, "UNITS": 5, "PARAMETERS": (40,), "LARGE": 64}
    for name, value in sizes.items():
        monkeypatch.setattr(operations, name, value)


def test_the_variants_of_an_operation_give_the_numbers_of_its_definition(small):
    rng = np.random.default_rng(0)  # as the operations draw
    z = rng.normal(size=(8, 6)).astype("float32")
    expected = {"sigmoid": 1 / (1 + np.exp(-z.astype("float64"))), "relu": z * (z > 0)}
    images = rng.random((50, 6), dtype="float32")
    expected["gather a batch"] = np.stack([images[row] for row in rng.permutation(50)[:8]])
    found = []
    for name, _, work, _ in operations.elementwise_operations():
        if name in expected:
            values = work()
            np.testing.assert_allclose(values, expected[name], atol=1e-6)
            values[:] = np.nan  # what the next variant writes over
            found.append(name)
    assert found == ["sigmoid"] * 2 + ["relu"] * 3 + ["gather a batch"] * 3


def test_the_plain_adam_is_aelibs(rng):
    w, g, m, v = rng.random(11), rng.normal(size=11), np.zeros(11), np.zeros(11)
    ours, optimizer = w.copy(), Adam(0.01)
    for t in range(1, 4):
        operations.adam_plain(w, g, m, v, 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t))
        optimizer.apply([g], [ours])
    np.testing.assert_allclose(w, ours, rtol=1e-12)


def test_every_operation_can_be_called_and_is_measured(small, monkeypatch):
    called = []
    monkeypatch.setattr(operations, "seconds", lambda work: (work(), called.append(work), 2e-9)[-1])
    rows = list(operations.rows())
    assert len(called) == len(rows) == len({(row["operation"], row["variant"]) for row in rows})
    values = {(row["operation"], row["variant"]): row["value"] for row in rows}
    assert values["sigmoid", "with tanh"] == pytest.approx(2.0 / (8 * 6))  # ns per element
    assert values["Adam, 40 weights", "plain"] == pytest.approx(2.0 / 40)
    assert values["matrix product, 5 units", "float32"] == pytest.approx(2 * 8 * 6 * 5 / 2.0)  # GFLOP/s
    assert values["copy, 64 MB", "read and written"] == pytest.approx(2 * 64 * 4 / 2.0)  # GB/s


def test_a_time_is_the_median_for_one_call(monkeypatch):
    ticks = iter([0.01, 0.03] + [2.0, 4.0, 60.0])  # one call is too short; then two calls a measurement
    monkeypatch.setattr(operations, "REPEATS", 3)
    monkeypatch.setattr(operations, "timed", lambda work, number: next(ticks))
    assert operations.seconds(None) == 2.0
