"""The code of a chapter, cell by cell."""

import ast
import re


def code_cells(notebook):
    """The cells of a notebook that hold code, in their order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parsed(code):
    """The syntax tree of a cell; an empty one where a cell is not plain Python."""
    try:
        return ast.parse(code)
    except SyntaxError:
        return ast.Module([], [])


def without_commands(code):
    """A cell whose lines for IPython alone, such as `%matplotlib inline`, do nothing."""
    return re.sub(r"^([ \t]*)[%!?].*$", r"\1pass", code, flags=re.MULTILINE)
