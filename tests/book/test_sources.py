"""The sources of the book have no fault, and each kind of fault is reported by its place and its name."""

import json

import pytest

from book.sources import faults
from book.sources.pages import Book

FIRST, SECOND, COVER = "chapters/1_one/first.ipynb", "chapters/1_one/second.md", "chapters/index.md"
PART, GLOSSARY, WORKS = "chapters/1_one/index.md", "chapters/glossary.md", "chapters/references.bib"
FILES = {
    "_config.yml": f"bibtex_bibfiles: [{WORKS}]\n",
    "_toc.yml": """\
root: chapters/index
parts:
  - numbered: 2
    chapters:
      - file: chapters/1_one/index
        sections:
          - file: chapters/1_one/first
          - file: chapters/1_one/second
  - chapters:
      - file: chapters/glossary
""",
    COVER: "(book)=\n# A book\n\nIts only part is {chapter}`part-one`.\n",
    PART: """\
(part-one)=
# One

- {chapter}`ch-first` says which constant is the best,
  and why it is.
- {chapter}`ch-second` uses what the first chapter says.
""",
    SECOND: """\
---
file_format: mystnb
---
(ch-second)=
# The second chapter

{eq}`eq-first-error` is the error, {numref}`fig-first-means` shows it, {prf:ref}`thm-first-mean` and [the page](first.ipynb)
say more; so does {ref}`the list <list-second>`, {download}`first.ipynb` and [a section](#list-second).

(list-second)=
- {ref}`ex-first-1`
- `a[0](x)` and $f[a](b)$ are no links, and neither is ``{ref}`here` ``.

```python
"[nothing](here.md)  {ref}`nothing`"
```

```{raw} html
:file: picture.svg
```
![A square with one corner cut off](picture.svg)
""",
    "chapters/1_one/picture.svg": "<svg/>",
    GLOSSARY: """\
(glossary)=
# Glossary

```{glossary}
mean image
  The mean of all images. See {ref}`ch-first`.

mean squared error
MSE
  The mean of all squares. See {ref}`ch-first`.
```

```{eval-rst}
.. automodule:: code
```
""",
    "code.py": "def plot():\n    return plt.figure()\n\n\ndef plot_images():\n    return plot()\n",
    WORKS: "@book{goodfellow2016,\n}\n",
}


@pytest.fixture
def book(root, tmp_path):
    """A small book without a fault, whose first chapter is the template; return its folder."""
    template = (root / "book" / "template.ipynb").read_text(encoding="utf-8")
    chapter = template.replace("-template", "-first").replace("ch-losses", "ch-second").replace("ch-linear", "ch-first")
    chapter = chapter.replace("aelib.figures.plots", "code")
    for name, text in {**FILES, FIRST: chapter}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def change(book, file, old, new):
    """Replace a piece of a file, which stands there once at least."""
    text = (book / file).read_text(encoding="utf-8")
    assert old in text
    (book / file).write_text(text.replace(old, new), encoding="utf-8")


def test_the_sources_of_the_book_have_no_fault(root):
    assert len(Book(root).chapters) > 20
    assert [str(fault) for fault in faults(root)] == []


