"""How many threads a library uses is settled at its import; so each setting has a process of its own."""

import importlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import time

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

# With these, OpenBLAS takes the kernels of another, mostly older processor than it finds.
OTHER_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
ROOT = pathlib.Path(__file__).resolve().parent.parent

CLOCKS = {"CPU": time.process_time, "wall": time.perf_counter}


def clock_name(threads):
    """One thread is timed by the processor's clock, which a busy machine disturbs least; more by the wall's.

    The processor's clock counts all threads of the process: TensorFlow's input pipeline
    runs beside its one thread of arithmetic, and is counted.
    """
    return "CPU" if threads == 1 else "wall"


def installed(module):
    """Whether a module could be imported."""
    return importlib.util.find_spec(module) is not None


def environment(threads):
    """This process's environment with the number of threads in it, for a process to come.

    Linear algebra runs with the kernels that are meant for this processor, whatever the environment asks for.
    TensorFlow's own default is the faster kernels of oneDNN; the chapters turn them off
    for the sake of one order of summation, the benchmark does not.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in OTHER_KERNELS}
    counts = {name: str(threads) for name in VARIABLES}
    return {**inherited, **counts, "TF_ENABLE_ONEDNN_OPTS": "1"}


def run_module(module, threads, job):
    """Run `python -m module` on a job, in a process with that number of threads.

    Parameters
    ----------
    module : str
        It reads the job, as JSON, from its first argument and prints its result as JSON.
        What it writes to standard error is progress, and is shown.
    threads : int
    job : dict

    Returns
    -------
    The result.

    Raises
    ------
    subprocess.CalledProcessError
        If the process failed; it has said why on standard error.
    """
    command = [sys.executable, "-m", module, json.dumps(job)]
    process = subprocess.run(command, env=environment(threads), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(process.stdout)


def fix_threads(threads, modules):
    """Settle the threads that no environment variable settles, and check those of the linear algebra.

    Parameters
    ----------
    threads : int
    modules : set of str
        The frameworks that will run; others are not imported for this.

    Raises
    ------
    RuntimeError
        If NumPy's linear algebra runs on more threads than asked.
    """
    if "tensorflow" in modules:
        importlib.import_module("aelib.models")  # starts TensorFlow without its messages
        threading = importlib.import_module("tensorflow").config.threading
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    if "torch" in modules:
        importlib.import_module("torch").set_num_threads(threads)
    received = linear_algebra_threads()
    if any(count > threads for count in received):
        raise RuntimeError(f"Expected linear algebra on {threads} threads. Received: {received}.")


def linear_algebra():
    """The libraries of linear algebra loaded so far, one dict each, if there is a way to ask."""
    if not installed("threadpoolctl"):
        return []
    importlib.import_module("numpy")
    return [pool for pool in importlib.import_module("threadpoolctl").threadpool_info() if pool["user_api"] == "blas"]


def linear_algebra_threads():
    """The number of threads of each library of linear algebra loaded so far."""
    return [pool["num_threads"] for pool in linear_algebra()]


def linear_algebra_kernels():
    """Each library of linear algebra loaded so far, its version, and the processor whose kernels it runs."""
    return sorted(
        {f"{pool['internal_api']} {pool['version']}, {pool.get('architecture', '?')}" for pool in linear_algebra()}
    )
