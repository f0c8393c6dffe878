"""Lets a warning last until its cause is gone.

Sphinx warns about a page when it reads it, and does not read again what has not changed, so that a second build with `-W`
would look clean. Here a build that warned forgets what it has read, as Sphinx itself does after an error. The next build
reads all pages again; it does not execute them again.
"""

import pathlib

from sphinx.application import ENV_PICKLE_FILENAME


def forget_what_was_read(app, exception):
    """Drop the environment that the next build would begin with, if this build has warned."""
    if app._warncount:  # without -W, too: the next build may be the one with it
        pathlib.Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)


def setup(app):
    app.connect("build-finished", forget_what_was_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
