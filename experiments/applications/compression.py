"""Rate and distortion of image codecs, on handwritten digits and on photographs.

    python -m experiments.applications.compression

trains autoencoders for the objective R + λ D, from three seeds for each λ, and once more
with the straight-through estimator in place of noise; and, on digits, autoencoders that know of no
rounding and are rounded afterwards. Each is made into a codec whose tables come from the
training images, and the test images are coded once, into one file. Beside them stand PCA with the same
rounding, tables and coder, and JPEG and WebP of the same pixels. Architecture, learning
rate and the range of λ were chosen on images that are neither in the training nor in the test set.
"""

import io
from typing import NamedTuple

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA

from aelib.applications.compression import Codec, LogisticRate
from aelib.datasets import load_mnist, load_photographs
from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.reconstructions import as_bytes
from experiments.record import read_arrays, run_experiment, timed

SEEDS = (0, 1, 2)
KEPT_LAMBDAS = {"mnist": 8, "photographs": 300}  # the weights of their first seeds are kept for the chapter
ENCODER_SCALE = 4  # the first codes are spread over several whole numbers
OPENING_STEPS = 100  # their mean loss is recorded, to be compared with when they are run again

QUALITIES = {"JPEG": (1, 5, 10, 20, 35, 50, 70, 85), "WEBP": (0, 2, 5, 10, 20, 35, 50, 70)}


class Setup(NamedTuple):
    """What is the same in all trainings on one kind of images."""

    lambdas: tuple  # bits that one unit of squared error is worth, pixels being in [0, 1]
    straight_through: tuple  # the λ at which the two tricks are compared
    latent_dim: int
    hidden_units: tuple
    output: str | None
    epochs: int
    pca_steps: tuple
    batch_size: int = 64
    learning_rate: float = 3e-3


MNIST = Setup((2, 8, 30, 120), (8, 30), 32, (256, 128), "sigmoid", 10, (4, 3, 2, 1.4, 1, 0.7, 0.5, 0.35, 0.25))
MNIST_TRAIN = 20_000
SSIM_IMAGES = 1_000  # of the test digits, since structural similarity takes its time
PLAIN_STEPS = (8, 6, 4, 3, 2, 1, 0.5)  # in units of the mean deviation of its code, divided by 4

PHOTOGRAPHS = Setup((60, 300, 1500), (60, 300, 1500), 48, (256,), None, 2, (1.6, 1.1, 0.8, 0.5, 0.3, 0.2, 0.12))
TRAIN_PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
TEST_PHOTOGRAPHS = ("china", "flower")
PATCH = 8
STRIDE = 2  # between training patches, which overlap
SHIFT = 3  # rows and columns cut off the test photographs, which moves them off JPEG's old grid


# ------------------------------------------------------------------------------- training


def build(setup, inputs, seed):
    """An encoder with a linear code and its mirror image, the decoder."""
    _, encoder, decoder = dense_autoencoder(inputs, setup.hidden_units, setup.latent_dim, seed, output=setup.output)
    encoder.layers[-1].kernel *= ENCODER_SCALE
    return encoder, decoder


def loss_and_gradients(x, encoder, decoder, rate, lagrange, method, rng):
    """One pass for the objective R + λ D: bits and squared error, both per image, and all gradients."""
    n = len(x)
    y = encoder.forward(x, training=True)
    if method == "noise":
        y = y + rng.random(y.shape, dtype="float32") - np.float32(0.5)
    elif method == "straight-through":
        y = np.rint(y)  # and on the way back as if it had not been rounded
    bits = rate.forward(y).sum() / n
    difference = decoder.forward(y, training=True) - x
    error = float(np.square(difference).sum()) / n
    gradient = decoder.backward((2 * lagrange / n) * difference)
    if method != "plain":
        gradient = gradient + rate.backward()
    encoder.backward(gradient)
    return bits, error, [*encoder.gradients, *decoder.gradients, *rate.gradients]


def train(x, setup, lagrange, seed, method="noise", steps=None):
    """Train encoder, decoder and rate together.

    Returns
    -------
    encoder, decoder : Sequential
    losses : list of float
        `R + λ D` of each batch, before its step.
    """
    encoder, decoder = build(setup, x.shape[1], seed)
    rate = LogisticRate(setup.latent_dim)
    variables = [*encoder.trainable_variables, *decoder.trainable_variables, *rate.trainable_variables]
    if method == "plain":
        variables = variables[:-2]
    rng, optimizer = np.random.default_rng([seed, 1]), Adam(setup.learning_rate)
    batches = len(x) // setup.batch_size
    total, losses = setup.epochs * batches, []
    while len(losses) < (steps or total):
        if len(losses) % batches == 0:
            order = rng.permutation(len(x))
        start = len(losses) % batches * setup.batch_size
        optimizer.learning_rate = setup.learning_rate * (1 + np.cos(np.pi * len(losses) / total)) / 2
        batch = x[order[start : start + setup.batch_size]]
        bits, error, gradients = loss_and_gradients(batch, encoder, decoder, rate, lagrange, method, rng)
        optimizer.apply(gradients[: len(variables)], variables)
        losses.append(float((0 if method == "plain" else bits) + lagrange * error))
    return encoder, decoder, losses


