"""Shows tested source code on a page, so that what is read is what runs."""

import inspect
import textwrap

from IPython.display import Markdown


def show_source(thing):
    """Return the source of a function, method or class as a Markdown code block.

    Parameters
    ----------
    thing : function, method, class or property
        Anything written in Python, such as ``Dense.backward``.

    Returns
    -------
    IPython.display.Markdown
        A heading that names it, and its source without the common indentation.

    Raises
    ------
    TypeError
        If `thing` has no Python source.
    """
    function = thing.fget if isinstance(thing, property) else thing
    try:
        name = f"{function.__module__}.{function.__qualname__}"
        source = textwrap.dedent(inspect.getsource(function))
    except (AttributeError, TypeError, OSError) as error:
        raise TypeError(f"Expected a function, method or class written in Python. Received: {thing!r}.") from error
    return Markdown(f"`{name}`\n\n```python\n{source.rstrip()}\n```")
