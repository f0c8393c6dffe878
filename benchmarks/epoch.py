"""How long does one epoch take, in NumPy and in the frameworks, as a multiple of its matrix products?

    python -m benchmarks.epoch

trains autoencoders of three sizes on the 60,000 images of MNIST, in batches of 256, with Adam,
in float32, with relu in the hidden layers and the binary cross-entropy of a sigmoid output: on
one thread, in CPU time, and on two threads, in wall time. The floor is the matrix products
of an epoch alone, in NumPy. Each library has a process of its own, in which its implementations and the
floor take turns; compared are the medians, as multiples of the floor beside them. What is timed
is an epoch within a training; what a call of `fit` prepares before its first epoch is not.
An implementation that is not installed is left out. Options run a part of it, which makes no record
unless `--record` names one. All of it takes about a quarter of an hour on two quiet cores.
"""

import argparse
import itertools
import operator
import os
import pathlib
import platform
import statistics
import sys
import time

from benchmarks import threads
from benchmarks.architectures import ARCHITECTURES, multiplications, title
from benchmarks.implementations import IMPLEMENTATIONS, Implementation
from experiments.record import settings_of, write_record

BATCH_SIZE = 256
IMAGES = 60_000
ROUNDS = {"a": 5, "b": 5, "c": 3}
THREADS = (1, 2)
PROTOCOL = {  # for the record's readers
    "dtype": "float32",
    "optimizer": "adam",
    "timed": "an epoch within a training, without what a call of fit prepares before its first epoch",
    "processes": "one for each library; a multiple is of the floor in the same process",
    "clock": "CPU time counts all threads of the process, TensorFlow's input pipeline among them",
}


def parse(arguments=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive, help="epochs timed of each implementation")
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES))
    parser.add_argument(
        "--implementations", nargs="+", choices=IMPLEMENTATIONS, default=list(IMPLEMENTATIONS), help="beside the floor"
    )
    parser.add_argument("--threads", nargs="+", type=positive, default=list(THREADS))
    parser.add_argument("--images", type=positive, default=IMAGES, help="train on the first ones only")
    parser.add_argument("--record", metavar="NAME", help="write benchmarks/results/NAME.json")
    options = parser.parse_args(arguments)
    whole = parser.parse_args([])
    whole.record = options.record
    if options == whole and options.record is None:
        options.record = "epoch"
    return options