def test_a_book_without_a_fault_is_left_alone(book):
    assert [str(fault) for fault in faults(book)] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "report"),
    [
        # labels and references
        (
            SECOND,
            "(list-second)=",
            "(ch-first)=",
            f"{SECOND}, line 10: the label ch-first is defined at {FIRST}, cell ",
        ),
        (
            FIRST,
            "(eq-first-error)",
            "(eq-first-mean-error)",
            f"{SECOND}, line 7: {{eq}} refers to eq-first-error, which no",
        ),
        (FIRST, "(eq-first-error)", "(eq-first-mean-error)", "Did you mean eq-first-mean-error?"),
        (
            SECOND,
            "{eq}`",
            "{ref}`",
            f"{SECOND}, line 7: {{ref}} refers to eq-first-error, which is the label of an equation",
        ),
        (SECOND, "fig-first-means", "fig-none", f"{SECOND}, line 7: {{numref}} refers to fig-none"),
        (SECOND, "thm-first-mean", "thm-none", f"{SECOND}, line 7: {{prf:ref}} refers to thm-none"),
        (COVER, "`part-one`", "`none`", f"{COVER}, line 4: {{chapter}} refers to none"),
        (SECOND, "`first.ipynb`", "`none.ipynb`", f"{SECOND}, line 8: there is no file none.ipynb"),
        (SECOND, "(first.ipynb)", "(none.md)", f"{SECOND}, line 7: there is no file none.md"),
        (SECOND, "(#list-second)", "(#none)", f"{SECOND}, line 8: there is no label none"),
        (SECOND, ":file: picture.svg", ":file: none.svg", f"{SECOND}, line 18: there is no file none.svg"),
        (SECOND, "off](picture.svg)", "off](none.svg)", f"{SECOND}, line 21: there is no file none.svg"),
        (GLOSSARY, "automodule:: code", "automodule:: none", f"{GLOSSARY}, line 14: there is no file /none"),
        (FIRST, "thm-first-mean", "first-mean", "the label first-mean does not say what it labels"),
        # the bibliography and the glossary
        (
            FIRST,
            "goodfellow2016",
            "goodfelow2016",
            "{cite:t} cites goodfelow2016, which is not in the bibliography. Did you",
        ),
        (WORKS, "@book", "@book{none,\n}\n@book", f"{WORKS}, line 1: no page cites none"),
        (WORKS, "@book", "@book{goodfellow2016,\n}\n@book", f"{WORKS}, line 3: the key goodfellow2016 is defined at"),
        (
            FIRST,
            "{term}`mean image`",
            "{term}`mean images`",
            "the term 'mean images' is not in the glossary. Did you mean mean image?",
        ),
        (FIRST, "{term}`mean image`", "mean image", f"{GLOSSARY}, line 5: no page links the term 'mean image'"),
        (GLOSSARY, "MSE", "mean image", f"{GLOSSARY}, line 5: the term 'mean image' is explained 2 times"),
        (
            GLOSSARY,
            "images. See {ref}`ch-first`",
            "images",
            f"{GLOSSARY}, line 5: the term 'mean image' names no chapter",
        ),
        (
            GLOSSARY,
            "mean squared error",
            "error\nmean squared error",
            f"{GLOSSARY}, line 8: the term 'error' stands after",
        ),
        # the order of the book
        ("_toc.yml", "          - file: chapters/1_one/second\n", "", f"{SECOND}: the page is not in _toc.yml"),
        ("_toc.yml", "one/second", "one/none", "_toc.yml: there is no page chapters/1_one/none"),
        ("_toc.yml", "one/second", "one/first", "_toc.yml: the page chapters/1_one/first is listed 2 times"),
        ("_toc.yml", "one/second", "two/second", "_toc.yml: chapters/1_two/second is listed in the part of the folder"),
        ("_toc.yml", "chapters/1_one/index", "chapters/glossary", "_toc.yml: part 1 is in the folder chapters. Rename"),
        (PART, "- {chapter}`ch-second`", "- Nothing", f"{PART}: the chapter chapters/1_one/second is missing"),
        (PART, "`ch-second`", "`book`", f"{PART}: book is listed and is no chapter of this part"),
        (PART, " uses what the first chapter says.", "", f"{PART}: nothing is said about ch-second"),
        (
            PART,
            "\n- {chapter}`ch-first`",
            "\n- {chapter}`ch-second` " + "says " * 5 + "\n- {chapter}`ch-first`",
            f"{PART}: the",
        ),
        (COVER, "{chapter}`part-one`", "this", f"{COVER}: the part part-one is missing"),
        # the form of a chapter
        (FIRST, "# The best constant", "The best constant", f"{FIRST}: it does not begin with a label and a title"),
        (FIRST, "## What you will", "## What you might", f"{FIRST}: its first section is not 'What you will learn'"),
        (FIRST, "## Key points", "## Points", f"{FIRST}: its last sections are not 'Key points' and 'Exercises'"),
        (FIRST, "{solution} ex-first-1", "{solution} ex-none", f"{FIRST}: the exercise ex-first-1 has 0 solutions"),
        (FIRST, "{solution} ex-first-1", "{solution} ex-none", "{solution} refers to ex-none, which no label defines"),
        (FIRST, ":class: dropdown", ":class: open", f"{FIRST}: the solution of ex-first-1 is not folded"),
        (FIRST, "{solution-end}", "{note}", f"{FIRST}: 1 solutions start and 0 end"),
        (FIRST, "{exercise}", "{note}", f"{FIRST}: it has no exercise"),
        (FIRST, '"language_info"', '"more": {}, "language_info"', f"{FIRST}: its metadata is not kernelspec and"),
        (
            SECOND,
            "![A square with one corner cut off]",
            "![]",
            f"{SECOND}, line 21: picture.svg has no alternative text",
        ),
        (SECOND, "```{raw} html", "```{image} picture.svg", f"{SECOND}, line 18: picture.svg has no alternative text"),
    ],
)
def test_a_fault_in_the_text_is_reported_by_its_place_and_name(book, file, old, new, report):
    change(book, file, old, new)
    assert any(report in str(fault) for fault in faults(book)), [str(fault) for fault in faults(book)]


