"""Links from the course to the reference: where prose or code says `ro.run`, a click leads to its entry."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from public import target
from sphinx.addnodes import pending_xref

LINKS = (nodes.reference, pending_xref)
NAMED = re.compile(r"(ro|revorder)\.[\w.]+(\(.*\))?", re.DOTALL)  # as inline code
DOT, NAME = '<span class="o">.</span>', r'<span class="n">(\w+)</span>'
TYPED = re.compile(rf'<span class="n">ro</span>(?:{re.escape(DOT)}{NAME})+')  # as highlighted code


def link_prose(app: Any, tree: nodes.document) -> None:
    """Inline code such as `ro.run(...)` becomes a link, unless it stands in one."""
    for code in list(tree.findall(nodes.literal)):
        known = target(code.astext()) if NAMED.fullmatch(code.astext()) else None
        if known and not is_in_a_link(code):
            link = pending_xref("", refdomain="py", reftype="obj", reftarget=known, refexplicit=True)
            link["refdoc"] = app.env.docname
            code.replace_self(link)
            link += code


def is_in_a_link(node: nodes.Element) -> bool:
    return node.parent is not None and (isinstance(node.parent, LINKS) or is_in_a_link(node.parent))


def link_code(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """The same for code that is shown."""

    def linked(found: re.Match[str]) -> str:
        names = re.findall(NAME, found[0])
        known = target(".".join(names))
        if not known or (entry := app.env.domains.python_domain.objects.get(known)) is None:
            return found[0]
        address = f"{app.builder.get_relative_uri(page, entry.docname)}#{entry.node_id}"
        return f'<a class="to-reference" href="{address}">{found[0]}</a>'

    if "body" in context:
        context["body"] = TYPED.sub(linked, context["body"])


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx, as an extension."""
    app.connect("doctree-read", link_prose)
    app.connect("html-page-context", link_code)
    return {"parallel_read_safe": True}
