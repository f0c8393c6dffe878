"""The key of a chapter's outputs changes with what they depend on, and with nothing else."""

import importlib.metadata
import shutil

import pytest

from book.extensions import execution_key
from book.extensions.cells import parsed, without_commands
from book.extensions.execution_key import RUN_ON, Repository, names_in, packages
from book.sources.pages import Book

MODULES = {
    "aelib/__init__.py": "",
    "aelib/checks.py": "",
    "aelib/nn/__init__.py": "from aelib.nn import layers\n",
    "aelib/nn/layers.py": "def build():\n    from ..checks import positive\n",
    "aelib/applications/__init__.py": "",
    "aelib/applications/anomaly.py": "import numpy\n",
    "aelib/applications/text.py": "import aelib.nn.layers as layers\n",
    "aelib/datasets/__init__.py": "from .mnist import load_mnist\n",
    "aelib/datasets/mnist.py": "",
    "experiments/record.py": "",
    "experiments/variants/denoising.py": "NAME = 'elsewhere/kept'\n",
}
DATA = [
    "aelib/datasets/files/mnist.npz",
    "aelib/datasets/files/images/cat.png",
    "experiments/variants/results/denoising.json",
    "experiments/practice/results/kept.npz",
    "experiments/practice/results/other.json",
]
REQUIREMENTS = f"{RUN_ON}\nnumpy>=2,<3\nscipy\n\n# The tests\npytest>=8\nruff\n\n# What the chapters share\n-e .\n"
NN = "aelib/__init__.py aelib/nn/__init__.py aelib/nn/layers.py aelib/checks.py"
APPLICATIONS = "aelib/__init__.py aelib/applications/__init__.py"
DATASETS = "aelib/datasets/__init__.py aelib/datasets/mnist.py aelib/datasets/files/mnist.npz"
BEHIND = {  # what each import reaches
    "import aelib": "aelib/__init__.py",
    "from aelib.nn.layers import Dense": NN,
    "from aelib.applications import anomaly": f"{APPLICATIONS} aelib/applications/anomaly.py",
    "%matplotlib inline\nimport aelib.applications.text": f"{APPLICATIONS} aelib/applications/text.py {NN}",
    "if True:\n    from aelib import datasets": f"aelib/__init__.py {DATASETS} aelib/datasets/files/images/cat.png",
    "from experiments.variants import denoising": "experiments/variants/denoising.py "
    "experiments/variants/results/denoising.json experiments/practice/results/kept.npz",
    "from experiments.record import read\nread('other')": "experiments/record.py experiments/practice/results/other.json",
    "import numpy, json": "",
    "this is no Python": "",
}


