"""The figures that chapters share. Each function takes arrays and returns its figure.

No function shows a figure or changes a global setting; a chapter sets the common look
once, with `plt.style.use("aelib.figures.style")`, and says in its own words what is to be seen.
"""

import matplotlib.pyplot as plt
import numpy as np

# Paul Tol's "muted" palette: ten digits that stay apart for colour-blind readers too.
DIGIT_COLORS = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933",
    "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777",
)  # fmt: skip


def plot_images(rows, row_titles=None, column_titles=None, title=None, cmap="gray", limits=(0.0, 1.0)):
    """Draw rows of small images, such as digits above their reconstructions.

    Parameters
    ----------
    rows : sequence of array_like, each of shape (n, pixels) or (n, height, width)
        Flat images must be square.
    row_titles, column_titles : sequence of str or None
        One for each row, one for each column.
    title : str or None
    cmap : str
        Matplotlib colour map.
    limits : (float, float)
        The values drawn with the two ends of the colour map.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = [as_squares(row) for row in rows]
    columns = max(len(row) for row in rows)
    size = min(0.9, 8.0 / columns)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(size * columns + 1.0, size * 1.15 * len(rows) + 0.4), squeeze=False
    )
    for i, j in np.ndindex(axes.shape):
        axis = axes[i, j]
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.spines[:].set_visible(False)
        if j < len(rows[i]):
            axis.imshow(rows[i][j], cmap=cmap, vmin=limits[0], vmax=limits[1])
        if j == 0 and row_titles is not None:
            axis.set_ylabel(row_titles[i], rotation=0, ha="right", va="center")
        if i == 0 and column_titles is not None and j < len(column_titles):
            axis.set_title(column_titles[j], fontsize=10)
    if title is not None:
        figure.suptitle(title)
    return figure


def as_squares(images):
    """Return flat images of shape (n, side²) as (n, side, side); others as they are."""
    images = np.asarray(images)
    if images.ndim == 3:
        return images
    side = int(round(np.sqrt(images.shape[1]))) if images.ndim == 2 else 0
    if images.ndim != 2 or side * side != images.shape[1]:
        raise ValueError(f"Expected images of shape (n, side²) or (n, height, width). Received: {images.shape}.")
    return images.reshape(-1, side, side)


def plot_history(histories, title="Loss while training", ylabel="loss"):
    """Draw the loss of one or several trainings over the epochs.

    Parameters
    ----------
    histories : dict of str to dict
        For each label, what `fit(...).history` holds: ``"loss"`` and perhaps ``"val_loss"``.
        Training is drawn dashed, validation solid.
    title, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axis = plt.subplots()
    for label, history in histories.items():
        epochs = np.arange(1, len(history["loss"]) + 1)
        (line,) = axis.plot(epochs, history["loss"], "--", label=f"{label}, training")
        if "val_loss" in history:
            axis.plot(epochs, history["val_loss"], color=line.get_color(), label=f"{label}, validation")
    axis.set(title=title, xlabel="epoch", ylabel=ylabel)
    axis.legend()
    return figure


def plot_weights(kernel, count=16, title=None):
    """Draw columns of a kernel as images, red for positive and blue for negative weights.

    Parameters
    ----------
    kernel : array_like, shape (side², units)
        One column a unit; each is scaled by its own largest weight.
    count : int
        How many units are drawn, from the first on, eight a row.
    title : str or None

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = np.asarray(kernel).T[:count]  # (count, pixels)
    scaled = columns / np.maximum(np.abs(columns).max(axis=1, keepdims=True), 1e-12)
    rows = [scaled[start : start + 8] for start in range(0, len(scaled), 8)]
    return plot_images(rows, title=title, cmap="RdBu_r", limits=(-1.0, 1.0))


def plot_codes(codes, labels, axis):
    """Draw two-dimensional codes as points, coloured and marked by digit.

    Parameters
    ----------
    codes : array_like, shape (n, 2)
    labels : array_like of int, shape (n,)
        Digits 0 to 9; each digit's name stands at the median of its codes.
    axis : matplotlib.axes.Axes
        Where to draw.
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    if codes.ndim != 2 or codes.shape[1] != 2 or labels.shape != codes.shape[:1]:
        raise ValueError(
            f"Expected codes of shape (n, 2) and labels of shape (n,). Received: {codes.shape} and {labels.shape}."
        )
    for digit in np.unique(labels):
        points = codes[labels == digit]
        axis.scatter(*points.T, s=3, color=DIGIT_COLORS[digit], alpha=0.5, linewidths=0)
    for digit in np.unique(labels):
        x, y = np.median(codes[labels == digit], axis=0)
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": DIGIT_COLORS[digit]}
        axis.text(x, y, str(digit), ha="center", va="center", fontsize=10, bbox=box)
    axis.set(xlabel="first code unit", ylabel="second code unit")


def plot_map_and_grid(codes, labels, decode, title, steps=15):
    """Draw an encoder's map beside a grid of what the decoder makes of the same plane.

    Parameters
    ----------
    codes : array_like, shape (n, 2)
        Codes of images.
    labels : array_like of int, shape (n,)
        Their digits.
    decode : callable
        From codes of shape (m, 2) to images of shape (m, side²).
    title : str
    steps : int
        Images along each side of the grid. It spans the middle 98 % of the codes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    codes = np.asarray(codes)
    low, high = np.percentile(codes, [1, 99], axis=0)
    across, up = np.linspace(low[0], high[0], steps), np.linspace(low[1], high[1], steps)
    plane = np.stack(np.meshgrid(across, up[::-1]), axis=-1).reshape(-1, 2)  # (steps², 2), top row first
    images = as_squares(np.asarray(decode(plane.astype("float32"))))
    side = images.shape[1]
    mosaic = images.reshape(steps, steps, side, side).transpose(0, 2, 1, 3).reshape(steps * side, -1)

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5))
    half = (high - low) / (steps - 1) / 2  # each image is centred on its code
    extent = (low[0] - half[0], high[0] + half[0], low[1] - half[1], high[1] + half[1])
    plot_codes(codes, labels, left)
    left.set(xlim=extent[:2], ylim=extent[2:], title="where the encoder puts digits")
    right.imshow(mosaic, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto")
    right.grid(False)
    right.set(xlabel="first code unit", ylabel="second code unit", title="what the decoder draws there")
    figure.suptitle(title)
    return figure
