"""The kernels that run the chapters: their environment, and how long a chapter may take."""

import pytest

from book.kernels import prepare_environment

prepare_environment()

# Of the processor, so that waiting for other processes does not count. The slowest chapters have taken 60 to 79 s, on a machine
# that was slow and busy; half as much again is a fault. Under slower linear algebra say more: `pytest -o chapter_seconds=300`.
CHAPTER_SECONDS = 110


def pytest_addoption(parser):
    parser.addini("chapter_seconds", "how long a chapter's kernel may compute", default=str(CHAPTER_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail the last cell of a notebook whose kernel has computed for too long."""
    result = yield
    notebook = getattr(item.parent, "nb", None)
    if notebook is not None and item.cell is [cell for cell in notebook.cells if cell.cell_type == "code"][-1]:
        limit = float(item.config.getini("chapter_seconds"))
        seconds = processor_seconds(item.parent.kernel.kc)
        if seconds > limit:
            chapter = item.path.relative_to(item.config.rootpath)
            pytest.fail(f"{chapter} took {seconds:.1f} s of processor time; the limit is {limit:g} s.")
    return result


def processor_seconds(kernel):
    """How long a kernel and the processes that it has started and awaited have computed, all threads together."""
    asked = kernel.execute(
        "", silent=True, user_expressions={"seconds": "sum(__import__('os').times()[:4])"}, reply=True
    )
    return float(asked["content"]["user_expressions"]["seconds"]["data"]["text/plain"])
