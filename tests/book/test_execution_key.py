"""The cache's key changes with all that a chapter's numbers depend on, and with nothing else."""

import shutil
import types

import pytest


@pytest.fixture
def module(load_module):
    return load_module("book/extensions/execution_key.py")


@pytest.fixture
def book(tmp_path):
    """A small repository."""
    results = ("experiments/results/deep.json", "benchmarks/results/epoch.json")
    for name in ("aelib/nn/layers.py", "aelib/models/dense.py", *results, "chapters/one.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name in ("requirements.txt", "pyproject.toml", "README.md"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_key_is_16_hexadecimal_digits_and_stays(module, book):
    key = module.execution_key(book)
    assert len(key) == 16 and set(key) <= set("0123456789abcdef")
    assert key == module.execution_key(book)


@pytest.mark.parametrize(
    "name",
    [
        "aelib/nn/layers.py",
        "aelib/models/dense.py",
        "experiments/results/deep.json",
        "benchmarks/results/epoch.json",
        "requirements.txt",
        "pyproject.toml",
    ],
)
@pytest.mark.parametrize("change", ["edit", "remove", "rename"])
def test_a_change_of_what_numbers_depend_on_changes_the_key(module, book, name, change):
    before, path = module.execution_key(book), book / name
    if change == "edit":
        path.write_text("other")
    elif change == "remove":
        path.unlink()
    else:
        path.rename(path.with_name("renamed.py"))
    assert module.execution_key(book) != before


@pytest.mark.parametrize("folder", ["aelib", "aelib/models", "experiments/results"])
def test_a_new_file_changes_the_key_even_if_it_is_empty(module, book, folder):
    before = module.execution_key(book)
    (book / folder / "new.py").write_text("")
    assert module.execution_key(book) != before


def test_moving_a_character_from_a_name_into_its_file_changes_the_key(module, book):
    path = book / "aelib" / "ab"
    path.write_text("c")
    before = module.execution_key(book)
    path.unlink()
    (book / "aelib" / "a").write_text("bc")
    assert module.execution_key(book) != before


@pytest.mark.parametrize("name", ["chapters/one.md", "README.md", "aelib/nn/__pycache__/layers.pyc"])
def test_a_change_of_anything_else_does_not(module, book, name):
    before = module.execution_key(book)
    (book / name).parent.mkdir(exist_ok=True)
    (book / name).write_text("other")
    assert module.execution_key(book) == before


@pytest.mark.parametrize("what", ["python", "package"])
def test_another_version_changes_the_key(module, book, what, monkeypatch):
    before = module.execution_key(book)
    if what == "python":
        monkeypatch.setattr(module.platform, "python_version", lambda: "4.0.0")
    else:
        monkeypatch.setattr(module.importlib.metadata, "version", lambda package: "99")
    assert module.execution_key(book) != before


def test_two_places_of_the_same_book_have_the_same_key(module, book, tmp_path_factory):
    copy = tmp_path_factory.mktemp("elsewhere") / "book"
    shutil.copytree(book, copy)
    assert module.execution_key(copy) == module.execution_key(book)


def test_the_repositorys_own_sources_are_found(module, root):
    names = [str(path.relative_to(root)) for path in module.source_files(root)]
    assert {"aelib/nn/layers.py", "aelib/datasets/files/mnist.npz", "requirements.txt"} <= set(names)
    assert names == sorted(names) or len(set(names)) == len(names)
    assert not any("__pycache__" in name for name in names)


def test_the_cache_of_the_key_is_used_and_older_ones_are_dropped(module, book):
    key, caches = module.execution_key(book), book / "_build" / ".jupyter_cache"
    for name in (key, "0123456789abcdef"):
        (caches / name).mkdir(parents=True)
        (caches / name / "global.db").write_text("")
    (caches / "stray.txt").write_text("")
    app = types.SimpleNamespace(srcdir=str(book), outdir=str(book / "_build" / "html"))
    config = types.SimpleNamespace()
    module.use_keyed_cache(app, config)
    assert config.execution_key == key and config.nb_execution_cache_path == str(caches / key)
    assert [path.name for path in caches.iterdir()] == [key] and (caches / key / "global.db").exists()


def test_the_extension_makes_the_key_a_value_that_rebuilds_pages(module):
    calls = []
    app = types.SimpleNamespace(
        add_config_value=lambda *a, **k: calls.append((a, k)), connect=lambda *a, **k: calls.append((a, k))
    )
    metadata = module.setup(app)
    assert calls[0] == (("execution_key", ""), {"rebuild": "env"})
    assert calls[1][0] == ("config-inited", module.use_keyed_cache) and calls[1][1]["priority"] < 500
    assert metadata["parallel_read_safe"]
