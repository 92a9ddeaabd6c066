"""Run notebooks from a fresh kernel, and keep their outputs: python notebooks/rerun.py notebooks/02_chaos_game.ipynb …

The states of widgets are not kept: what a figure shows without a kernel lies in its own output.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def rerun(path: Path) -> float:
    """Run a notebook in its folder and write it back; returns seconds.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; the file is left as it was.
    """
    notebook, began = nbformat.read(path, as_version=4), time.perf_counter()
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, resources=folder, record_timing=False, store_widget_state=False).execute()
    notebook.metadata.pop("widgets", None)
    nbformat.write(notebook, path)
    return time.perf_counter() - began


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {rerun(Path(name).resolve()):.1f} s")
