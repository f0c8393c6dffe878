"""A chapter has all its parts, is committed clean, claims something, and repeats no helper of another."""

import ast
import collections
import re

import nbformat

from book.sources.pages import Fault

TITLE = re.compile(r"\(ch-[a-z0-9-]+\)=\n# \S")
EXERCISE = re.compile(r"[`:]{3,}\{exercise\}.*?:label: (\S+)", re.DOTALL)
SOLUTION = re.compile(r"[`:]{3,}\{solution(-start)?\} (\S+)\n(:class: dropdown\n)?")
SHORT = 6  # lines: what is shorter than this may stand in two chapters
METADATA = {"tags", "mystnb"}


def faults(book):
    """Yield what is wrong with the form of the chapters."""
    helpers = {}
    for page in book.chapters:
        yield from clean(page)
        yield from parts(page)
        yield from exercises(page)
        yield from code(page, helpers)


def clean(page):
    """The notebook is valid, has no outputs, and no metadata but those that the book uses."""
    for id, count in collections.Counter(cell.get("id") for cell in page.notebook["cells"]).items():
        if count > 1:
            yield Fault(f"{page.file}, cell {id}", f"{count} cells have this id", "Give each its own")
            return
    try:
        nbformat.validate(page.notebook)
    except nbformat.ValidationError as error:
        yield Fault(page.file, f"it is no valid notebook: {error.message}", "Open and save it in Jupyter")
    if set(page.notebook["metadata"]) != {"kernelspec", "language_info"}:
        yield Fault(page.file, "its metadata is not kernelspec and language_info alone", "Take the rest out")
    for place, cell in page.placed_cells():
        if cell.get("outputs") or cell.get("execution_count") is not None:
            cure = f"Clear them: jupyter nbconvert --clear-output --inplace {page.file}"
            yield Fault(place, "the cell has outputs", cure)
        if extra := sorted(set(cell["metadata"]) - METADATA):
            yield Fault(place, f"the cell has metadata that the book does not use: {', '.join(extra)}", "Take it out")
        if "raises-exception" in cell["metadata"].get("tags", []):
            yield Fault(place, "the tag raises-exception hides every error", "Catch the error and assert what it says")


def parts(page):
    """A chapter begins with a label, a title and what you will learn, and ends with key points and exercises."""
    if not TITLE.match(page.text):
        yield Fault(page.file, "it does not begin with a label and a title", "Begin with '(ch-name)=' and '# Title'")
    headings = re.findall(r"^## (.+)$", page.text, re.MULTILINE)
    if headings[:1] != ["What you will learn"]:
        yield Fault(page.file, "its first section is not 'What you will learn'", "Say it in 3 to 5 lines")
    if headings[-2:] != ["Key points", "Exercises"]:
        yield Fault(page.file, "its last sections are not 'Key points' and 'Exercises'", "End with these two")


def exercises(page):
    """A chapter has exercises, and each has one solution, folded."""
    wanted, solutions = EXERCISE.findall(page.text), SOLUTION.findall(page.text)
    if not wanted:
        yield Fault(page.file, "it has no exercise", "Write one with a pencil and one at the keyboard")
    for label in wanted:
        folded = [dropdown for _, solved, dropdown in solutions if solved == label]
        if len(folded) != 1:
            yield Fault(page.file, f"the exercise {label} has {len(folded)} solutions", "Give it one")
        elif not folded[0]:
            yield Fault(page.file, f"the solution of {label} is not folded", "Add the option ':class: dropdown'")
    starts = sum(bool(start) for start, _, _ in solutions)
    ends = len(re.findall(r"[`:]{3,}\{solution-end\}", page.text))
    if starts != ends:
        yield Fault(page.file, f"{starts} solutions start and {ends} end", "Close each with {solution-end}")


def code(page, helpers):
    """The imports stand in one cell, something is asserted, and no function is that of another chapter."""
    importing, claims = None, False
    for place, tree, _ in page.code:
        if not tree.body:
            yield Fault(place, "the cell holds no Python code", "Mend it or take it out")
        if any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body):
            if importing:
                yield Fault(place, "it imports something", f"Imports stand in one cell, here {importing}")
            importing = importing or place
        for node in statements(tree):
            claims |= isinstance(node, ast.Assert)
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= SHORT:
                first = helpers.setdefault(ast.dump(ast.Module(node.body, [])), place)
                if first.partition(",")[0] != page.file:
                    yield Fault(place, f"{node.name} stands in {first} too", "Move it to aelib, with a test")
    if not claims:
        yield Fault(page.file, "nothing in it could turn out false", "Let each claim end in an assert")


def statements(tree):
    """Every statement of a tree, those inside others too."""
    for node in getattr(tree, "body", []) + getattr(tree, "orelse", []):
        yield node
        yield from statements(node)
