"""The key of a chapter's outputs: a digest of all that they depend on.

jupyter-book's cache looks at a notebook's own cells alone, so that a change in `aelib` would leave the old numbers on the
page. The key also covers the modules of the repository that the cells import, those that these import, the data beside
them, what their kernels find in the environment, and the versions of Python and of the packages on which chapters run, or
which a cell names. It covers nothing else: a module that a chapter does not reach may change, and so may a tool for tests.
"""

import ast
import functools
import hashlib
import importlib.metadata
import pathlib
import platform
import re

from book.extensions.cells import parsed, without_commands
from book.kernels import STARTUP

RUN_ON = "# What the chapters run on"  # the line in `requirements.txt` above the packages that count for every chapter
KERNEL = (STARTUP, STARTUP.with_name("kernels.py"))


class Repository:
    """What the modules below a folder import, each read once.

    Parameters
    ----------
    root : pathlib.Path
        The folder in which the packages lie. A name that is not found there belongs to someone else.
    """

    def __init__(self, root):
        self.root = root
        self.names_of_module = functools.cache(self.names_of_module)
        self.names_of_cell = functools.cache(lambda cell: names_in(parsed(without_commands(cell))))
        self.name_and_digest = functools.cache(self.name_and_digest)
        self.modules, self.data_below = functools.cache(self.modules), functools.cache(self.data_below)
        self.run_on, self.others = packages(root / "requirements.txt")
        self.version = functools.cache(importlib.metadata.version)

    def key(self, cells):
        """Return the key, 16 hexadecimal digits, of a notebook whose code cells are `cells`, a list of strings."""
        files = [self.name_and_digest(path) for path in self.files_behind(cells)]
        parts = [platform.python_version(), *self.versions(cells), *map(digest, KERNEL), *files, *cells]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def versions(self, cells):
        """The packages that count for a notebook, each with its version."""
        named = {text for cell in cells for text in self.names_of_cell(cell)[1]}
        return [f"{name} {self.version(name)}" for name in sorted(self.run_on | self.others & named)]

    def files_behind(self, cells):
        """Every file of the repository that the cells import or, by the rules of `data`, may read; sorted."""
        modules, waiting, texts = set(), [], set()
        for names, more_texts in map(self.names_of_cell, cells):
            waiting += names
            texts |= more_texts
        while waiting:
            for path in set(self.modules(waiting.pop())) - modules:
                names, more_texts = self.names_of_module(path)
                modules.add(path)
                waiting += names
                texts |= more_texts
        return sorted(modules | self.data({path.parent for path in modules}, texts))

    def modules(self, name):
        """The files that importing a dotted name runs: the packages on the way, and the module."""
        path, files = self.root, []
        for part in name.split("."):
            path = path / part
            files += [file for file in (path / "__init__.py", path.with_suffix(".py")) if file.exists()]
            if not path.is_dir():
                break
        return files

    def data(self, packages, texts):
        """The data of the packages, which lie in or below them where no module lies.

        Data of other packages count if a text in the code is their name, as in ``read_record("denoising")``.
        """
        tops = {self.root / package.relative_to(self.root).parts[0] for package in packages - {self.root}}
        files = {path: package for top in tops for path, package in self.data_below(top).items()}
        return {path for path, package in files.items() if package in packages or path.stem in texts}

    def data_below(self, top):
        """Map each file below a folder that is no module to its package: the nearest folder above it that holds a module."""
        packages = {path.parent for path in top.rglob("*.py")}
        files = [path for path in top.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
        return {path: next((folder for folder in path.parents if folder in packages), top) for path in files}

    def name_and_digest(self, path):
        """A file's path from the root, and a digest of what is in it."""
        return f"{path.relative_to(self.root).as_posix()} {digest(path)}"

    def names_of_module(self, path):
        """What `names_in` finds in a module."""
        return names_in(ast.parse(path.read_bytes()), path.parent.relative_to(self.root).parts)


def digest(path):
    """A digest of what is in a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packages(requirements):
    """The names of the packages in a file of requirements, as two sets: those that chapters run on, and the others."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    if RUN_ON not in lines:
        raise ValueError(f"{requirements} must have a line {RUN_ON!r} above the packages of which it is true.")
    names = others = set()
    run_on = set()
    for line in lines:
        if line.startswith("#"):
            names = run_on if line == RUN_ON else others
        elif line[:1].isalpha():
            names.add(re.match(r"[\w.-]+", line)[0])
    return run_on, others


def names_in(tree, package=()):
    """Return the dotted names that code imports, wherever in it, and the texts that stand in it, as two sets.

    Of `from a import b`, where `b` may be a module, both `a` and `a.b` are named.
    """
    names, texts = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(pathlib.PurePath(node.value).stem)
    return names, texts
