"""Turns the launch buttons off while the configuration names no repository.

The theme would otherwise stop the build at the first chapter. So one value, the repository's address,
decides whether a chapter can be launched.
"""


def without_address_no_buttons(app, config):
    """Drop the launch buttons where there is no repository that they could open."""
    if not config.html_theme_options.get("repository_url"):
        config.html_theme_options.pop("launch_buttons", None)


def setup(app):
    app.connect("config-inited", without_address_no_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
