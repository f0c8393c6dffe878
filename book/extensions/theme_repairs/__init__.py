"""Mends the built pages: what the theme gets wrong, and the weight of pictures."""

from book.extensions.theme_repairs import light_pictures, page


def setup(app):
    for repairs in (page, light_pictures):
        repairs.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