def positive(text):
    """Return a positive integer, or say that it is none."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer. Received: {text!r}.")
    return int(text)


def split_installed(names):
    """Return the names of the implementations that are installed, the floor first, and of those that are not."""
    names = ["floor", *(name for name in IMPLEMENTATIONS if name in names and name != "floor")]
    missing = [name for name in names if not threads.installed(IMPLEMENTATIONS[name].module)]
    return [name for name in names if name not in missing], missing


def groups(names):
    """Divide implementations by their library, and put the floor in front of each group.

    Beside TensorFlow or PyTorch in one process, the same epoch in NumPy takes some percent
    longer; nobody's training should pay for what another library has loaded.
    """
    others = [name for name in names if name != "floor"]
    libraries = dict.fromkeys(IMPLEMENTATIONS[name].module for name in others)
    grouped = [[name for name in others if IMPLEMENTATIONS[name].module == library] for library in libraries]
    return [["floor", *group] for group in grouped or [[]]]


def table_rows(count, processes, images):
    """One dict for each implementation and architecture, from what was measured with a number of threads.

    Parameters
    ----------
    count : int
        Threads.
    processes : list of dict
        Of each process, what `time_in_turn` returned, by the architecture's letter.
    images : int

    Returns
    -------
    list of dict
        An implementation is compared with the floor of its own process. The floor's row takes all of them together.
    """
    rows = []
    for letter in processes[0]:
        timings = [process[letter] for process in processes]
        seconds = [second for timing in timings for second in timing["floor"]["seconds"]]
        floor = table_row(count, letter, "floor", {"seconds": seconds, "losses": [None] * len(seconds)}, seconds)
        products = 2 * multiplications(ARCHITECTURES[letter], images)
        floor["gflops_per_second"] = round(products / floor["median"] / 1e9, 1)
        rows.append(floor)
        for timing in timings:
            beside = timing["floor"]["seconds"]
            rows += [table_row(count, letter, name, timing[name], beside) for name in timing if name != "floor"]
    return rows


def table_row(count, letter, name, measured, floor_seconds):
    """What the record holds of one implementation: `measured` is its part of what `time_in_turn` returned."""
    median = statistics.median(measured["seconds"])
    return {
        "threads": count,
        "clock": threads.clock_name(count),
        "architecture": title(ARCHITECTURES[letter]),
        "implementation": name,
        "label": IMPLEMENTATIONS[name].label,
        "seconds": measured["seconds"],
        "median": median,
        "multiple_of_floor": round(median / statistics.median(floor_seconds), 3),
        "loss": IMPLEMENTATIONS[name].loss,
        "losses": measured["losses"],
        "final_loss": measured["losses"][-1],
    }


def table(rows):
    """The rows as text, grouped by threads and architecture. The last losses show that all learn the same."""
    lines = []
    for (count, clock, architecture), group in itertools.groupby(
        rows, key=operator.itemgetter("threads", "clock", "architecture")
    ):
        lines.append(f"\n{architecture}, threads: {count}")
        lines.append(f"{clock + ' time of an epoch, median':<40}{'seconds':>10}{'multiple':>10}  last loss")
        for row in group:
            kind = "" if row["loss"] in (None, Implementation.loss) else f" ({row['loss']})"
            loss = "" if row["loss"] is None else f"{row['final_loss']:.4f}{kind}"
            lines.append(f"{row['label']:<40}{row['median']:10.2f}{row['multiple_of_floor']:10.2f}  {loss}")
    return "\n".join(lines)


def processor():
    """The processor's name, where the system tells it."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def modules(names):
    """The modules whose versions belong into the record."""
    needed = dict.fromkeys(["numpy", *(IMPLEMENTATIONS[name].module for name in names)])
    return [*needed, "keras"] if "tensorflow" in needed else [*needed]


def main(arguments=None):
    start = time.perf_counter()
    options = parse(arguments)
    names, missing = split_installed(options.implementations)
    left_out = [
        f"{IMPLEMENTATIONS[name].label}: left out, {IMPLEMENTATIONS[name].module} is not installed." for name in missing
    ]
    for line in left_out:
        print(line)
    rounds = {letter: options.rounds or ROUNDS[letter] for letter in options.architectures}
    job = {"images": options.images, "batch_size": BATCH_SIZE, "implementations": names, "rounds": rounds}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if load is not None and load > 0.5:
        print(f"The machine is busy (load {load:.1f}): wall times will say more of that than of the implementations.")
    rows, algebra, kernels = [], {}, set()
    for count in options.threads:
        jobs = [{**job, "threads": count, "implementations": group} for group in groups(names)]
        results = [threads.run_module("benchmarks.timing", count, each) for each in jobs]
        algebra[count] = sorted({number for result in results for number in result["linear_algebra_threads"]})
        kernels.update(kernel for result in results for kernel in result["linear_algebra_kernels"])
        rows += table_rows(count, [result["timings"] for result in results], options.images)
    print(table(rows) + "\n")
    notes = {name: IMPLEMENTATIONS[name].note for name in names if IMPLEMENTATIONS[name].note}
    for name, note in notes.items():
        print(f"{IMPLEMENTATIONS[name].label}: {note}.")
    minutes = (time.perf_counter() - start) / 60
    print(f"\nAll of it took {minutes:.1f} minutes.")
    if options.record is None:
        print("Only a part was run: no record is written.")
        return
    settings = settings_of(sys.modules[__name__]) | job | {"threads": options.threads}
    results = {
        "processor": processor(),
        "load_before": load,
        "linear_algebra_threads": algebra,
        "linear_algebra_kernels": sorted(kernels),
        "left_out": left_out,
        "notes": notes,
        "minutes": round(minutes, 1),
        "rows": rows,
    }
    command = " ".join(["python -m benchmarks.epoch", *(sys.argv[1:] if arguments is None else arguments)])
    path = write_record(f"benchmarks/{options.record}", command, settings, results, modules(names))
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
