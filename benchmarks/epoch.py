"""How long does one epoch take, in NumPy and in the frameworks, as a multiple of its matrix products?

    python -m benchmarks.epoch

trains autoencoders of three sizes on the 60,000 images of MNIST, in batches of 256, with Adam,
in float32, with relu in the hidden layers and the binary cross-entropy of a sigmoid output: on
one thread, in CPU time, and on two threads, in wall time. The floor is the matrix products
of an epoch alone, in NumPy. The peers take turns, and the medians are compared. What is timed
is an epoch within a training; what a call of `fit` prepares before its first epoch is not.
A peer that is not installed is left out. Options run a part of it, which makes no record
unless `--record` names one. All of it takes about nine minutes on two quiet cores.
"""

import argparse
import os
import pathlib
import platform
import statistics
import sys
import time

from benchmarks import threads
from benchmarks.architectures import ARCHITECTURES, multiplications, title
from benchmarks.peers import PEERS, Peer
from experiments.record import write_record

RESULTS = pathlib.Path(__file__).parent / "results"
BATCH_SIZE = 256
IMAGES = 60_000
ROUNDS = {"a": 5, "b": 5, "c": 3}
THREADS = (1, 2)


def parse(arguments=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=positive, help="epochs timed of each peer")
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="beside the floor")
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
    """Return the names of the peers that are installed, the floor first, and of those that are not."""
    names = ["floor", *(name for name in PEERS if name in names and name != "floor")]
    missing = [name for name in names if not threads.installed(PEERS[name].module)]
    return [name for name in names if name not in missing], missing


def table_rows(count, races, images):
    """One dict a peer and architecture, from what the races of a number of threads gave."""
    rows = []
    for letter, race in races.items():
        floor = statistics.median(race["floor"]["seconds"])
        for name, measured in race.items():
            median = statistics.median(measured["seconds"])
            row = {
                "threads": count,
                "clock": threads.clock_name(count),
                "architecture": title(ARCHITECTURES[letter]),
                "peer": name,
                "label": PEERS[name].label,
                "seconds": measured["seconds"],
                "median": median,
                "multiple_of_floor": round(median / floor, 3),
                "loss": PEERS[name].loss,
                "losses": measured["losses"],
                "final_loss": measured["losses"][-1],
            }
            rows.append(row)
            if name == "floor":
                products = 2 * multiplications(ARCHITECTURES[letter], images)
                row["gflops_per_second"] = round(products / median / 1e9, 1)
    return rows


def table(rows):
    """The rows of one number of threads as text: seconds and multiples of the floor."""
    architectures = list(dict.fromkeys(row["architecture"] for row in rows))
    cells = {(row["label"], row["architecture"]): row for row in rows}
    widths = [max(len(name), 18) for name in architectures]
    lines = [" " * 40 + "".join(f"  {name:>{width}}" for name, width in zip(architectures, widths))]
    for label in dict.fromkeys(row["label"] for row in rows):
        texts = [cell_text(cells.get((label, name))) for name in architectures]
        lines.append(f"{label:<40}" + "".join(f"  {text:>{width}}" for text, width in zip(texts, widths)))
    first = rows[0]
    head = f"Threads: {first['threads']}. {first['clock']} time of an epoch, median; multiple of the floor."
    return "\n".join([head, *lines])


def cell_text(row):
    return "-" if row is None else f"{row['median']:.2f} s {row['multiple_of_floor']:6.2f} ×"


def losses_line(rows):
    """What each peer's loss is at the end, so that a reader sees that all learn the same."""
    losses = []
    for row in rows:
        if row["loss"] is not None:
            kind = "" if row["loss"] == Peer.loss else f" ({row['loss']})"
            losses.append(f"{row['label']} {row['final_loss']:.4f}{kind}")
    return f"Loss of the last epoch, {rows[0]['architecture']}: " + "; ".join(losses) + "."


def processor():
    """The processor's name, where the system tells it."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def show(rows, peers):
    """Print the table of each number of threads, the last losses, and the notes."""
    for count in dict.fromkeys(row["threads"] for row in rows):
        print("\n" + table([row for row in rows if row["threads"] == count]))
    for name in dict.fromkeys(row["architecture"] for row in rows):
        first = [row for row in rows if row["architecture"] == name and row["threads"] == rows[0]["threads"]]
        print("\n" + losses_line(first))
    print()
    for name in peers:
        if PEERS[name].note:
            print(f"{PEERS[name].label}: {PEERS[name].note}.")


def packages(peers):
    """The distributions whose versions belong into the record."""
    names = {"sklearn": "scikit-learn"}
    modules = dict.fromkeys(["numpy", *(PEERS[name].module for name in peers)])
    if "tensorflow" in modules:
        modules["keras"] = None
    return [names.get(module, module) for module in modules]


def main(arguments=None):
    start = time.perf_counter()
    options = parse(arguments)
    peers, missing = split_installed(options.peers)
    left_out = [f"{PEERS[name].label}: left out, {PEERS[name].module} is not installed." for name in missing]
    for line in left_out:
        print(line)
    rounds = {letter: options.rounds or ROUNDS[letter] for letter in options.architectures}
    job = {"images": options.images, "batch_size": BATCH_SIZE, "peers": peers, "rounds": rounds}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if load is not None and load > 0.5:
        print(f"The machine is busy (load {load:.1f}): wall times will say more of that than of the peers.")
    rows, algebra = [], {}
    for count in options.threads:
        result = threads.run_module("benchmarks.race", count, {**job, "threads": count})
        algebra[count] = result["linear_algebra_threads"]
        rows += table_rows(count, result["races"], options.images)
    show(rows, peers)
    minutes = (time.perf_counter() - start) / 60
    print(f"\nAll of it took {minutes:.1f} minutes.")
    if options.record is None:
        print("Only a part was run: no record is written.")
        return
    settings = {
        **job,
        "rounds": {title(ARCHITECTURES[letter]): number for letter, number in rounds.items()},
        "threads": options.threads,
        "dtype": "float32",
        "optimizer": "adam",
        "timed": "an epoch within a training, without what a call of fit prepares before its first epoch",
        "clock": "CPU time counts all threads of the process, TensorFlow's input pipeline among them",
        "notes": {name: PEERS[name].note for name in peers if PEERS[name].note},
    }
    results = {
        "processor": processor(),
        "load_before": load,
        "linear_algebra_threads": algebra,
        "left_out": left_out,
        "minutes": round(minutes, 1),
        "rows": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    command = " ".join(["python -m benchmarks.epoch", *(sys.argv[1:] if arguments is None else arguments)])
    cpu_seconds = sum(os.times()[:4])  # the races' processes included
    path = write_record(options.record, command, settings, results, cpu_seconds, RESULTS, packages(peers))
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
