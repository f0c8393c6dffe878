"""Pytest's two workers share two cores: one thread each.

Linear algebra that finds its second core taken waits by spinning, and both workers
become many times slower. The kernels that run the chapters inherit this setting.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
