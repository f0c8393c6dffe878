"""Gives the kernels that run the chapters one thread for linear algebra, and for scikit-learn's trees.

On matrices as small as this book's a second thread brings little, and when the other
core is busy it brings harm: the threads wait for each other by spinning, and a chapter
takes many times as long. TensorFlow has its own threads and keeps them.
"""

import os


def setup(app):
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
