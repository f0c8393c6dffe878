"""What the operations of a training step cost: nanoseconds per element, on one thread, in float32.

    python -m benchmarks.operations

times each operation at the size that the training of MNIST has, 256 images of 784 pixels,
in the variants one might write. The variants of one operation give the same numbers; they differ in
how often they go through memory, and in what they call.
"""

import os
import statistics
import sys
import time

import numpy as np

from aelib.nn.activations import Sigmoid
from aelib.nn.optimizers import Adam
from benchmarks import threads
from benchmarks.epoch import processor
from experiments.record import run_experiment

IMAGES, BATCH, PIXELS, UNITS = 60_000, 256, 784, 1000
PARAMETERS = (51_000, 2_840_000)  # of the smallest and of the largest network of the benchmark
LARGE = 16_000_000  # float32 numbers, 64 MB: more than the caches hold
REPEATS = 9
SECONDS = 0.02  # each measurement takes at least this long


def sigmoid_by_exp(z, out):
    """`1 / (1 + exp(-z))`, as it stands in the books."""
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    return np.divide(1.0, out, out=out)


def relu_by_where(z, out):
    out[:] = np.where(z > 0.0, z, np.float32(0.0))
    return out


def relu_by_mask(z, out):
    np.copyto(out, z)
    np.copyto(out, 0.0, where=z < 0.0)
    return out


def adam_plain(w, g, m, v, alpha):
    """The rule as it stands: every operation goes through all parameters, and makes an array."""
    m += 0.1 * (g - m)
    v += 0.001 * (np.square(g) - v)
    w -= alpha * m / (np.sqrt(v) + 1e-7)


def seconds(work):
    """The median time of one call of `work`, in seconds of the processor."""
    number = 1
    while timed(work, number) < SECONDS:
        number *= 2
    return statistics.median(timed(work, number) / number for _ in range(REPEATS))


def timed(work, number):
    start = time.process_time()
    for _ in range(number):
        work()
    return time.process_time() - start


def elementwise_operations():
    """Yield (operation, variant, what to call, elements), for what is counted in ns per element."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(BATCH, PIXELS)).astype("float32")
    out, sigmoid_by_tanh = np.empty_like(z), Sigmoid()  # aelib's
    yield "sigmoid", "with tanh", lambda: sigmoid_by_tanh(z, out), z.size
    yield "sigmoid", "with exp", lambda: sigmoid_by_exp(z, out), z.size
    yield "relu", "maximum", lambda: np.maximum(z, 0.0, out=out), z.size
    yield "relu", "where", lambda: relu_by_where(z, out), z.size
    yield "relu", "copy to a mask", lambda: relu_by_mask(z, out), z.size

    images = rng.random((IMAGES, PIXELS), dtype="float32")
    rows = rng.permutation(IMAGES)[:BATCH]
    # With mode="clip", `take` writes into `out` as it reads. By default it fills a copy first, so that a wrong number
    # leaves `out` as it was.
    yield "gather a batch", "take, clip", lambda: np.take(images, rows, axis=0, out=out, mode="clip"), out.size
    yield "gather a batch", "take", lambda: np.take(images, rows, axis=0, out=out), out.size
    yield "gather a batch", "images[rows]", lambda: images[rows], out.size

    for count in PARAMETERS:
        w, g, m, v = (rng.random(count, dtype="float32") for _ in range(4))
        operation = f"Adam, {count:,} weights"
        yield operation, "plain", lambda: adam_plain(w, g, m, v, 1e-6), count
        optimizer = Adam(1e-6)
        yield operation, "aelib, in blocks", lambda: optimizer.apply([g], [w]), count

    for size, text in ((BATCH * PIXELS, "a batch"), (LARGE, "64 MB")):
        a, b = np.zeros(size, "float32"), np.zeros(size, "float32")
        yield f"add, {text}", "in place", lambda: np.add(a, b, out=a), size
        yield f"add, {text}", "a new array", lambda: np.add(a, b), size


def other_operations():
    """Yield (operation, variant, what to call, amount, unit): the amount in floating-point operations or in bytes."""
    rng = np.random.default_rng(0)
    for units in (32, UNITS):
        for dtype in ("float32", "float64"):
            x, w = rng.random((BATCH, PIXELS)).astype(dtype), rng.random((PIXELS, units)).astype(dtype)
            out = np.empty((BATCH, units), dtype)
            name = f"matrix product, {units} units"
            yield name, dtype, lambda: np.matmul(x, w, out=out), 2 * out.size * PIXELS, "GFLOP/s"
    for size, text in ((BATCH * PIXELS, "a batch"), (LARGE, "64 MB")):
        a, b = np.zeros(size, "float32"), np.zeros(size, "float32")
        yield f"copy, {text}", "read and written", lambda: np.copyto(a, b), 2 * a.nbytes, "GB/s"


def rows():
    """Yield one dict for each line of the table, as soon as it is measured."""
    for operation, variant, work, elements in elementwise_operations():
        value = 1e9 * seconds(work) / elements
        yield {"operation": operation, "variant": variant, "value": value, "unit": "ns per element"}
    for operation, variant, work, amount, unit in other_operations():
        yield {"operation": operation, "variant": variant, "value": amount / seconds(work) / 1e9, "unit": unit}


def measure(save):
    results = {"processor": processor(), "linear_algebra_kernels": threads.linear_algebra_kernels(), "rows": []}
    for row in rows():
        row["value"] = round(row["value"], 3)
        results["rows"].append(row)
        print(f"{row['operation']:<28}{row['variant']:<24}{row['value']:>9.2f} {row['unit']}", flush=True)
    save(results)


if __name__ == "__main__":
    if threads.environment(1) != dict(os.environ):  # NumPy has been imported: begin again
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.operations"], threads.environment(1))
    run_experiment(measure)
