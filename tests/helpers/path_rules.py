"""What a notebook reads beside itself, as its code says without being run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from conftest import NOTEBOOKS
from nbformat import NotebookNode
from notebook_cells import constants, named, plain
from notebook_parts import code

READERS = re.compile(
    r"^(Path|PurePath|open|chdir|listdir|scandir|glob|Folder|Image|imread|load\w*|read(_\w+)?|fromfile)$"
)
FOLDER = NOTEBOOKS[0].parent


def read_beside(notebook: NotebookNode) -> Iterator[str]:
    """Lines that name a file or folder of the working folder, and commands of the shell but `%pip install`."""
    for cell in code(notebook):
        yield from re.findall(r"^ *[%!](?!pip install ).*", cell.source, flags=re.MULTILINE)
        for statement in ast.parse(plain(cell.source)).body:
            if any(map(_reads, ast.walk(statement))):
                yield ast.unparse(statement)


def _reads(node: ast.AST) -> bool:
    """Whether a path is written out that begins in the working folder."""
    if isinstance(node, ast.Call):
        given = [*node.args[:1], *(each.value for each in node.keywords if each.arg in ("filename", "path"))]
        written = [text for each in given if isinstance(each, ast.Constant) for text in constants(each)]
        return named(node) == "cwd" or bool(READERS.match(named(node)) and any(map(_relative, written)))
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _lies_there(node.value)


def _relative(text: str) -> bool:
    return not text.startswith(("/", "http:", "https:")) and "*" not in text


def _lies_there(text: str) -> bool:
    """Whether a string is a path, with a slash or an ending, of something in the notebooks' folder."""
    written = re.fullmatch(r"[\w.-]+(/[\w.-]+)+|[\w-]+\.\w+|\.\.?", text)
    return bool(written) and (FOLDER / text).exists()