# ------------------------------------------------------------------------------ measuring


def psnr(images, others):
    """Peak signal-to-noise ratio in decibels of pixels that are bytes, over all images together."""
    return float(10 * np.log10(255**2 / np.mean(np.square(images.astype("float64") - others))))


def ssim(images, others):
    """Mean structural similarity of images of bytes, shape (n, height, width), by TensorFlow."""
    import aelib.models

    import tensorflow as tf

    pairs = [np.asarray(a, "float32")[..., None] for a in (images, others)]
    return float(np.mean(tf.image.ssim(*pairs, max_val=255.0)))


def mosaic(tiles, columns):
    """Tiles, shape (n, height, width), as one picture with some columns of them."""
    n, height, width = tiles.shape
    return tiles.reshape(-1, columns, height, width).swapaxes(1, 2).reshape(n // columns * height, columns * width)


def tiles_of(picture, height, width):
    """A picture cut into tiles, shape (n, height, width): `mosaic` undone."""
    columns = picture.shape[1] // width
    return picture.reshape(-1, height, columns, width).swapaxes(1, 2).reshape(-1, height, width)


def file_of(picture, kind, **options):
    """The bytes of a grey picture in one of Pillow's formats."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def picture_of(file):
    """The grey picture in a file's bytes."""
    return np.array(Image.open(io.BytesIO(file)).convert("L"))


def measure(files, images, others):
    """One point of a curve: bits per pixel, PSNR and SSIM of lists of pictures, shape (n, height, width) each."""
    return {
        "bits_per_pixel": 8 * sum(map(len, files)) / sum(a.size for a in images),
        "psnr": psnr(*(np.concatenate([a.ravel() for a in pictures]) for pictures in (images, others))),
        "ssim": float(np.mean([ssim(a[:SSIM_IMAGES], b[:SSIM_IMAGES]) for a, b in zip(images, others)])),
    }


class Digits:
    """The test digits as a codec sees them, all in one file."""

    def __init__(self):
        (x, _), (self.rows, _) = load_mnist()
        self.train = x[:MNIST_TRAIN]
        self.images = as_bytes(self.rows).reshape(-1, 28, 28)

    def measure_codec(self, codec):
        file = codec.compress(self.rows)
        decoded = as_bytes(codec.decompress(file)).reshape(-1, 28, 28)
        return measure([file], [self.images], [decoded])

    def measure_format(self, kind, quality):
        """All digits as one mosaic picture."""
        file = file_of(mosaic(self.images, 100), kind, quality=quality)
        return measure([file], [self.images], [tiles_of(picture_of(file), 28, 28)])


class Patches:
    """Photographs cut into patches; a test photograph is one file, and is measured as one picture."""

    def __init__(self):
        train = load_photographs(TRAIN_PHOTOGRAPHS).values()
        self.train_pictures = [cropped(a) for a in train]
        windows = [np.lib.stride_tricks.sliding_window_view(a, (PATCH, PATCH))[::STRIDE, ::STRIDE] for a in train]
        x = np.concatenate([w.reshape(-1, PATCH**2) for w in windows])
        self.mean = np.float32(x.mean() / 255)
        self.train = np.divide(x, 255, dtype="float32") - self.mean
        self.pictures = [cropped(a) for a in load_photographs(TEST_PHOTOGRAPHS).values()]

    def rows(self, picture):
        tiles = tiles_of(picture, PATCH, PATCH)
        return np.divide(tiles.reshape(len(tiles), -1), 255, dtype="float32") - self.mean

    def picture(self, rows, width):
        return mosaic(as_bytes(rows + self.mean).reshape(-1, PATCH, PATCH), width // PATCH)

    def measure_codec(self, codec):
        """The point of the test photographs, and beside it that of the training photographs."""
        points = []
        for pictures in (self.pictures, self.train_pictures):
            files = [codec.compress(self.rows(a)) for a in pictures]
            decoded = [self.picture(codec.decompress(file), a.shape[1]) for file, a in zip(files, pictures)]
            points.append(measure(files, [a[None] for a in pictures], [a[None] for a in decoded]))
        return {**points[0], "training": points[1]}

    def measure_format(self, kind, quality):
        files = [file_of(a, kind, quality=quality) for a in self.pictures]
        return measure(files, [a[None] for a in self.pictures], [picture_of(file)[None] for file in files])


def cropped(picture):
    """A photograph without its first rows and columns, and with sides that patches fill."""
    picture = picture[SHIFT:, SHIFT:]
    height, width = (side // PATCH * PATCH for side in picture.shape)
    return picture[:height, :width]


def codec_of(encoder, decoder, train, step=1.0):
    """A codec of two networks, its tables from the training images."""
    predict = [lambda rows, network=network: network.predict(rows, batch_size=1000) for network in (encoder, decoder)]
    return Codec(*predict, step, decoder.get_weights()).fit(train)


def pca_codec(pca, train, step):
    """The same with PCA in place of the networks."""
    weights = (pca.components_, pca.mean_)
    return Codec(pca.transform, lambda codes: pca.inverse_transform(codes), step, weights).fit(train)


# --------------------------------------------------------------------------------- running


@timed
def run(data, setup, lagrange, seed, method):
    """Train one codec and measure it once; return its entry and its networks."""
    encoder, decoder, losses = train(data.train, setup, lagrange, seed, method)
    codec = codec_of(encoder, decoder, data.train)
    entry = {"method": method, "lambda": lagrange, "seed": seed, **data.measure_codec(codec)}
    pixels = data.train.shape[1]
    squared_error = pixels * 10 ** (-entry["psnr"] / 10)  # of an image, or of a patch
    entry["objective"] = pixels * entry["bits_per_pixel"] + lagrange * squared_error
    entry["units_in_use"] = int((codec.prior.entropies() > 0.05).sum())
    entry["opening_loss"] = float(np.mean(losses[:OPENING_STEPS]))
    return entry, encoder, decoder


def curves(data, setup, kept_lambda):
    """Every curve of one kind of images, and the networks whose weights are kept."""
    runs, kept = [], None
    for method, lambdas in (("noise", setup.lambdas), ("straight-through", setup.straight_through)):
        for lagrange in lambdas:
            for seed in SEEDS:
                entry, *networks = run(data, setup, lagrange, seed, method)
                runs.append(entry)
                if (method, lagrange, seed) == ("noise", kept_lambda, SEEDS[0]):
                    kept = [w for network in networks for w in network.get_weights()]
    pca = PCA(min(256, data.train.shape[1]), random_state=0).fit(data.train.astype("float64"))
    results = {"runs": runs}
    results["PCA"] = [
        {"step": step, **data.measure_codec(pca_codec(pca, data.train, step))} for step in setup.pca_steps
    ]
    for kind, qualities in QUALITIES.items():
        results[kind] = [{"quality": quality, **data.measure_format(kind, quality)} for quality in qualities]
    return results, kept


def afterwards(data, setup):
    """Autoencoders trained without any rounding, whose codes are then rounded with several steps."""
    results = []
    for seed in SEEDS:
        encoder, decoder, _ = train(data.train, setup, 1.0, seed, "plain")
        deviation = float(encoder.predict(data.train, 1000).std(axis=0).mean())
        for step in PLAIN_STEPS:
            codec = codec_of(encoder, decoder, data.train, step * deviation / 4)
            results.append({"seed": seed, "step": step, **data.measure_codec(codec)})
            print(results[-1], flush=True)
    return results


def kept_networks(name, setup, inputs):
    """The encoder and decoder whose weights are kept, of "mnist" or "photographs"."""
    encoder, decoder = build(setup, inputs, seed=0)
    weights = [array for key, array in read_arrays("applications/compression").items() if key.startswith(name)]
    count = len(encoder.get_weights())
    encoder.set_weights(weights[:count])
    decoder.set_weights(weights[count:])
    return encoder, decoder


def measure_all(save):
    digits = Digits()
    mnist, digits_weights = curves(digits, MNIST, KEPT_LAMBDAS["mnist"])
    mnist["afterwards"] = afterwards(digits, MNIST)
    photographs, patches_weights = curves(Patches(), PHOTOGRAPHS, KEPT_LAMBDAS["photographs"])
    kept = {"mnist": digits_weights, "photographs": patches_weights}  # encoder and decoder of each in one list
    weights = {f"{name}_{i}": w for name, network in kept.items() for i, w in enumerate(network)}
    save({"mnist": mnist, "photographs": photographs}, **weights)


if __name__ == "__main__":
    run_experiment(measure_all)
