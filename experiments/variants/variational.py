"""Variational autoencoders on binary MNIST: what they generate, when their codes collapse, and what a repair buys.

    python -m experiments.variants.variational

trains, from several seeds, variational and plain autoencoders of one size and compares
the images that they generate; and variational ones with more units than they use, with
the divergence charged in different ways. All are trained on the same images, for as long,
and no setting was chosen by the test images, which only the final measurements see.
"""

import time

from aelib.models import dense_autoencoder, shuffled_batches, variational_autoencoder

import keras
import numpy as np
from sklearn.decomposition import PCA

from aelib.datasets import load_mnist
from aelib.metrics import active_units, kl_per_unit
from experiments.record import run_experiment
from experiments.sample_evaluator import SAMPLES, SampleEvaluator, binary

TRAIN_IMAGES = 20_000
BATCH_SIZE = 125  # divides TRAIN_IMAGES, so that all batches are of one size
EPOCHS = 8
LEARNING_RATE = 1e-2

HIDDEN_UNITS, ACTIVATION = (128,), "silu"  # of the networks that generate images
LATENT_DIMS = (16, 50)
SEEDS = (0, 1, 2, 3, 4)

COLLAPSE_SEEDS = (0, 1, 2)
COLLAPSE_LATENT_DIM = 50
DEEP, SHALLOW = ((128, 64), "relu"), ((128,), "silu")
RECIPES = [  # annealed: over how many epochs beta rises from 0
    {"network": name, "beta": 1.0, "free_bits": free_bits, "annealed": annealed}
    for name in ("deep", "shallow")
    for free_bits, annealed in ((0.0, 0), (0.0, 4), (0.25, 0))
]


def load_binary():
    """MNIST with every pixel black or white: `(x_train, y_train), (x_val, y_val), (x_test, y_test)`."""
    (x, y), test = load_mnist()
    parts = (x[:TRAIN_IMAGES], y[:TRAIN_IMAGES]), (x[-10_000:], y[-10_000:]), test
    return tuple(((images > 0.5).astype("float32"), labels) for images, labels in parts)


def compile_for_speed(network, **settings):
    """Compile with Adam and a learning rate that falls along a cosine to 0."""
    steps = TRAIN_IMAGES // BATCH_SIZE
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, EPOCHS * steps)
    optimizer = keras.optimizers.Adam(rate)
    network.compile(optimizer, jit_compile=True, steps_per_execution=steps, **settings)
    return network


def begin_anew(compiled, fresh):
    """Give a compiled network the weights of a fresh one, and its optimizer no past."""
    compiled.set_weights(fresh.get_weights())
    for variable in compiled.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    if hasattr(fresh, "sampling"):
        compiled.sampling.seed_generator.state.assign(fresh.sampling.seed_generator.state)


def fit(compiled, x_train, epochs=EPOCHS, callbacks=None):
    """Train; return the history."""
    batches = shuffled_batches(x_train, BATCH_SIZE)
    return compiled.fit(batches, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks).history


def annealing(vae, epochs):
    """Let beta rise from 0 to 1 over some epochs."""
    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(vae, "beta", min(1, epoch / epochs))
    )


# --------------------------------------------------------------- generation


def build_vae(latent_dim, seed):
    """The variational autoencoder that generates images, with fresh weights."""
    keras.utils.set_random_seed(seed)
    return variational_autoencoder(784, HIDDEN_UNITS, latent_dim, ACTIVATION, seed=seed)


def build_plain(latent_dim, seed):
    """The plain autoencoder of the same sizes."""
    keras.utils.set_random_seed(seed)
    return dense_autoencoder(784, HIDDEN_UNITS, latent_dim, ACTIVATION)[0]


def fitted_gaussian(codes, rng):
    """Draws from a normal distribution with the mean and covariance of codes."""
    codes = np.asarray(codes, dtype="float64")
    return rng.multivariate_normal(codes.mean(axis=0), np.cov(codes.T), SAMPLES).astype("float32")


def standard_gaussian(latent_dim, rng):
    """Draws from N(0, I)."""
    return rng.normal(size=(SAMPLES, latent_dim)).astype("float32")


