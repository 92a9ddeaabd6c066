"""Live figures on a page without a kernel, as the site shows them, in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webpages import QUIET, served

from revorder.live.base import LiveFigure
from revorder.live.modules import FOLDER

PAGE = """<!doctype html><html lang="en" {attributes}><head><meta charset="utf-8"><title>Live figures of a test</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="js/live.css">
<style>html[data-theme=dark] body {{background:#14181e; color:#e6edf3}} body {{margin:16px}}</style></head>
<body><main><h1>Figures</h1>{figures}</main><script type="module" src="js/site.js"></script></body></html>"""
DRAWN = """[...document.querySelectorAll('.live-on')].every(e => +e.dataset.drawn > 0)
    && !!document.querySelector('.live-on')"""
STILL = "[...document.querySelectorAll('.live-on')].every(e => e.live.waiting === undefined)"


def be_still(page: Any) -> None:
    """Wait until every figure has drawn what was set: names, titles and goals follow in a frame, not at once."""
    page.wait_for_function(STILL)


def drag_by(page: Any, handle: Any, dx: float, dy: float, steps: int = 4) -> None:
    """Take a point in hand with the mouse and move it by pixels."""
    handle.scroll_into_view_if_needed()
    box = handle.locator(".live-knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=steps)
    page.mouse.up()


def write_page(folder: Path, figures: Sequence[LiveFigure], attributes: str = "") -> None:
    """A folder with index.html, which shows these figures."""
    shutil.copytree(FOLDER, folder / "js", dirs_exist_ok=True)
    parts = "".join(figure._repr_mimebundle_()[0]["text/html"] for figure in figures)
    (folder / "index.html").write_text(PAGE.format(attributes=attributes, figures=parts), encoding="utf-8")


@contextmanager
def browser(executable: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield opened
        opened.close()


@contextmanager
def opened(
    browser: Any, folder: Path, figures: Sequence[LiveFigure], theme: str = "light", **context: Any
) -> Iterator[Any]:
    """The page with the figures drawn; `page.errors` is what went wrong on it.

    Args:
        context: of the browser, such as viewport, has_touch or reduced_motion.
    """
    write_page(folder, figures, f'data-theme="{theme}"')
    with served(folder) as address:
        page = browser.new_context(**{"viewport": {"width": 1000, "height": 700}, **context}).new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and page.errors.append(said.text))
        page.goto(f"{address}/index.html")
        page.wait_for_function(DRAWN)
        yield page
        page.context.close()
