"""Measure a newcomer's wait: from "run all cells" in a fresh kernel of a real JupyterLab to the first figure drawn.

    python benchmarks/walk.py

prints one line for each notebook, and writes a screenshot of its first screen (1366 x 768, side bar open) to the folder
given by --out. What can be learnt from those screens stands in results/two-cores/walk.md, written by hand.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "helpers"), str(ROOT / "tests")]
DRAWN = """[...document.querySelectorAll('.live-on')].some(each => each.dataset.drawn > 0)
    || [...document.querySelectorAll('.jupyter-widgets img')].some(each => each.naturalWidth > 0)"""
TOP = "() => window.jupyterapp.shell.currentWidget.content.scrollToItem(0, 'start')"


def main(arguments: list[str] | None = None) -> None:
    """Walk through all notebooks."""
    from lab import served

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for the screenshots")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args(arguments)
    folder, scratch = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    first = sorted((folder / "notebooks").glob("[01]*.ipynb"))
    with served(f"jupyter lab --allow-root notebooks/{first[0].name}", folder, scratch) as lab:
        for notebook in first:
            seconds, whole = walked(lab, notebook.name, asked)
            print(f"{notebook.stem}: first figure after {seconds:.1f} s, all cells after {whole:.1f} s", flush=True)


def walked(lab: Any, name: str, asked: argparse.Namespace) -> tuple[float, float]:
    """Seconds until the first figure, and until all cells have run."""
    from lab import RUN, opened

    with opened(lab, name, asked.chromium, size=(1366, 768), mode="lab") as page:
        began = time.perf_counter()
        page.evaluate("run => { window.done = eval(run)() }", RUN)
        page.wait_for_function(DRAWN)
        seconds = time.perf_counter() - began
        page.evaluate("() => window.done")
        whole = time.perf_counter() - began
        if asked.out:
            page.evaluate(TOP)
            page.wait_for_timeout(800)
            page.screenshot(path=asked.out / f"{Path(name).stem}.png")
    return seconds, whole


if __name__ == "__main__":
    main()
