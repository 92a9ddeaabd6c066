"""The graded assignment under nbgrader, by the commands of the guide for teachers: what is handed out, and scores."""

from __future__ import annotations

import copy
import csv
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from assignment_answers import NAMES, POINTS, WRONG
from conftest import ROOT
from guide import GUIDE, commands

FOLDER = ROOT / "notebooks"
NAME = "11_assignment"
COURSE = "https://github.com/revorder/revorder/blob/HEAD/notebooks/"
ALL, NONE = dict(POINTS), dict.fromkeys(POINTS, 0)


def shell(script, folder):
    ours = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    environment = os.environ | ours
    done = subprocess.run(["bash", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def source():
    return nbformat.read(FOLDER / "instructor" / f"{NAME}.ipynb", as_version=4)


def marks(cell):
    return cell.metadata.get("nbgrader", {})


def cell_of(notebook, kind, exercise):
    """The cell of an exercise that holds the answer, or the tests."""
    wanted = f"{kind}-{exercise.removeprefix('11-')}"
    return next(cell for cell in notebook.cells if marks(cell).get("grade_id") == wanted)


def solutions():
    return {name: cell_of(source(), "answer", name).source for name in NAMES}


def filled(release, answers):
    """A submission: the release with these answers typed in below the dots, and the figures deleted."""
    notebook = copy.deepcopy(release)
    notebook.cells = [
        cell for cell in notebook.cells if cell.cell_type != "code" or marks(cell) or cell.id == "cell-01"
    ]
    for name, text in answers.items():
        cell = cell_of(notebook, "answer", name)
        cell.source = f"{cell.source}\n{text}"
    return notebook


def tampered(release):
    """Nothing is answered, but the locked cells are unlocked and emptied, and `check` is replaced."""
    notebook = copy.deepcopy(release)
    for name in NAMES:
        cell_of(notebook, "test", name).source = f'print("{name}: correct.")'
    notebook.cells[1].source += "\nro.course.check = lambda *answer: True"
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clone in which the guide's commands have made the release, with the instructor's own seed."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(FOLDER / "instructor", clone / "notebooks" / "instructor")
    shell(commands("Make the release"), clone)
    if os.name == "posix" and os.geteuid() == 0:
        shell(commands("As another user"), clone)
    return clone


@pytest.fixture(scope="module")
def release(folder):
    return nbformat.read(folder / "course" / "release" / NAME / f"{NAME}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def scores(folder, release):
    """Student -> exercise -> points, after one call of autograde for all of them."""
    from nbgrader.api import Gradebook

    handed_in = {"solved": source(), "stub": release, "tampered": tampered(release)}
    for number, (name, text, _) in enumerate(WRONG):
        handed_in[f"wrong{number}"] = filled(release, {**solutions(), name: text})
    for student, notebook in handed_in.items():
        place = folder / "course" / "submitted" / student / NAME
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{NAME}.ipynb")
    shell(commands("Grade"), folder)
    found = {}
    with Gradebook(f"sqlite:///{folder}/course/gradebook.db", "revorder") as gradebook:
        for student in handed_in:
            grades = gradebook.find_submission_notebook(NAME, NAME, student).grades
            found[student] = {grade.name.replace("test-", "11-"): grade.score for grade in grades}
    return found


# What is handed out


def test_solutions_are_not_in_the_release(release):
    for notebook in (release, nbformat.read(FOLDER / f"{NAME}.ipynb", as_version=4)):
        text = "\n".join(cell.source for cell in notebook.cells)
        assert not re.search(r"BEGIN|END|HIDDEN|SOLUTION|seed = |noqa", text)
        for solution in solutions().values():
            inside = re.search(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", solution, flags=re.DOTALL).group(1)
            assert all(line not in text for line in inside.splitlines() if line)


def test_locked_cells_hide_nothing():
    for name, answer in NAMES.items():
        assert (
            cell_of(source(), "test", name).source == f'verdict = ro.course.check("{name}", {answer})\nprint(verdict)'
        )


def test_the_committed_release_is_what_nbgrader_makes_of_the_source(release):
    committed = nbformat.read(FOLDER / f"{NAME}.ipynb", as_version=4)
    for made, kept in zip(release.cells, committed.cells, strict=True):
        assert (made.id, made.cell_type) == (kept.id, kept.cell_type)
        assert made.source == (absolute(kept.source) if kept.cell_type == "markdown" else kept.source)
        assert made.metadata == kept.metadata


def absolute(text):
    return re.sub(r"\]\((\d\d_)", rf"]({COURSE}\1", text)


def test_links_of_the_release_and_of_feedback_lead_somewhere(release, scores, folder):
    """Handed out alone, a notebook has no neighbours."""
    shell(commands("Give feedback"), folder)
    pages = [path.read_text() for path in (folder / "course" / "feedback").rglob(f"{NAME}.html")]
    targets = [link for page in pages for link in re.findall(r'<a [^>]*href="([^"]*)"', page)]
    targets += re.findall(r"\]\(([^)\s]+)\)", "\n".join(c.source for c in release.cells if c.cell_type == "markdown"))
    assert len(pages) == len(scores) and len(targets) > 20
    assert [link for link in targets if not link.startswith(("https://", "http://", "#"))] == []
    ours = {link.removeprefix(COURSE) for link in targets if link.startswith(COURSE)}
    assert len(ours) >= 4 and [name for name in ours if not (FOLDER / name).exists()] == []


def test_source_was_run_in_order_and_is_solved():
    code = [cell for cell in source().cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for name in NAMES:
        (said,) = cell_of(source(), "test", name).outputs
        assert said.text == f"{name}: correct.\n"


def test_points_are_those_of_the_guide_and_the_notebook():
    points = {name: marks(cell_of(source(), "test", name))["points"] for name in NAMES}
    rows = re.findall(r"^\| `(11-\w+)` \|.*\| (\d) \|", GUIDE.read_text(), flags=re.MULTILINE)
    assert points == POINTS == {name: int(number) for name, number in rows}
    prose = "\n".join(cell.source for cell in source().cells if cell.cell_type == "markdown")
    row = re.search(r"^\| points \|(.*)\|$", prose, flags=re.MULTILINE).group(1)
    assert [int(number) for number in row.split("|")] == list(POINTS.values())


# Scores


def test_solved_gets_all_points(scores):
    assert scores["solved"] == ALL and sum(ALL.values()) == 20 and len(WRONG) >= 10


@pytest.mark.parametrize("student", ["stub", "tampered"])
def test_nothing_answered_gets_none(scores, student):
    assert scores[student] == NONE


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_answer_loses_the_points_of_its_exercise_only(scores, number):
    assert scores[f"wrong{number}"] == {**ALL, WRONG[number][0]: 0}


def test_grades_are_exported(scores, folder):
    with open(folder / "course" / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() == scores.keys()
    assert float(rows["solved"]["score"]) == float(rows["solved"]["max_score"]) == 20
    assert float(rows["stub"]["score"]) == 0


def test_feedback_shows_hints_but_neither_seeds_nor_hidden_cases(scores, folder):
    seed = re.findall(r"seed = (\d+)", (folder / "course" / "nbgrader_config.py").read_text())[-1]
    for number, (_, _, hint) in enumerate(WRONG):
        page = (folder / "course" / "feedback" / f"wrong{number}" / NAME / f"{NAME}.html").read_text()
        assert html.escape(hint, quote=False) in page
        assert seed not in page and "grading" not in page
