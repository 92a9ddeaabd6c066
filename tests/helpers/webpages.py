"""Pages of a built site: what they link to and fetch, and a browser that loads them as GitHub Pages serves them."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from processes import python

QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
FETCHING = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch", "prefetch"}
MATHS_IS_SET = "async () => { await window.MathJax?.startup?.promise; await document.fonts.ready }"


def build(root: Path, source: Path, out: Path) -> subprocess.CompletedProcess:
    """Run the command with which the workflow builds the site, on another source folder."""
    workflow = (root / ".github" / "workflows" / "pages.yml").read_text()
    tool, *options, _source, _out = shlex.split(re.search(r"run: (sphinx-build .*)", workflow).group(1))
    assert tool == "sphinx-build"
    return python("-m", "sphinx", *options, source, out, cwd=root, timeout=300)


@cache
def parsed(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page: Path) -> set[str]:
    return {element["id"] for element in parsed(page).find_all(id=True)}


def pages(site: Path) -> list[Path]:
    """All pages; the theme keeps a template among its static files."""
    return sorted(page for page in site.rglob("*.html") if "_static" not in page.relative_to(site).parts)


def references(soup: BeautifulSoup) -> Iterator[tuple[str, bool]]:
    """Addresses in a page, and whether the browser fetches them by itself (a link waits for a click)."""
    for element in soup.find_all(href=True):
        yield element["href"], element.name != "a" and bool(FETCHING & set(element.get("rel", [])))
    for element in soup.find_all(src=True):
        yield element["src"], True
    for element in soup.find_all(srcset=True):
        yield from ((candidate.split()[0], True) for candidate in element["srcset"].split(","))


def dead_links(site: Path) -> list[str]:
    """Local addresses whose file or anchor does not exist. One from the root is dead: the site lies in a subfolder."""
    found = []
    for page in pages(site):
        for address, _ in references(parsed(page)):
            parts = urlsplit(address)
            if not (parts.scheme or parts.netloc) and not _exists(site, page, parts.path, parts.fragment):
                found.append(f"{page.relative_to(site)}: {address}")
    return found


def _exists(site: Path, page: Path, path: str, fragment: str) -> bool:
    target = (page.parent / unquote(path)).resolve() if path else page
    if not target.is_file() or not target.is_relative_to(site.resolve()):
        return False
    return not fragment or unquote(fragment) in anchors(target)


def foreign(site: Path) -> list[str]:
    """What pages and style sheets fetch from another host."""
    addresses = [(page, address) for page in pages(site) for address, fetched in references(parsed(page)) if fetched]
    styles = [(page, str(style.string)) for page in pages(site) for style in parsed(page).find_all("style")]
    styles += [(sheet, sheet.read_text(encoding="utf-8")) for sheet in site.rglob("*.css")]
    for file, text in styles:
        addresses += [(file, url) for url in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", text)]
    return [f"{file.relative_to(site)}: {url}" for file, url in addresses if re.match(r"https?:|//", url)]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_args):
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Tab:
    """A page in the browser, and what it did on the network while it was loaded."""

    def __init__(self, browser, address: str):
        self.requests, self.failures = [], []
        self.page = browser.new_page(viewport={"width": 1280, "height": 1024})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.failures.append(request.url))
        self.page.on("response", lambda answer: answer.status >= 400 and self.failures.append(answer.url))
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.goto(address)
        self.page.evaluate(MATHS_IS_SET)

    def theme(self, name: str) -> None:
        """Light or dark, as the reader's system asks."""
        self.page.emulate_media(color_scheme=name, reduced_motion="reduce")
        self.page.wait_for_function("name => document.documentElement.dataset.theme === name", arg=name)
