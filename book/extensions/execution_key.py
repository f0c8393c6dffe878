"""Keys the cache of executed notebooks on all that a notebook's numbers depend on.

jupyter-book's cache looks at a notebook's own cells alone: after a change in `aelib` it
would leave the old numbers on the page. Here the cache's folder is named after a digest
of `aelib`, the recorded experiments, the requirements and the versions installed; and
since the digest is a configuration value of Sphinx, a new one makes it read every page
again.
"""

import hashlib
import importlib.metadata
import pathlib
import platform
import shutil

SOURCES = ("aelib", "experiments", "benchmarks", "requirements.txt", "pyproject.toml")
PACKAGES = ("numpy", "matplotlib", "tensorflow", "keras", "scikit-learn")


def execution_key(root):
    """Return a digest, 16 hexadecimal digits, of what the chapters' outputs depend on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for package in PACKAGES:
        digest.update(f"{package} {importlib.metadata.version(package)}".encode())
    for path in source_files(root):
        digest.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def source_files(root):
    """Every file below `SOURCES`, in order, without Python's caches."""
    paths = [path for name in SOURCES for path in [root / name, *(root / name).rglob("*")]]
    return sorted(path for path in paths if path.is_file() and "__pycache__" not in path.parts)


def use_keyed_cache(app, config):
    """Point myst-nb at the cache of the current key, and drop the caches of older ones."""
    key = execution_key(pathlib.Path(app.srcdir))
    config.execution_key = key
    caches = pathlib.Path(app.outdir).parent / ".jupyter_cache"
    config.nb_execution_cache_path = str(caches / key)
    for stale in caches.glob("*"):
        if stale.name != key:
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()


def setup(app):
    app.add_config_value("execution_key", "", rebuild="env")
    app.connect("config-inited", use_keyed_cache, priority=0)  # before myst-nb reads the path
    return {"parallel_read_safe": True, "parallel_write_safe": True}