def train_classifier(x_train, y_train):
    """Train a small classifier; return its weights. It never meets a generated image."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input((784,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10)]
    classifier = compile_for_speed(
        keras.Sequential(layers), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    classifier.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
    return [w.astype("float16") for w in classifier.get_weights()]


def generated(vae, plain, x_train, seed):
    """The images that each way of generating them gives, binary: a dict of (SAMPLES, 784) arrays."""
    encoder, decoder = plain.layers
    rng = np.random.default_rng(seed)
    pca = PCA(vae.latent_dim, random_state=0).fit(x_train.astype("float64"))
    images = {
        "PCA, fitted normal": pca.inverse_transform(fitted_gaussian(pca.transform(x_train), rng)),
        "plain, N(0, I)": decoder(standard_gaussian(vae.latent_dim, rng)),
        "plain, fitted normal": decoder(fitted_gaussian(encoder(x_train), rng)),
        "variational, N(0, I)": vae.generate(standard_gaussian(vae.latent_dim, rng)),
    }
    return {name: binary(x) for name, x in images.items()}


def midpoints(vae, plain, x, y, seed):
    """Halfway between images of two digits, in the plain code and in the variational one, binary."""
    encoder, decoder = plain.layers
    rng = np.random.default_rng(seed)
    a, b = rng.integers(len(x), size=(2, 2 * SAMPLES))
    a, b = (pair[y[a] != y[b]][:SAMPLES] for pair in (a, b))
    codes, means = np.asarray(encoder(x)), np.asarray(vae.encoder(x)[0])
    images = {
        "midpoints, plain code": decoder((codes[a] + codes[b]) / 2),
        "midpoints, variational code": vae.generate((means[a] + means[b]) / 2),
    }
    return {name: binary(x) for name, x in images.items()}


def train_pair(vae, plain, seed, x_train):
    """Train a compiled variational and a compiled plain autoencoder from fresh weights."""
    latent_dim = vae.latent_dim
    begin_anew(vae, build_vae(latent_dim, seed))
    begin_anew(plain, build_plain(latent_dim, seed))
    vae.beta = 1.0
    fit(vae, x_train)
    fit(plain, x_train)


def compile_pair(latent_dim):
    """A variational and a plain autoencoder of the same sizes, compiled."""
    vae = compile_for_speed(build_vae(latent_dim, SEEDS[0]))
    return vae, compile_for_speed(build_plain(latent_dim, SEEDS[0]), loss="binary_crossentropy")


def compare_generation(data, weights):
    """Train both kinds from each seed and evaluate the images that they generate."""
    (x_train, _), _, (x_test, y_test) = data
    evaluator = SampleEvaluator(weights, x_test[:SAMPLES])
    runs = []
    for latent_dim in LATENT_DIMS:
        vae, plain = compile_pair(latent_dim)
        for seed in SEEDS:
            train_pair(vae, plain, seed, x_train)
            terms = vae.evaluate(x_test, batch_size=1000, verbose=0, return_dict=True)
            images = {**generated(vae, plain, x_train, seed), **midpoints(vae, plain, x_test, y_test, seed)}
            images["reconstructions, plain"] = binary(plain(x_test[-SAMPLES:]))
            images["reconstructions, variational"] = binary(vae.reconstruct(x_test[-SAMPLES:]))
            quality = {name: evaluator(x) for name, x in images.items()}
            bound = {k: float(vae.importance_weighted_bound(x_test[:500], k).mean()) for k in (1, 10, 100)}
            runs.append({"latent_dim": latent_dim, "seed": seed, **terms, "bound": bound, "quality": quality})
            print(runs[-1], f"{time.process_time():.0f} s", flush=True)
    return {"runs": runs, "real": evaluator(x_test[-SAMPLES:])}


# ------------------------------------------------------------------- collapse


def build_wide(network, free_bits, seed):
    """A variational autoencoder with more units than it uses."""
    hidden_units, activation = {"deep": DEEP, "shallow": SHALLOW}[network]
    keras.utils.set_random_seed(seed)
    return variational_autoencoder(784, hidden_units, COLLAPSE_LATENT_DIM, activation, free_bits=free_bits, seed=seed)


def compare_recipes(data):
    """Train by each recipe from each seed; return the terms of the bound and the divergence of each unit."""
    (x_train, _), _, (x_test, _) = data
    compiled, rows = {}, []
    for recipe in RECIPES:
        key = recipe["network"], recipe["free_bits"]
        if key not in compiled:
            compiled[key] = compile_for_speed(build_wide(*key, seed=0))
        vae = compiled[key]
        for seed in COLLAPSE_SEEDS:
            begin_anew(vae, build_wide(*key, seed=seed))
            vae.beta = recipe["beta"]
            fit(vae, x_train, callbacks=[annealing(vae, recipe["annealed"])] if recipe["annealed"] else None)
            z_mean, z_log_var = map(np.asarray, vae.encoder(x_test))
            rows.append(
                {
                    **recipe,
                    "seed": seed,
                    **vae.evaluate(x_test, batch_size=1000, verbose=0, return_dict=True),
                    "active": int(active_units(z_mean).sum()),
                    "kl_per_unit": kl_per_unit(z_mean, z_log_var).mean(axis=0).round(4).tolist(),
                }
            )
            print({k: v for k, v in rows[-1].items() if k != "kl_per_unit"}, f"{time.process_time():.0f} s", flush=True)
    return rows


def measure(save):
    data = load_binary()
    weights = train_classifier(*data[0])
    named = dict(zip(("kernel_1", "bias_1", "kernel_2", "bias_2"), weights))
    save({"generation": compare_generation(data, weights), "collapse": compare_recipes(data)}, **named)


if __name__ == "__main__":
    run_experiment(measure)
