"""What a student wrote, as text and nothing else: a page that shows it runs in the browser of whoever grades."""

from __future__ import annotations

import html
import re
from typing import Any

import bleach
import nbformat
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbgrader.preprocessors import NbGraderPreprocessor

LONGEST = 20_000  # characters of a text
TAG = re.compile(r"<(?=[A-Za-z/!?])")
ENTITY = re.compile(r"&(?=#|\w{1,40};)")  # may spell what follows
SCHEME = re.compile(r"(script|data|attachment)(?=\s{0,9}\\?:)", re.IGNORECASE)
MACRO = re.compile(r"\\(?=href|style|class|cssId|require)")  # of MathJax, which makes links and attributes of them
TAGS = {*bleach.ALLOWED_TAGS, "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "span", "div", "br", "hr", "del"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"*": ["class"], "a": ["href", "title"], **{f"h{n}": ["id"] for n in range(1, 7)}}


class Harmless(NbGraderPreprocessor):
    """Texts of a submission lose what a browser could run, and everything loses what only a notebook's file says."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        python = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nb.metadata = nbformat.from_dict({"kernelspec": python, "language_info": {"name": "python"}})
        for number, cell in enumerate(nb.cells):
            cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in cell.metadata if key == "nbgrader"})
            cell.pop("attachments", None)
            cell.id = f"cell-{number}"
            cell.source = writable(cell.source if cell.cell_type == "code" else harmless(cell.source))
            if cell.cell_type == "code":
                cell.outputs = []
        return nb, resources


def harmless(text: str) -> str:
    """Markdown without HTML, and without links that run: a space stands in the way of each."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n\n(cut: longer than {LONGEST} characters)"
    text = ENTITY.sub("& ", TAG.sub("< ", text))
    return MACRO.sub(r"\\ ", SCHEME.sub(r"\1 ", text))


def writable(text: str) -> str:
    """What cannot be written to a file, half of a pair of surrogates say, is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def shown(source: str) -> str:
    """Markdown as HTML, in place of nbconvert's filter `markdown2html`, of which nbgrader's pages clean nothing."""
    try:
        page = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(source)
    except Exception:  # a picture that is not there, say, is no reason to show nothing
        page = f"<pre>{html.escape(source)}</pre>"
    return bleach.clean(page, tags=TAGS, attributes=ATTRIBUTES, protocols=["http", "https", "mailto"])
