"""The checks of the site can fail: each is given something broken that it must find."""

from __future__ import annotations

import nbformat
import pytest
from accessibility import lost_at_400_percent, violations
from conftest import ROOT
from nbformat.v4 import new_markdown_cell, new_notebook
from nights import at_night, one_in
from webpages import QUIET, build, dead_links, foreign

PYTHON = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
DEAD = {"[x](missing.ipynb)": "missing.ipynb", "[x](02.md#gone)": "'gone'", "![x](missing.png)": "missing.png"}


@at_night
def test_dead_links_fail_the_build(tmp_path):
    """With the site's own configuration, on two small pages and a notebook."""
    index = "# A\n\n```{toctree}\n01\n02\n```\n\n## How to run it\n"
    source = tmp_path / "in"
    source.mkdir()
    for name, text in {"index.md": index, "02.md": "# C\n"}.items():
        (source / name).write_text(text)
    for number, links in enumerate((["[x](02.md#c)"], DEAD)):
        notebook = new_notebook(cells=[new_markdown_cell("# B\n\n" + " ".join(links))], metadata=PYTHON)
        nbformat.write(notebook, source / "01.ipynb")
        done = build(ROOT, source, tmp_path / f"out{number}")
        assert (done.returncode == 0) == (links is not DEAD)
        assert done.stderr.count("WARNING") == len(links) * (links is DEAD)
    assert all(complaint in done.stderr for complaint in DEAD.values())


PAGE = "<html><body><p id='here'>text</p>{}</body></html>"


GONE = ["<a href=gone.html>", "<a href=#gone>", "<a href=/page.html>", "<img src=x>", "<a href=../outside.html>",
        "<a href=page.html#gone>"]  # fmt: skip


@pytest.mark.parametrize("spoiled", GONE)
def test_dead_links_are_found(tmp_path, spoiled):
    (tmp_path / "outside.html").write_text(PAGE)
    site = tmp_path / "site"
    site.mkdir()
    for name, more in {"page": "<a href='#here'><a href='other.html#here'>", "other": spoiled}.items():
        (site / f"{name}.html").write_text(PAGE.format(more))
    assert len(dead_links(site)) == 1


ELSEWHERE = ["<script src='https://cdn.example/a.js'>", "<link rel=stylesheet href='//b.example'>",
             "<img src='https://c.example'>", "<style>@import 'https://d.example'</style>"]  # fmt: skip


@pytest.mark.parametrize("spoiled", ELSEWHERE)
def test_other_hosts_are_found(tmp_path, spoiled):
    (tmp_path / "page.html").write_text(PAGE.format("<a href='https://fine.example'>" + spoiled))
    assert len(foreign(tmp_path)) == 1


WORDS = "words " * 60
FINE = f"""<html lang="en"><head><title>A page</title></head><body><main><article><h1>A heading</h1>
<p>{WORDS}</p><p class="code">{WORDS}</p><img alt="a curve" src="data:,"></article></main></body></html>"""
UNREADABLE = {
    "color-contrast": ('class="code"', 'class="code" style="color: #bbb"'),
    "image-alt": ('alt="a curve"', ""),
    "html-has-lang": ('lang="en"', ""),
}
NARROW = {
    "pixels wide": "width: 500px",
    "cut off": "overflow: hidden; white-space: nowrap",
    "no key scrolls": "overflow: auto; white-space: nowrap; width: 9rem",
}


@pytest.fixture(scope="module")
def playwright():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture
def page(playwright, chromium):
    browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
    yield browser.new_page(viewport={"width": 1280, "height": 1024})
    browser.close()


@pytest.mark.parametrize("rule", UNREADABLE)
def test_axe_finds_what_is_wrong(page, rule):
    page.set_content(FINE)
    assert violations(page) == []
    page.set_content(FINE.replace(*UNREADABLE[rule]))
    assert [finding.split(":")[0] for finding in violations(page)] == [rule]


@pytest.mark.parametrize("loss", one_in(2, NARROW))
def test_losses_are_found(page, loss):
    page.set_content(FINE)
    assert lost_at_400_percent(page) == []
    page.set_content(FINE.replace("<p>", f'<p style="{NARROW[loss]}">'))
    assert any(loss in finding for finding in lost_at_400_percent(page))
