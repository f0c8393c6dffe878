"""Lets a warning last until its cause is gone.

Sphinx warns about a page when it reads it, and does not read again what has not changed, so that a second build with `-W`
would look clean. Here a build that warned, or did not come to its end, forgets what it has read, as Sphinx itself does after
an error. The next build reads all pages again; it does not execute them again.
"""

import pathlib

from sphinx.application import ENV_PICKLE_FILENAME


def mark(app):
    """The file that stands beside what was read while a build is under way, and stays when it has warned."""
    return pathlib.Path(app.doctreedir, "unfinished")


def forget_what_was_read(app, config):
    """Drop the environment that this build would begin with, if the one before has left its mark."""
    if mark(app).exists():
        pathlib.Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)


def set_mark(app, env, docnames):
    """Mark this build as unfinished, before it reads or writes a page."""
    mark(app).touch()


def remove_mark(app, exception):
    """Let the next build begin with what this one has read, if nothing was wrong."""
    if exception is None and not app._warncount:  # without -W, too: the next build may be the one with it
        mark(app).unlink(missing_ok=True)


def setup(app):
    app.connect("config-inited", forget_what_was_read)
    app.connect("env-before-read-docs", set_mark, priority=900)  # a cell that fails, earlier, leaves what was read
    app.connect("build-finished", remove_mark, priority=900)  # after what others do then, and warn about
    return {"parallel_read_safe": True, "parallel_write_safe": True}
