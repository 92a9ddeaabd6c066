"""The tour of the code keeps its word: its examples run, its stops exist, and the site shows their code.

That the built page holds the code is tested in test_site.py, where the site is built.
"""

from __future__ import annotations

import doctest
import re

import pytest
from conftest import ROOT
from scripts import loaded
from tour import examples, source, stops
from webpages import build

PAGE = ROOT / "notebooks" / "tour.md"
TEXT = PAGE.read_text(encoding="utf-8")
STOPS = stops(TEXT)
SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
ROOMS = {"orders", "planning", "updates", "engines", "running", "trajectories"}
SHORT = 86  # columns of an example that the site shows without scrolling


@pytest.fixture(scope="module")
def conf():
    """notebooks/site/conf.py, which makes code of links."""
    return loaded(ROOT / "notebooks" / "site" / "conf.py")


# The examples


def test_examples_print_what_is_shown():
    session = examples(TEXT)
    assert len(session.examples) > 40
    assert doctest.DocTestRunner().run(session).failed == 0


def test_a_wrong_number_is_noticed():
    assert TEXT.count("0.6875, 0.6875]\n") == 1  # the first result
    spoiled = examples(TEXT.replace("0.6875, 0.6875]\n", "0.6875, 0.6876]\n"))
    assert doctest.DocTestRunner().run(spoiled, out=lambda text: None).failed == 1


def test_examples_are_in_fences_and_fit_the_page():
    """What is outside of a fence GitHub would show as prose."""
    outside = re.sub(r"^```python\n.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert ">>>" not in outside
    assert [line for line in TEXT.splitlines() if line.startswith((">>>", "...")) and len(line) > SHORT] == []


# The stops


def test_stops_are_counted_and_visit_the_rooms():
    assert 10 <= len(STOPS) <= 14
    assert "twelve stops" in TEXT and len(STOPS) == 12
    assert {file.split("/")[1].removesuffix(".py") for file, _, _ in STOPS} >= ROOMS


def test_each_section_is_one_stop():
    """With what comes in, what goes out, what it is called, and something to doubt."""
    assert len(SECTIONS) == len(STOPS)
    for number, section in enumerate(SECTIONS, start=1):
        assert section.startswith(f"{number}. ")
        assert len(stops(section)) == 1
        assert all(section.count(part) == 1 for part in ("**In:**", "**Out:**", "**Named:**", "**Doubt it:**"))
        assert examples(section).examples


@pytest.mark.parametrize(("file", "name", "target"), STOPS)
def test_each_stop_names_code_that_exists(file, name, target):
    assert (PAGE.parent / target).resolve() == ROOT / file
    assert re.search(rf"(def|class) {name.split('.')[-1]}\b", source(ROOT / file, name))


def test_a_wrong_name_is_noticed():
    with pytest.raises(LookupError):
        source(ROOT / "revorder" / "orders.py", "Backward.words")


def test_files_that_the_prose_names_exist():
    named = re.findall(r"`([\w/]+\.py)`", TEXT)
    assert named
    assert [file for file in named if not (ROOT / "revorder" / file).is_file()] == []


# The way into the site


def test_only_links_to_code_become_code(conf):
    made = conf.show_code_in(TEXT)
    assert made.count("```{literalinclude} ../revorder/") == len(STOPS)
    assert stops(made) == []
    assert [line for line in TEXT.splitlines() if line not in made.splitlines()] == re.findall(r"^\[.*\)$", TEXT, re.M)


WRONG = ["[revorder/orders.py: Backward](../revorder/batches.py)", "[revorder/orders.py](../revorder/orders.py)",
         "[revorder/orders.py: Backward](revorder/orders.py)"]  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_a_link_that_is_half_right_is_refused(conf, line):
    with pytest.raises(ValueError, match="a link to code must read"):
        conf.show_code_in(f"Text.\n\n{line}\n")


GONE = ["orders.py: Backwards", "orders.py: Backward.words", "disorders.py: Backward"]


def test_what_does_not_exist_fails_the_build(tmp_path):
    """With the site's own configuration, on a small page and a small library."""
    (tmp_path / "revorder").mkdir()
    (tmp_path / "revorder" / "orders.py").write_text("class Backward:\n    def word(self):\n        pass\n")
    (tmp_path / "in").mkdir()
    for names in (["orders.py: Backward", "orders.py: Backward.word"], GONE):
        links = [f"[revorder/{name}](../revorder/{name.split(':')[0]})\n" for name in names]
        (tmp_path / "in" / "index.md").write_text("\n".join(["# A tour\n", *links]))
        done = build(ROOT, tmp_path / "in", tmp_path / "out")
        assert (done.returncode == 0) == (names is not GONE), done.stderr
        assert done.stderr.count("WARNING") == len(names) * (names is GONE), done.stderr
