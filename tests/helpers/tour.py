"""The tour of the code, notebooks/tour.md: its examples, its stops, and the code that each of them names."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path
from textwrap import dedent

FENCE = re.compile(r"^```.*$", re.MULTILINE)
STOP = re.compile(r"^\[(.+): (.+)\]\((.+\.py)\)$", re.MULTILINE)


def examples(text: str) -> doctest.DocTest:
    """All `>>>` of a page as one session; line numbers are those of the page."""
    return doctest.DocTestParser().get_doctest(FENCE.sub("", text), {}, "tour", "tour.md", 0)


def stops(text: str) -> list[tuple[str, str, str]]:
    """(file, name, target of the link) for every line that is a link to code."""
    return STOP.findall(text)


def source(file: Path, name: str) -> str:
    """The code of a function, class or Class.method, decorators included, moved to the left.

    Raises:
        LookupError: the file has no such name.
    """
    code = file.read_text(encoding="utf-8")
    found: ast.AST = ast.parse(code)
    for part in name.split("."):
        named = [node for node in getattr(found, "body", []) if getattr(node, "name", None) == part]
        if not named:
            raise LookupError(f"{file.name} has no {name}")
        found = named[-1]
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return dedent("\n".join(code.splitlines()[first - 1 : found.end_lineno]))
