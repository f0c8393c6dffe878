"""Figures show what they are given, and touch nothing that is global."""

import numpy as np
import pytest


@pytest.fixture
def plots(agg):
    from aelib.figures import plots

    before = dict(agg.rcParams)
    yield plots
    assert dict(agg.rcParams) == before


@pytest.fixture
def labels():
    return np.arange(40) % 10


@pytest.fixture
def codes(rng, labels):
    return rng.normal(size=(40, 2)) + labels[:, None]


def images_of(figure):
    return [np.asarray(axis.images[0].get_array()) for axis in figure.axes if axis.images]


def test_no_figure_is_shown(plots, agg, monkeypatch, codes, labels):
    monkeypatch.setattr(agg, "show", lambda *a, **k: pytest.fail("plt.show() was called"))
    plots.plot_images([np.zeros((2, 4))])
    plots.plot_history({"a": {"loss": [1.0]}})
    plots.plot_weights(np.ones((4, 2)))
    plots.plot_map_and_grid(codes, labels, lambda z: np.zeros((len(z), 4)), "map")


def test_images_are_drawn_row_by_row(plots, rng):
    above, below = rng.random((3, 16)), rng.random((3, 4, 4))
    figure = plots.plot_images([above, below], ["in", "out"], ["a", "b", "c"], title="digits")
    assert figure.get_suptitle() == "digits" and len(figure.axes) == 6
    np.testing.assert_array_equal(images_of(figure), [*above.reshape(3, 4, 4), *below])
    assert [axis.get_ylabel() for axis in figure.axes[::3]] == ["in", "out"]
    assert [axis.get_title() for axis in figure.axes[:3]] == ["a", "b", "c"]
    assert all(axis.images[0].get_clim() == (0.0, 1.0) for axis in figure.axes)


def test_rows_may_differ_in_length(plots):
    figure = plots.plot_images([np.zeros((3, 4)), np.zeros((1, 4))])
    assert len(figure.axes) == 6 and len(images_of(figure)) == 4


def test_limits_and_colours_can_be_chosen(plots):
    image = plots.plot_images([np.zeros((1, 4))], cmap="RdBu_r", limits=(-2, 2)).axes[0].images[0]
    assert image.get_clim() == (-2, 2) and image.get_cmap().name == "RdBu_r"


@pytest.mark.parametrize("shape", [(3, 5), (4,), (2, 2, 2, 2), ()])
def test_images_that_are_not_square_are_an_error(plots, shape):
    with pytest.raises(ValueError, match=r"images of shape \(n, side²\) or \(n, height, width\). Received: \("):
        plots.plot_images([np.zeros(shape)])


def test_flat_images_become_squares_and_others_stay(plots, rng):
    flat, tall = rng.random((2, 9)), rng.random((2, 3, 5))
    np.testing.assert_array_equal(plots.as_squares(flat)[1, 2], flat[1, 6:])
    assert plots.as_squares(tall).shape == (2, 3, 5)


def test_history_is_drawn_over_the_epochs_from_1(plots):
    figure = plots.plot_history({"net": {"loss": [3.0, 2.0], "val_loss": [4.0, 3.0]}}, "Two epochs", "bits")
    (axis,) = figure.axes
    assert (axis.get_title(), axis.get_xlabel(), axis.get_ylabel()) == ("Two epochs", "epoch", "bits")
    training, validation = axis.lines
    assert training.get_xdata().tolist() == validation.get_xdata().tolist() == [1, 2]
    assert list(training.get_ydata()) == [3.0, 2.0] and list(validation.get_ydata()) == [4.0, 3.0]
    assert training.get_linestyle() == "--" and validation.get_linestyle() == "-"
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["net, training", "net, validation"]


def test_every_history_is_drawn_however_many_there_are(plots):
    """None may be dropped because the colours ran out; without validation each is one line."""
    figure = plots.plot_history({f"net {i}": {"loss": [1.0, i]} for i in range(12)})
    assert len(figure.axes[0].lines) == 12


