"""Lets a build that has read no page write none but the cover.

Whatever its changes, Sphinx numbers all figures again at each build, for which it loads every page, and the book's own
extensions write the pages that depend on others. Where no page was read, the last build has done all of that. The cover is
written nevertheless, because Sphinx copies a changed style sheet only if it writes a page.
"""


def note_what_was_read(app, env, docnames):
    """Keep the names of the pages that this build reads."""
    app.pages_read = list(docnames)


def ask_only_after_reading(app, config):
    """Ask which pages depend on those that were read only if any was read."""
    listeners = app.events.listeners["env-get-updated"]
    listeners[:] = [listener._replace(handler=after_reading(listener.handler)) for listener in listeners]


def after_reading(handler):
    """The handler of an event, which answers with the cover if no page was read."""
    return lambda app, env: handler(app, env) if app.pages_read else [env.config.root_doc]


def setup(app):
    app.connect("env-before-read-docs", note_what_was_read)
    app.connect("config-inited", ask_only_after_reading, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
