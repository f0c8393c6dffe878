"""The chapters as files: complete, clean, and made the way the book makes chapters."""

import ast
import pathlib
import re

import nbformat
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "chapters").rglob("*.ipynb"))


def read(path):
    """The notebook, without its being changed on the way."""
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def prose(notebook):
    """All Markdown of a notebook as one string."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT / "chapters")))
def notebook(request):
    """Each chapter in turn."""
    return read(request.param)


def test_there_are_notebooks():
    assert NOTEBOOKS


def listed(entries):
    """The files of a part of the table of contents, in the order in which they are read."""
    for entry in entries:
        yield entry["file"]
        yield from listed(entry.get("sections", []))


def test_the_table_of_contents_lists_every_page_once():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    pages = [toc["root"]] + [page for part in toc["parts"] for page in listed(part["chapters"])]
    files = [path for suffix in ("*.ipynb", "*.md") for path in (ROOT / "chapters").rglob(suffix)]
    assert sorted(pages) == sorted(str(path.relative_to(ROOT).with_suffix("")) for path in files)


def test_the_numbers_of_the_parts_are_those_of_their_folders():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    (numbered,) = [part["chapters"] for part in toc["parts"] if part.get("numbered")]
    for number, part in enumerate(numbered, start=1):
        folder = pathlib.PurePath(part["file"]).parent
        assert folder.name.startswith(f"{number}_")
        assert {pathlib.PurePath(page).parent for page in listed([part])} == {folder}


def test_it_is_committed_without_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.source[:80]


def test_its_cells_have_ids_and_its_metadata_are_clean(notebook):
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "mystnb"}, cell.metadata


def test_it_has_the_parts_of_a_chapter(notebook):
    text = prose(notebook)
    assert re.match(r"\(ch-[a-z-]+\)=\n# ", text), "a label and a title come first"
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "What you will learn"
    assert headings[-2:] == ["Key points", "Exercises"]


def test_its_imports_stand_in_one_cell(notebook):
    with_imports = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and re.search(r"^(import|from) ", cell.source, re.MULTILINE)
    ]
    assert len(with_imports) == 1


def figures(notebook):
    """What the metadata of each cell that makes a figure say: its name, its caption, its alternative text if any.

    An interactive figure is no image, so its words stand in its own page and not here.
    """
    for cell in notebook.cells:
        settings = cell.metadata.get("mystnb", {})
        if "figure" in settings or "image" in settings:
            assert "figure" in settings, f"a figure without a caption: {cell.source[:80]}"
            yield settings["figure"]["name"], settings["figure"]["caption"], settings.get("image", {}).get("alt")


def test_its_figures_have_a_name_a_caption_and_an_alternative_text(notebook):
    for name, caption, alt in figures(notebook):
        assert re.fullmatch(r"fig-[a-z0-9-]+", name)
        assert len(caption.split()) >= 8 and caption.endswith("."), f"{name}: a caption is made of sentences"
        if alt is not None:
            assert len(alt.split()) >= 5 and "_images" not in alt, f"{name}: the alternative text describes the picture"
            assert alt.strip(". ") != caption.strip(". "), f"{name}: the alternative text is not the caption again"


def test_no_two_figures_have_one_name():
    names = [name for path in NOTEBOOKS for name, _, _ in figures(read(path))]
    assert names and len(set(names)) == len(names)


def test_it_claims_something_that_could_be_false(notebook):
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert any(re.search(r"^\s*assert ", source, re.MULTILINE) for source in code)


def test_every_exercise_has_a_solution(notebook):
    text = prose(notebook)
    exercises = re.findall(r"```\{exercise\}.*?:label: (\S+)", text, re.DOTALL)
    solutions = re.findall(r"```\{solution(?:-start)?\} (\S+)", text)
    assert exercises and exercises == solutions
    folded = re.findall(r"```\{solution(?:-start)?\} \S+\n:class: dropdown", text)
    assert len(folded) == len(solutions)


def test_no_cell_asserts_only_what_raises_exception_would_hide(notebook):
    assert not any("raises-exception" in cell.metadata.get("tags", []) for cell in notebook.cells)


def functions(notebook):
    """Every function longer than a few lines that a chapter defines: its name and its body without comments."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 6:
                    yield node.name, ast.dump(ast.Module(node.body, []))


def test_no_chapter_repeats_a_helper_of_another():
    seen = {}
    for path in NOTEBOOKS:
        for name, body in functions(read(path)):
            assert seen.setdefault(body, path) == path, f"{name} stands in {seen[body].stem} too"


# ---------------------------------------------------------------- the glossary, theorems and algorithms

GLOSSARY = ROOT / "chapters" / "appendices" / "glossary.md"


def pages_as_text():
    """The text of each page of the book by its path, notebooks as their Markdown."""
    for path in NOTEBOOKS:
        yield path, prose(read(path))
    for path in sorted((ROOT / "chapters").rglob("*.md")):
        yield path, path.read_text(encoding="utf-8")


def glossary_entries():
    """The names of each entry of the glossary, in lower case: most have one, some several."""
    (body,) = re.findall(r"```\{glossary\}\n(.*?)\n```", GLOSSARY.read_text(encoding="utf-8"), re.DOTALL)
    for entry in re.split(r"\n\n", body):
        yield [line.lower() for line in entry.splitlines() if not line.startswith(" ")]


def terms_linked():
    """Every term that a page other than the glossary links, in lower case."""
    for path, text in pages_as_text():
        if path != GLOSSARY:
            for link in re.findall(r"\{term\}`([^`]+)`", text):
                yield (re.findall(r"<([^>]+)>", link) or [link])[0].lower()


def test_every_term_of_the_glossary_is_linked_from_a_chapter():
    linked = set(terms_linked())
    assert linked
    assert [names for names in glossary_entries() if not linked & set(names)] == []


def test_every_linked_term_is_in_the_glossary_and_defined_once():
    names = [name for entry in glossary_entries() for name in entry]
    assert len(set(names)) == len(names)
    assert set(terms_linked()) <= set(names)


def test_the_glossary_says_where_each_term_is_explained_and_is_in_order():
    text = GLOSSARY.read_text(encoding="utf-8")
    (body,) = re.findall(r"```\{glossary\}\n(.*?)\n```", text, re.DOTALL)
    assert [entry for entry in re.split(r"\n\n", body) if "{ref}`ch-" not in entry] == []
    first = [names[0] for names in glossary_entries()]
    assert first == sorted(first)


def test_every_theorem_and_algorithm_has_a_label_and_is_referred_to():
    text = dict(pages_as_text())
    whole = "\n".join(text.values())
    referred = set(re.findall(r"\{prf:ref\}`([^`]+)`", whole))
    opened = [found for page in text.values() for found in re.findall(r":::\{prf:(\w+)\}.*\n(.*)", page)]
    labels = [label.removeprefix(":label: ") for kind, label in opened if kind != "proof"]
    assert labels and all(re.fullmatch(r"(def|thm|prop|cor|alg)-[a-z0-9-]+", label) for label in labels), labels
    assert [label for label in labels if label not in referred] == []
