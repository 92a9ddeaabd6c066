"""Measure every live figure in a browser: from the page's start to its first frame, and frames while it moves.

    python benchmarks/live.py --out benchmarks/results/laptop

writes live.md and live.json there. Each figure stands on a page without a kernel, as on the site, in headless Chromium,
which draws in software. It is played for some seconds at its own speed, and its first handle, or else its first
slider, is moved to and fro by the mouse for as long.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "helpers"), str(Path(__file__).parents[1] / "tests")]
HOW = """\
*First frame*: milliseconds from the start of the page's loading, in a browser that is already open, until the figure is
drawn. *Playing*, *dragging*: frames drawn per second; the screen has 60. A handle that snaps to whole numbers is drawn
only when its setting changes. Headless Chromium draws in software, without a GPU.
"""
HEAD = ["figure", "first frame (ms)", "playing (frames/s)", "dragging (frames/s)"]
LIVE = "document.querySelector('.live-on').live"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--seconds", type=float, default=2.0, help="of playing, and of dragging")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args(arguments)
    rows = list(measured(asked.chromium, asked.seconds))
    card = machine.card(1)
    card["versions"] |= {name: importlib.metadata.version(name) for name in ("anywidget", "playwright")}
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "live.json").write_text(json.dumps(card | {"figures": rows}, indent=1) + "\n")
    (asked.out / "live.md").write_text(table(card, rows))
    print(table(card, rows))


def measured(chromium: str, seconds: float) -> Any:
    """One row for each figure of `revorder.live` that moves."""
    from live_pages import browser, opened

    from revorder import live

    with browser(chromium) as running, tempfile.TemporaryDirectory() as folder:
        for name in [name for name in live.__all__ if name != "Predict"]:
            figure = getattr(live, name)()
            with opened(running, Path(folder) / name, [figure]) as page:
                first = page.evaluate("document.querySelector('.live-on').live.born")
                yield {"figure": name, "first": first, "playing": playing(page, seconds),
                       "dragging": dragging(page, seconds)}  # fmt: skip
            figure.close()


def frames(page: Any) -> int:
    """How often the figure has been drawn."""
    return page.evaluate(f"{LIVE}.frames")


def playing(page: Any, seconds: float) -> float | None:
    """Frames per second from the start on; none for a figure that cannot be played."""
    if not page.evaluate(f"!!{LIVE}.player"):
        return None
    page.evaluate(f"{LIVE}.player.go(0)")
    page.evaluate(f"{LIVE}.player.start()")
    before, began = frames(page), time.perf_counter()
    while page.evaluate(f"{LIVE}.player.running") and time.perf_counter() - began < seconds:
        time.sleep(0.05)
    found = (frames(page) - before) / (time.perf_counter() - began)
    page.evaluate(f"{LIVE}.player.pause()")
    return found


def dragging(page: Any, seconds: float) -> float | None:
    """Frames per second while the mouse moves; it is moved more often than the screen is drawn."""
    grip = page.locator(".live-handle:visible .live-knob, .live-controls input[type=range]:visible").first
    if not grip.count():
        return None
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    before, began, number = frames(page), time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        number += 1
        page.mouse.move(x + abs(number % 240 - 120) - 60, y + abs(number % 160 - 80) - 40)
    found = (frames(page) - before) / (time.perf_counter() - began)
    page.mouse.up()
    return found


def table(card: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown, with the machine."""
    from rows import grid

    where = f"{card['cpu']}, {card['cores']} cores; {card['os']}; {machine.versions(card)}"
    numbers = ("first", "playing", "dragging")
    lines = [[row["figure"], *("" if row[key] is None else f"{row[key]:.0f}" for key in numbers)] for row in rows]
    return "\n".join(["# Live figures\n", f"{where}; {card['date'][:10]}\n", HOW, grid(HEAD, lines)])


if __name__ == "__main__":
    main()