@pytest.fixture
def repository(tmp_path):
    """A small repository: its folder."""
    for name, code in (MODULES | {name: name for name in DATA}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    (tmp_path / "experiments/practice/empty.py").write_text("")
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    (tmp_path / "README.md").write_text("words")
    return tmp_path


@pytest.mark.parametrize(("cell", "files"), BEHIND.items())
def test_a_cell_depends_on_what_it_imports_and_on_the_data_beside(repository, cell, files):
    found = Repository(repository).files_behind(["x = 1", cell])
    assert [path.relative_to(repository).as_posix() for path in found] == sorted(set(files.split()))


@pytest.mark.parametrize("name", [*MODULES, *DATA, "README.md"])
def test_an_edit_changes_the_keys_of_its_dependants_alone(repository, name):
    before = {cell: Repository(repository).key([cell]) for cell in BEHIND}
    with (repository / name).open("a") as file:
        file.write("\n")
    after = {cell: Repository(repository).key([cell]) for cell in BEHIND}
    changed = {cell for cell in BEHIND if before[cell] != after[cell]}
    assert changed == {cell for cell, files in BEHIND.items() if name in files.split()}


def test_a_new_file_and_a_new_name_change_the_key_and_python_s_caches_do_not(repository):
    keys = [Repository(repository).key(["import aelib.datasets"])]
    for change in (
        lambda: (repository / "aelib/datasets/files/new.txt").touch(),
        lambda: (repository / "aelib/datasets/files/new.txt").rename(repository / "aelib/datasets/files/other.txt"),
    ):
        change()
        keys.append(Repository(repository).key(["import aelib.datasets"]))
    assert len(set(keys)) == 3
    (repository / "aelib/datasets/__pycache__").mkdir()
    (repository / "aelib/datasets/__pycache__/mnist.cpython-311.pyc").touch()
    assert Repository(repository).key(["import aelib.datasets"]) == keys[-1]


def test_a_change_of_the_code_changes_the_key(repository):
    key = Repository(repository).key
    assert len({key(["a", "b"]), key(["ab"]), key(["a"]), key(["b", "a"])}) == 4


@pytest.fixture
def key_with(repository, monkeypatch):
    """The key of cells in an environment in which some versions differ: `key_with(cells, {package: version})`."""

    def key(cells, versions):
        with monkeypatch.context() as patched:
            patched.setattr(execution_key.importlib.metadata, "version", lambda name: versions.get(name, "1"))
            return Repository(repository).key(cells)

    return key


@pytest.mark.parametrize(("package", "matters"), [("numpy", True), ("scipy", True), ("pytest", False), ("ruff", False)])
def test_another_version_changes_the_key_where_chapters_run_on_the_package(key_with, package, matters):
    cells = ["import aelib.nn"]
    assert (key_with(cells, {}) != key_with(cells, {package: "2"})) == matters


def test_another_version_of_what_a_cell_names_changes_its_key_alone(key_with):
    names, does_not = ["x = 1", "for name in ['ruff']:\n    print(name)"], ["import ruff"]
    assert key_with(names, {}) != key_with(names, {"ruff": "2"})
    assert key_with(names, {}) == key_with(names, {"pytest": "2"})
    assert key_with(does_not, {}) == key_with(does_not, {"ruff": "2"}), (
        "a chapter that runs on it has it above the others"
    )


def test_another_line_for_a_tool_changes_no_key_and_another_package_to_run_on_each(repository, key_with):
    before = key_with([""], {})
    path = repository / "requirements.txt"
    path.write_text(REQUIREMENTS.replace("pytest>=8", "pytest>=9\nhypothesis").replace("numpy>=2,<3", "numpy>=2,<4"))
    assert key_with([""], {}) == before, "what is installed counts, not what is asked for"
    path.write_text(REQUIREMENTS.replace("scipy", "scipy\nkeras"))
    assert key_with([""], {}) != before


def test_another_python_and_another_environment_of_kernels_change_the_key(repository, tmp_path, monkeypatch):
    keys = [Repository(repository).key([""])]
    with monkeypatch.context() as patched:
        patched.setattr(execution_key.platform, "python_version", lambda: "4.0.0")
        keys.append(Repository(repository).key([""]))
    for place, path in enumerate(execution_key.KERNEL):
        other = tmp_path / path.name
        other.write_text(path.read_text(encoding="utf-8") + "# another\n")
        files = [*execution_key.KERNEL[:place], other, *execution_key.KERNEL[place + 1 :]]
        with monkeypatch.context() as patched:
            patched.setattr(execution_key, "KERNEL", files)
            keys.append(Repository(repository).key([""]))
    assert len(set(keys)) == 4


def test_requirements_that_do_not_say_what_chapters_run_on_are_refused(repository):
    (repository / "requirements.txt").write_text("numpy\n")
    with pytest.raises(ValueError, match="What the chapters run on"):
        Repository(repository)


def test_every_package_that_a_chapter_reaches_counts(root):
    repository, counted = Repository(root), packages(root / "requirements.txt")[0]
    reached = {"ipykernel": "every chapter"}
    for page in Book(root).pages:
        cells = [source for _, source, _ in page.cells("code")]
        found = [names_in(parsed(without_commands(cell)))[0] for cell in cells]
        found += [
            repository.names_of_module(file)[0] for file in repository.files_behind(cells) if file.suffix == ".py"
        ]
        reached |= {name.partition(".")[0]: page.file for names in found for name in names}
    homes = importlib.metadata.packages_distributions()  # the standard library has none
    installed = {
        home.lower().replace("_", "-"): page
        for name, page in reached.items()
        if not (root / name).exists()
        for home in homes.get(name, ())
    }
    assert len(installed) > 8
    assert {home: page for home, page in installed.items() if home not in counted} == {}


def test_two_places_of_the_same_book_have_the_same_keys(repository, tmp_path_factory):
    copy = tmp_path_factory.mktemp("elsewhere") / "book"
    shutil.copytree(repository, copy)
    for cell in BEHIND:
        key = Repository(copy).key([cell])
        assert key == Repository(repository).key([cell])
        assert len(key) == 16 and set(key) <= set("0123456789abcdef")
