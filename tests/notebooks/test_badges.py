"""Badges that open every notebook on Colab and Kaggle, and set-up cells that install the course where it is missing."""

from __future__ import annotations

import importlib.util
import re

import nbformat
import pytest
from conftest import NOTEBOOKS, ROOT

SPEC = importlib.util.spec_from_file_location("badges", ROOT / "notebooks" / "badges.py")
badges = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(badges)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_the_first_cell_ends_with_the_badges(path):
    title = nbformat.read(path, as_version=4).cells[0]
    assert title.cell_type == "markdown" and title.source.splitlines()[-1] == badges.badges(path.name)
    assert title.source.count("[![") == len(badges.BADGES) == 2


def test_badges_open_this_file_of_this_repository(path, project):
    address = project["urls"]["Repository"]
    opened = re.findall(r"\]\((\S+\.ipynb)\)", badges.badges(path.name))
    ours = f"{address.removeprefix('https://github.com/')}/blob/HEAD/notebooks/{path.name}"
    assert len(opened) == 2 and all(link.endswith(ours) for link in opened) and path.exists()
    assert address == badges.ADDRESS


def test_the_set_up_installs_what_is_missing(path, project):
    source = badges.set_up(nbformat.read(path, as_version=4)).source
    assert source.startswith(badges.INSTALL)
    assert 'if find_spec("revorder") is None:' in source and project["urls"]["Repository"] in source
    assert source.index("find_spec(") < source.index("import revorder")


def test_the_readme_has_the_badges_of_the_first_notebook():
    assert badges.badges(NOTEBOOKS[0].name) in (ROOT / "README.md").read_text()


def test_putting_them_twice_changes_nothing_and_old_ones_go():
    cells = [nbformat.v4.new_markdown_cell("# 01 · T\n\nWhy?"), nbformat.v4.new_code_cell("import torch")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    badges.put(notebook, "01_old.ipynb")
    badges.put(notebook, "01_new.ipynb")
    first = [cell.source for cell in notebook.cells]
    badges.put(notebook, "01_new.ipynb")
    assert [cell.source for cell in notebook.cells] == first
    assert first[0] == f"# 01 · T\n\nWhy?\n\n{badges.badges('01_new.ipynb')}"
    assert first[1] == f"{badges.INSTALL}\nimport torch"
