"""One process, one number of threads: every implementation in it trains an epoch in turn, round after round.

Not a command for people: `benchmarks.epoch` starts it for each library and each number of threads.
"""

import gc
import json
import sys

from aelib.datasets import load_mnist
from benchmarks import threads
from benchmarks.architectures import ARCHITECTURES, title
from benchmarks.implementations import IMPLEMENTATIONS


def time_in_turn(implementations, rounds, clock, say):
    """Let each implementation train one epoch in turn, `rounds` times, so that a drift of the machine meets all alike.

    Parameters
    ----------
    implementations : dict of str to Implementation
    rounds : int
    clock : callable
        Returns seconds.
    say : callable
        Called with a line of progress after each epoch.

    Returns
    -------
    dict of str to {"seconds": list of float, "losses": list of float or None}
        One number a round.
    """
    results = {name: {"seconds": [], "losses": []} for name in implementations}
    for number in range(1, rounds + 1):
        for name, implementation in implementations.items():
            gc.collect()  # none pays for what another left behind
            seconds, loss = implementation.timed_epoch(clock)
            results[name]["seconds"].append(round(seconds, 4))
            results[name]["losses"].append(loss)
            shown = "" if loss is None else f"   loss {loss:.4f}"
            say(f"round {number} of {rounds}  {implementation.label:<40} {seconds:8.2f} s{shown}")
    return results


def run(job, say):
    """Time the epochs of a job, one architecture after the other.

    Parameters
    ----------
    job : dict
        `threads`, `images`, `batch_size`; `implementations`, a list of names; `rounds`, a dict
        of an architecture's letter to a number.
    say : callable

    Returns
    -------
    dict
        Of an architecture's letter to what `time_in_turn` returns.
    """
    threads.fix_threads(job["threads"], {IMPLEMENTATIONS[name].module for name in job["implementations"]})
    clock = threads.clock_name(job["threads"])
    (images, _), _ = load_mnist(limit=job["images"])
    results = {}
    for letter, rounds in job["rounds"].items():
        units = ARCHITECTURES[letter]
        say(f"\n({letter}) {title(units)}, threads: {job['threads']}, {clock} time. Compiling …")
        names = [
            name
            for name in job["implementations"]
            if IMPLEMENTATIONS[name].only is None or letter in IMPLEMENTATIONS[name].only
        ]
        implementations = {name: IMPLEMENTATIONS[name](units, images, job["batch_size"]) for name in names}
        results[letter] = time_in_turn(implementations, rounds, threads.CLOCKS[clock], say)
    return {
        "linear_algebra_threads": threads.linear_algebra_threads(),
        "linear_algebra_kernels": threads.linear_algebra_kernels(),
        "timings": results,
    }


def main():
    result = run(json.loads(sys.argv[1]), lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
