"""The pages of notebooks/how-to are programs: each part runs, and prints what the page shows."""

from __future__ import annotations

import pytest
from conftest import ROOT
from how_to import blocks, carried_out

FOLDER = ROOT / "notebooks" / "how-to"
PAGES = sorted(page.stem for page in FOLDER.glob("*.md") if page.stem != "index")
WIDE = 86  # columns that a page shows without scrolling


def wrong(page, folder):
    """(code, what it printed) of the parts that print something else than the page shows."""
    return [(block.code, out) for block, out in carried_out(page, folder) if block.shown not in (None, out)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_what_it_shows(name, tmp_path, posix):
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert any(block.shown for block in blocks(page))
    assert wrong(page, tmp_path) == []


def test_all_pages_are_listed():
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert all(f"]({name}.md)" in index and f"\n{name}\n" in index for name in PAGES)
    assert {"own_model", "own_order", "own_data", "own_experiment", "many_machines", "teach_with_it"} <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_code_fits_the_page(name):
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert [line for block in blocks(page) for line in block.code.splitlines() if len(line) > WIDE] == []


# The checks can fail


SPOILED = {
    "another number": "```python\nprint(2)\n```\n\n```text\n3\n```\n",
    "another number of a command": "```sh\necho 2\n```\n\n```text\n3\n```\n",
    "another number of a file": "```python\n# two.py\nprint(2)\n```\n\n```sh\npython two.py\n```\n\n```text\n3\n```\n",
}


@pytest.mark.parametrize("page", SPOILED.values(), ids=SPOILED)
def test_what_is_not_printed_is_noticed(page, tmp_path, posix):
    assert [out for _, out in wrong(page, tmp_path)] == ["2\n"]
    assert wrong(page.replace("3\n", "2\n"), tmp_path) == []


BROKEN = {
    "```python\nimport nothing_of_this_name\n```\n": ModuleNotFoundError,
    "```sh\nrevorder walk\n```\n": AssertionError,
    "```text\n3\n```\n": AssertionError,
    "```c\nint i;\n```\n": ValueError,
}


@pytest.mark.parametrize(("page", "error"), BROKEN.items())
def test_what_does_not_run_is_noticed(page, error, tmp_path, posix):
    with pytest.raises(error):
        wrong(page, tmp_path)
