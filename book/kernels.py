"""What the kernels that run the chapters find in their environment, in both of the book's commands.

`pytest` prepares its environment in `conftest.py` and the build in the extension `execution`; a kernel inherits it.
"""

import os
import pathlib

STARTUP = pathlib.Path(__file__).with_name("kernel_startup.py")


def prepare_environment():
    """Give the kernels that this process starts one thread for linear algebra, and run `kernel_startup` in them.

    On matrices as small as this book's a second thread brings little. When the other core is busy it does harm: the threads
    wait for each other by spinning, and a chapter takes many times as long. TensorFlow has its own threads and keeps them.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ["PYTHONSTARTUP"] = str(STARTUP)  # which IPython runs before a notebook's first cell
