"""Ends each reference of the bibliography with the pages that cite it, linked to the place."""

from docutils import nodes

from book.extensions.book_pages import link_to_page, list_of_places, reading_order


def first_citations(env):
    """Map each key to {page: anchor of its first citation there}, in the order of the book."""
    order = {docname: number for number, docname in enumerate(reading_order(env))}
    found = {}
    references = env.get_domain("cite").citation_refs
    for reference in sorted(references, key=lambda ref: (order.get(ref.docname, len(order)), ref.line)):
        for key in (target.key for target in reference.targets):
            found.setdefault(key, {}).setdefault(reference.docname, reference.citation_ref_id)
    return found


def end_with_citing_pages(app, doctree, docname):
    """Add a line to every reference on a page that holds a bibliography."""
    citations = list(doctree.findall(nodes.citation))
    if not citations:
        return
    keys = {entry.citation_id: entry.key for entry in app.env.get_domain("cite").citations}
    cited = app.env.first_citations
    for citation in citations:
        places = cited.get(keys.get(citation["ids"][0]), {})
        links = [link_to_page(app, docname, page, anchor) for page, anchor in places.items()]
        citation += list_of_places("Cited in", links, "cited-in")


def pages_with_bibliographies(app, env):
    """The pages with a bibliography, if references are cited elsewhere than when they were written."""
    before, env.first_citations = getattr(env, "first_citations", None), first_citations(env)
    if env.first_citations == before:
        return set()
    return {key.docname for key in env.get_domain("cite").bibliographies}


def setup(app):
    app.connect("env-get-updated", pages_with_bibliographies)
    app.connect("doctree-resolved", end_with_citing_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
