"""What the kernels that run the chapters find in their environment, in both of the book's commands.

`pytest` prepares its environment in `conftest.py` and the build in the extension `execution`; a kernel inherits it.
"""

import os
import pathlib

STARTUP = pathlib.Path(__file__).with_name("kernel_startup.py")

# On matrices as small as this book's a second thread brings little. When the other core is busy it does harm: threads of
# linear algebra wait for each other by spinning, and a chapter takes many times as long. TensorFlow has its own threads.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")


def prepare_environment():
    """Give the kernels that this process starts one thread for linear algebra, and make their warnings errors."""
    os.environ.update(ONE_THREAD | os.environ)
    os.environ["PYTHONSTARTUP"] = str(STARTUP)  # which IPython runs before a notebook's first cell
