"""The key of a chapter's outputs: a digest of all that they depend on.

jupyter-book's cache looks at a notebook's own cells alone, so that a change in `aelib` would leave the old numbers on the
page. The key also covers the modules of the repository that the cells import, those that these import, the data beside
them, and the versions of what is installed. It covers nothing else: a module that a chapter does not reach may change.
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
        self.digest = functools.cache(lambda path: hashlib.sha256(path.read_bytes()).hexdigest())
        self.modules, self.data_below = functools.cache(self.modules), functools.cache(self.data_below)
        self.versions = versions(root / "requirements.txt")

    def key(self, cells):
        """Return the key, 16 hexadecimal digits, of a notebook whose code cells are `cells`, a list of strings."""
        files = [f"{path.relative_to(self.root).as_posix()} {self.digest(path)}" for path in self.files_behind(cells)]
        parts = [platform.python_version(), *self.versions, self.digest(STARTUP), *files, *cells]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def files_behind(self, cells):
        """Every file of the repository that the cells import or, by the rules of `data`, may read; sorted."""
        trees = [parsed(without_commands(cell)) for cell in cells]
        modules, waiting, texts = set(), [], set()
        for names, more_texts in (names_in(tree) for tree in trees):
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

    def names_of_module(self, path):
        """What `names_in` finds in a module."""
        return names_in(ast.parse(path.read_bytes()), path.parent.relative_to(self.root).parts)


def versions(requirements):
    """The name and version of each package that a file of requirements asks for."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    names = sorted(re.match(r"[\w.-]+", line)[0] for line in lines if line[:1].isalpha())
    return [f"{name} {importlib.metadata.version(name)}" for name in names]


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
