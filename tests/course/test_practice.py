"""The second assignment under nbgrader, by the guide's commands: what is handed out, and scores, by hand and not."""

from __future__ import annotations

import copy
import csv
import os
import re
import shutil

import nbformat
import pytest
from conftest import ROOT
from nights import at_night
from practice_answers import NAMES, POINTS, SENTENCES, WRONG
from test_assignment import GUIDE, commands, marks, shell

FOLDER = ROOT / "notebooks"
NAME = "12_practice"
MISTAKES = {exercise: text for exercise, text, _ in reversed(WRONG)}  # one for each exercise


def source():
    return nbformat.read(FOLDER / "instructor" / f"{NAME}.ipynb", as_version=4)


def told(heading):
    return commands(heading).replace("11_assignment", NAME)


def cell_of(notebook, grade_id):
    return next(cell for cell in notebook.cells if marks(cell).get("grade_id") == grade_id)


def submission(release, sentences=(), mistakes=None):
    """The solved notebook without figures and runs of its own, with these sentences, and mistakes below solutions."""
    notebook = copy.deepcopy(source())
    notebook.cells = [cell for cell in notebook.cells if marks(cell) or cell.id == "setup"]
    for name in SENTENCES:
        cell_of(notebook, name).source = "Because." if name in sentences else cell_of(release, name).source
    for name, text in (mistakes or {}).items():
        cell_of(notebook, name.replace("12-", "answer-")).source += f"\n{text}"
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(FOLDER / "instructor", clone / "notebooks" / "instructor")
    shell(told("Make the release"), clone)
    if os.name == "posix" and os.geteuid() == 0:
        shell(told("As another user"), clone)
    return clone


@pytest.fixture(scope="module")
def release(folder):
    return nbformat.read(folder / "course" / "release" / NAME / f"{NAME}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def graded(folder, release):
    """Student -> cell -> (automatic score, by hand, whether somebody must look), after one call of autograde."""
    from nbgrader.api import Gradebook

    handed_in = {"solved": submission(release, SENTENCES), "blank": release}
    handed_in["wrong"] = submission(release, ["sentence-model"], MISTAKES)
    for student, notebook in handed_in.items():
        place = folder / "course" / "submitted" / student / NAME
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{NAME}.ipynb")
    shell(told("Grade"), folder)
    found = {}
    with Gradebook(f"sqlite:///{folder}/course/gradebook.db", "revorder") as gradebook:
        for student in handed_in:
            grades = gradebook.find_submission_notebook(NAME, NAME, student).grades
            found[student] = {grade.name: (grade.score, grade.needs_manual_grade) for grade in grades}
    return found


def test_solutions_model_answers_and_rubrics_are_not_in_the_release(release):
    for notebook in (release, nbformat.read(FOLDER / f"{NAME}.ipynb", as_version=4)):
        text = "\n".join(cell.source for cell in notebook.cells)
        assert not re.search(r"BEGIN|END|SOLUTION|Rubric|noqa", text)
        for cell in source().cells:
            for inside in re.findall(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", cell.source, flags=re.DOTALL):
                assert all(line not in text for line in inside.splitlines() if len(line) > 20)
        assert all(cell_of(notebook, name).source == "YOUR ANSWER HERE" for name in SENTENCES)


def test_the_committed_release_is_what_nbgrader_makes_of_the_source(release):
    committed = nbformat.read(FOLDER / f"{NAME}.ipynb", as_version=4)
    for made, kept in zip(release.cells, committed.cells, strict=True):
        assert (made.id, made.cell_type, made.source) == (kept.id, kept.cell_type, kept.source)
        assert made.metadata == kept.metadata


def test_source_was_run_in_order_and_is_solved():
    code = [cell for cell in source().cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for name, answer in NAMES.items():
        cell = cell_of(source(), name.replace("12-", "test-"))
        assert cell.source == f'verdict = ro.course.check("{name}", {answer})\nprint(verdict)'
        assert cell.outputs[0].text == f"{name}: correct.\n"


def test_points_are_those_of_the_guide_and_the_notebook():
    points = {name: marks(cell_of(source(), name.replace("12-", "test-")))["points"] for name in NAMES}
    rows = re.findall(r"^\| `(12-\w+)` \|.*\| (\d) \|", GUIDE.read_text(), flags=re.MULTILINE)
    assert points == POINTS == {name: int(number) for name, number in rows}
    assert {name: marks(cell_of(source(), name))["points"] for name in SENTENCES} == SENTENCES
    assert set(SENTENCES) == set(re.findall(r"^\| `(sentence-\w+)`", GUIDE.read_text(), flags=re.MULTILINE))
    prose = "\n".join(cell.source for cell in source().cells if cell.cell_type == "markdown")
    row = re.search(r"^\| points \|(.*)\| 2 each \|$", prose, flags=re.MULTILINE).group(1)
    assert [int(number) for number in row.split("|")] == list(POINTS.values())


def test_rubrics_of_the_source_are_those_of_the_guide():
    for name in SENTENCES:
        assert re.search(r"Rubric\. 2: .+ 1: one of\s+the two\. 0: ", cell_of(source(), name).source, flags=re.DOTALL)


def automatic(scores):
    return {name.replace("test-", "12-"): score for name, (score, _) in scores.items() if name.startswith("test-")}


@at_night
def test_right_answers_get_all_points_and_blank_ones_none(graded):
    assert automatic(graded["solved"]) == POINTS
    assert automatic(graded["blank"]) == automatic(graded["wrong"]) == dict.fromkeys(POINTS, 0)


@at_night
def test_sentences_wait_for_a_person_and_untouched_ones_have_nothing(graded):
    by_hand = {student: {name: scores[name] for name in SENTENCES} for student, scores in graded.items()}
    assert by_hand["solved"] == dict.fromkeys(SENTENCES, (0, True))
    assert by_hand["blank"] == dict.fromkeys(SENTENCES, (0, False))
    assert [waits for _, waits in by_hand["wrong"].values()] == [True, False, False]


@at_night
def test_the_exported_score_leaves_room_for_the_sentences(graded, folder):
    with open(folder / "course" / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert float(rows["solved"]["score"]) == sum(POINTS.values()) == 14
    assert float(rows["solved"]["max_score"]) == 20
