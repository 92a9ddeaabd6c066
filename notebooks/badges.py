"""The roads to the machines of others: python notebooks/badges.py notebooks/02_chaos_game.ipynb …

Puts two things into a notebook, or makes them what they should be: the line of badges at the end of its first cell, and
the lines that install the course at the beginning of its set-up cell, where it is missing. Outputs stay.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

REPOSITORY = "revorder/revorder"
ADDRESS = f"https://github.com/{REPOSITORY}"
BADGES = {  # where, its picture, and what opens a notebook there
    "Colab": ("https://colab.research.google.com/assets/colab-badge.svg",
              f"https://colab.research.google.com/github/{REPOSITORY}/blob/HEAD/notebooks/"),
    "Kaggle": ("https://kaggle.com/static/images/open-in-kaggle.svg",
               f"https://kaggle.com/kernels/welcome?src={ADDRESS}/blob/HEAD/notebooks/"),
}  # fmt: skip
INSTALL = f"""from importlib.util import find_spec

if find_spec("revorder") is None:  # on Colab and Kaggle
    %pip install -q git+{ADDRESS}
"""
LINE = re.compile(r"\n*^\[!\[Open in .*$", re.MULTILINE)


def badges(name: str) -> str:
    """The line of badges of the notebook with this file name, in Markdown."""
    return " ".join(f"[![Open in {where}]({picture})]({opens}{name})" for where, (picture, opens) in BADGES.items())


def set_up(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The first cell of code."""
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def put(notebook: nbformat.NotebookNode, name: str) -> None:
    """Badges and installation; a set-up that looks for the package already is left alone."""
    title = notebook.cells[0]
    title.source = f"{LINE.sub('', title.source)}\n\n{badges(name)}"
    if 'find_spec("revorder")' not in set_up(notebook).source:
        set_up(notebook).source = f"{INSTALL}\n{set_up(notebook).source}"


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        found = nbformat.read(path, as_version=4)
        put(found, path.name)
        nbformat.write(found, path)