def edited(book, text, edit):
    """Edit the cells of the first chapter that hold a piece of text, and return the first one's id."""
    path = book / FIRST
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if text in "".join(cell["source"])]
    for cell in cells:
        edit(cell)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return cells[0]["id"]


def settings(**changes):
    """Change what the metadata of a figure's cell say: an empty dictionary takes the whole entry away."""

    def edit(cell):
        for name, values in changes.items():
            entry = cell["metadata"]["mystnb"].setdefault(name, {})
            entry.update(values) if values else entry.clear()

    return edit


def code(old, new):
    """Replace a piece of a cell's source."""

    def edit(cell):
        source = "".join(cell["source"])
        assert old in source
        cell["source"] = source.replace(old, new)

    return edit


def entry(**changes):
    """Change what a cell holds beside its source."""
    return lambda cell: cell.update(changes)


STYLE = 'plt.style.use("aelib.figures.style")'
PLOT = "plot_images(\n"
DIAGRAM = "\nfrom aelib.figures.diagrams import dense_diagram as drawn\n\ndrawn()"


@pytest.mark.parametrize(
    ("text", "edit", "report"),
    [
        # figures
        (PLOT, settings(image={}), "the figure has no alternative text"),
        (
            PLOT,
            settings(image={"alt": "Ten digits"}),
            "the alternative text 'Ten digits' does not describe the picture",
        ),
        (PLOT, settings(figure={}), "the figure has no caption"),
        (PLOT, settings(figure={"caption": "Ten digits."}), "the caption 'Ten digits.' is not made of sentences"),
        (PLOT, settings(figure={"name": "means"}), "the figure has no name such as fig-chapter-what, but 'means'"),
        (PLOT, entry(metadata={}), "the figure has no alternative text"),
        ("rivals = ", code("rivals = ", "plt.subplots()\nrivals = "), "the figure has no alternative text"),
        ("rivals = ", code("rivals = ", "def f():\n    plt.plot(1)\n\n\nf()\nrivals = "), "the figure has no caption"),
        ("import numpy", code(STYLE, STYLE + DIAGRAM), "the figure has no caption"),
        # the form of a chapter
        (
            "rivals = ",
            entry(outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}]),
            "the cell has outputs",
        ),
        ("rivals = ", entry(execution_count=1), "the cell has outputs"),
        ("rivals = ", entry(metadata={"collapsed": True}), "metadata that the book does not use: collapsed"),
        ("rivals = ", entry(metadata={"tags": ["raises-exception"]}), "the tag raises-exception hides every error"),
        (PLOT, lambda cell: cell["metadata"]["mystnb"].pop("figure"), "the figure has no caption"),
        ("rivals = ", entry(id="no id"), "it is no valid notebook"),
        ("rivals = ", code("rivals = ", "rivals = = "), "the cell holds no Python code"),
        ("rivals = ", code("rivals = ", "import zlib\nrivals = "), "it imports something. Imports stand in one cell"),
        ("assert", code("assert", "print"), "nothing in it could turn out false"),
    ],
)
def test_a_fault_in_a_cell_is_reported_by_its_place_and_name(book, text, edit, report):
    place = f"{FIRST}, cell {edited(book, text, edit)}"
    found = [str(fault) for fault in faults(book)]
    assert any(report in fault and (place in fault or f"{FIRST}: " in fault) for fault in found), found


def test_two_cells_of_one_id_are_reported(book):
    edited(book, "rivals = ", entry(id="twice"))
    edited(book, "by_class = ", entry(id="twice"))
    assert f"{FIRST}, cell twice: 2 cells have this id" in "\n".join(map(str, faults(book)))


def test_a_helper_that_stands_in_two_chapters_is_reported_in_the_second(book):
    edited(book, "rivals = ", code("rivals = ", "def helper():\n" + "    rng\n" * 6 + "\n\nrivals = "))
    (book / "chapters" / "1_one" / "third.ipynb").write_bytes((book / FIRST).read_bytes())
    assert f"helper stands in {FIRST}, cell " in "\n".join(map(str, faults(book)))
