"""A class is graded in an environment that knows the wheel only: five honest submissions, and those who cheat."""

from __future__ import annotations

import csv
import json
import os
import shutil

import nbformat
import pytest
from conftest import ROOT
from guide import commands
from submissions import FULL, NONE, cheats, honest

NAME = "11_assignment"
NEED_ANOTHER_USER = ("reading", "writing", "importing")  # what no check inside one account can stop
NOTICED = {"hiding": "IPython.transformers was changed", "patching": "numpy.allclose was changed",
           "writing": "the word gradebook", "forging": "the word atexit"}  # fmt: skip
SCORES = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", "revorder") as book:
    graded = {s.student.id: s.notebooks[0].grades for s in book.find_assignment("11_assignment").submissions}
    named = {who: {g.name.replace("test-", "11-"): g.score for g in grades} for who, grades in graded.items()}
    print(json.dumps(named))
"""


def is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


@pytest.fixture(scope="module")
def course(fresh, tmp_path_factory):
    """The folder of the course, graded by the commands of the guide: in two groups at once."""
    clone = tmp_path_factory.mktemp("instructor")
    shutil.copytree(ROOT / "notebooks" / "instructor", clone / "notebooks" / "instructor")
    steps = ["Make the release", *(["As another user"] if is_root() else [])]
    for step in steps:
        fresh.run("bash", "-euc", commands(step), cwd=clone)
    folder = clone / "course"
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write("c.Judged.seconds = 3\n")
    release = nbformat.read(folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    handed_in = {who: notebook for who, (notebook, _) in honest(release).items()} | cheats(release, str(folder))
    for who, notebook in handed_in.items():
        (folder / "submitted" / who / NAME).mkdir(parents=True)
        nbformat.write(notebook, folder / "submitted" / who / NAME / f"{NAME}.ipynb")
    (folder / "submitted" / "broken" / NAME).mkdir(parents=True)
    (folder / "submitted" / "broken" / NAME / f"{NAME}.ipynb").write_text("no notebook")
    fresh.run("bash", "-euc", commands("Times"), cwd=clone)
    return folder


@pytest.fixture(scope="module")
def scores(fresh, course):
    return json.loads(fresh.printed(SCORES, cwd=course))


@pytest.mark.parametrize("who", ["right", "loop", "deleted", "crash", "blank"])
def test_honest_submissions_lose_what_is_wrong_and_no_more(scores, course, who):
    release = nbformat.read(course / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    assert scores[who] == honest(release)[who][1]


@pytest.mark.parametrize("who", ["hiding", "reading", "writing", "importing", "learning", "patching", "forging"])
def test_cheats_get_nothing(scores, who):
    if who in NEED_ANOTHER_USER and not is_root():
        pytest.skip("grading as another user needs root")
    assert scores[who] == NONE


@pytest.mark.parametrize("who", NOTICED)
def test_what_can_be_seen_of_a_cheat_is_reported(course, who):
    with (course / "notices.csv").open(newline="") as file:
        notices = [(student, notice) for student, _, notice in csv.reader(file)]
    assert any(student == who and NOTICED[who] in notice for student, notice in notices)
    assert "right" not in {student for student, _ in notices}


def test_a_broken_file_costs_nobody_else_anything(scores, course):
    assert scores["broken"] == NONE and not (course / "autograded" / "broken").exists()


def test_totals_are_exported(course):
    with (course / "grades.csv").open(newline="") as file:
        totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert totals["right"] == sum(FULL.values()) == 20 and totals["blank"] == 0 and totals["loop"] == 16


def test_feedback_says_what_was_lost(fresh, course):
    fresh.run("bash", "-euc", commands("Give feedback"), cwd=course.parent)
    pages = {path.parts[-3]: path.read_text() for path in (course / "feedback").rglob("*.html")}
    assert "11-path: not yet. Hint: your answer took longer than 3 seconds." in pages["loop"]
    assert "11-cost: not yet. Hint: your answer ended the Python process." in pages["crash"]
    assert "This cell ended the Python process, so it was left out." in pages["crash"]
    assert "but not in others. Hint: write the words down by labels" in pages["learning"]
    assert "is wrong for" not in pages["learning"]
