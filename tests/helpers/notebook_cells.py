"""Cells of a notebook as a program, for a folder of a test's own."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

import nbformat
from conftest import NOTEBOOKS
from nbformat import NotebookNode
from notebook_parts import code
from processes import printed


def plain(source: str) -> str:
    """Without magics."""
    return re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE)


def opened(number: str) -> NotebookNode:
    """The notebook with this number, such as "08"."""
    return nbformat.read(next(path for path in NOTEBOOKS if path.stem.startswith(number)), as_version=4)


def outcome(notebook: NotebookNode, wanted: list[str], folder: Path, *last: str, **variables: str) -> list[str]:
    """What the set-up, the cells with these ids and further lines print, run in a process of their own in `folder`.

    No variable of this process that names a folder or a profile reaches it.
    """
    chosen = [cell.source for cell in code(notebook) if cell.id in ("setup", *wanted)]
    assert len(chosen) == len(wanted) + 1, "there are no such cells"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("REVORDER_")}
    program = "\n".join([*map(plain, chosen), *last])
    return printed("-c", program, cwd=folder, env=ours | variables).splitlines()


def imports(notebook: NotebookNode) -> str:
    """All that the cells import, as one program: the names that a learner's own cell has at least."""
    nodes = (node for cell in code(notebook) for node in ast.parse(plain(cell.source)).body)
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def named(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def constants(node: ast.AST) -> list[Any]:
    """All strings that are written in an expression."""
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
