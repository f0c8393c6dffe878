"""Mends the built pages: what the theme gets wrong or leaves out, and the weight of all that a page loads."""

from book.extensions.theme_repairs import bundles, introduction, light_pictures, page


def setup(app):
    for repairs in (page, introduction, bundles, light_pictures):
        repairs.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