def test_weights_are_columns_scaled_by_their_largest(plots, rng):
    kernel = rng.normal(size=(9, 20))
    drawn = images_of(plots.plot_weights(kernel, title="weights"))
    assert len(drawn) == 16
    for image, column in zip(drawn, kernel.T):
        np.testing.assert_allclose(image.ravel(), column / np.abs(column).max())
    assert len(images_of(plots.plot_weights(kernel, count=3))) == 3


def test_a_unit_without_weights_is_blank(plots):
    assert not images_of(plots.plot_weights(np.zeros((4, 1))))[0].any()


def test_every_code_is_a_point_and_every_digit_a_name(plots, agg, codes, labels):
    _, axis = agg.subplots()
    plots.plot_codes(codes, labels, axis)
    drawn = np.concatenate([points.get_offsets() for points in axis.collections])
    assert sorted(map(tuple, drawn.tolist())) == sorted(map(tuple, codes.tolist()))
    assert [text.get_text() for text in axis.texts] == list("0123456789")
    np.testing.assert_allclose(axis.texts[3].get_position(), np.median(codes[labels == 3], axis=0))
    assert axis.get_xlabel() and axis.get_ylabel()


@pytest.mark.parametrize("shape, count", [((40, 3), 40), ((40, 1), 40), ((40,), 40), ((40, 2), 3)])
def test_codes_of_another_shape_or_number_are_an_error(plots, agg, shape, count):
    with pytest.raises(ValueError, match="Expected codes of shape .*Received"):
        plots.plot_codes(np.zeros(shape), np.zeros(count, int), agg.subplots()[1])


def test_digits_have_ten_different_colours(plots):
    assert len(set(plots.DIGIT_COLORS)) == 10


def test_map_and_grid_lie_on_the_same_axes(plots, codes, labels):
    figure = plots.plot_map_and_grid(codes, labels, lambda z: np.zeros((len(z), 9)), "the plane", steps=4)
    left, right = figure.axes
    assert figure.get_suptitle() == "the plane" and left.get_title() and right.get_title()
    assert left.get_xlim() == pytest.approx(right.get_xlim()) and left.get_ylim() == pytest.approx(right.get_ylim())
    assert images_of(figure)[0].shape == (12, 12)


def test_the_grid_shows_what_the_decoder_makes_of_its_place(plots, codes, labels):
    """A decoder that paints the first code unit: the picture grows from left to right.

    And one that paints the second: it grows from the bottom to the top.
    """
    for unit in (0, 1):
        seen = []

        def decode(z):
            seen.append(z)
            return np.repeat(z[:, unit : unit + 1], 4, axis=1)

        mosaic = images_of(plots.plot_map_and_grid(codes, labels, decode, "t", steps=5))[0]
        (plane,) = seen
        assert plane.shape == (25, 2) and plane.dtype == "float32"
        low, high = np.percentile(codes[:, unit], [1, 99])
        expected = np.repeat(np.linspace(low, high, 5), 2)
        np.testing.assert_allclose(mosaic[0] if unit == 0 else mosaic[::-1, 0], expected, rtol=1e-5)


def test_each_image_of_the_grid_is_centred_on_its_code(plots, codes, labels):
    """With 3 x 3 images, the middle of the left column must lie at the first code, not beside it."""
    seen = []
    figure = plots.plot_map_and_grid(codes, labels, lambda z: seen.append(z) or np.zeros((len(z), 4)), "t", steps=3)
    left, right, bottom, top = figure.axes[1].images[0].get_extent()
    across, up = np.unique(seen[0][:, 0]), np.unique(seen[0][:, 1])
    centres = (np.arange(3) + 0.5) / 3
    np.testing.assert_allclose(left + (right - left) * centres, across, rtol=1e-4)
    np.testing.assert_allclose(bottom + (top - bottom) * centres, up, rtol=1e-4)


def test_the_style_is_found_and_its_colours_differ(agg):
    with agg.style.context("aelib.figures.style"):
        colours = agg.rcParams["axes.prop_cycle"].by_key()["color"]
        assert len(set(colours)) == len(colours) == 7
