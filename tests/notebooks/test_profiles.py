"""What REVORDER_PROFILE scales: README and the instructor's guide say it of the notebooks that ask, and of no other."""

from __future__ import annotations

import re

import nbformat
import pytest
from conftest import NOTEBOOKS, ROOT
from notebook_parts import code, folded

SAID = (
    r"gives more seeds to what notebooks (?P<seeds>[\d, and]+) run,.{,120}? more steps to (?P<size>\d\d),"
    r" and (?P<name>\d\d)'s second panel its profile; the other notebooks stay as they are\."
)


def asked():
    """What of the profile each notebook uses -> the notebooks; the device is the same in every profile."""
    found = {}
    for path in NOTEBOOKS:
        source = "\n".join(cell.source for cell in code(nbformat.read(path, as_version=4)))
        for name in {*re.findall(r"\bprofile\(\)\.(\w+)", source)} - {"device"}:
            found.setdefault(name, []).append(path.stem[:2])
        assert source.count("profile()") == len(re.findall(r"\bcourse\.profile\(\)\.\w", source)), path.stem
    return found


@pytest.mark.parametrize("page", ["README.md", "notebooks/instructor/README.md"])
def test_pages_say_what_is_scaled(page):
    told = re.search(SAID, " ".join((ROOT / page).read_text("utf8").split()))
    assert {name: re.findall(r"\d\d", told.group(name)) for name in ("seeds", "size", "name")} == asked()


def test_the_panel_on_the_page_below_the_first_begins_with_the_profile():
    shown = [cell.source for cell in code(nbformat.read(NOTEBOOKS[10], as_version=4)) if not folded(cell)]
    panels = [line for text in shown for line in re.findall(r"widgets\.ExperimentPanel\(.*", text)]
    assert ["profile()" in line for line in panels] == [False, True]
