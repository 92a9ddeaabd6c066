"""The graded assignment under nbgrader, by the commands of the guide for teachers: what is handed out, and scores."""

from __future__ import annotations

import copy
import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from assignment_answers import NAMES, POINTS, RIGHT, WRONG, value
from conftest import NOTEBOOKS, ROOT

import revorder as ro
from revorder.course.judging import quiet

FOLDER = ROOT / "notebooks"
GUIDE = FOLDER / "instructor" / "README.md"
NAME = "11_assignment"
ALL, NONE = dict(POINTS), dict.fromkeys(POINTS, 0)


def commands(heading):
    """The shell commands of a section of the guide."""
    section = re.search(rf"^### {heading}\n(.*?)(?=^##|\Z)", GUIDE.read_text(), flags=re.DOTALL | re.MULTILINE)
    return "\n".join(re.findall(r"```bash\n(.*?)```", section.group(1), flags=re.DOTALL))


def shell(script, folder):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
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
    """A submission: the release with these answers typed in below the dots."""
    notebook = copy.deepcopy(release)
    for name, text in answers.items():
        cell = cell_of(notebook, "answer", name)
        cell.source = f"{cell.source}\n{text}"
    return notebook


def tampered(release):
    """Nothing is answered, but the locked cells are unlocked and emptied, and `check` is replaced."""
    notebook = copy.deepcopy(release)
    for name in NAMES:
        cell_of(notebook, "test", name).source = f'print("{name}: correct.")'
    forged = "ro.course.check = ro.course.assignment.grade = lambda *answer: True"
    notebook.cells[1].source += f"\nimport revorder.course.assignment\n{forged}"
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clone in which the guide's commands have made the release, with the instructor's own seed."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(FOLDER / "instructor", clone / "notebooks" / "instructor")
    shell(commands("Make the release"), clone)
    return clone


@pytest.fixture(scope="module")
def release(folder):
    return nbformat.read(folder / "course" / "release" / NAME / f"{NAME}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def scores(folder, release):
    """Student -> exercise -> points, after one call of autograde for all of them."""
    from nbgrader.api import Gradebook

    handed_in = {"solved": filled(release, solutions()), "stub": release, "tampered": tampered(release)}
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


def test_solutions_and_hidden_tests_are_not_in_the_release(release):
    for notebook in (release, nbformat.read(FOLDER / f"{NAME}.ipynb", as_version=4)):
        text = "\n".join(cell.source for cell in notebook.cells)
        assert not re.search(r"BEGIN|END|HIDDEN|SOLUTION|seed = 2026|4711|noqa", text)
        for name, solution in solutions().items():
            inside = re.search(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", solution, flags=re.DOTALL).group(1)
            assert all(line not in text for line in inside.splitlines() if line)
            hidden = cell_of(source(), "test", name).source.split("### BEGIN HIDDEN TESTS\n")[1].splitlines()
            assert len(hidden) > 4
            assert all(line not in text for line in hidden if line)


def test_the_committed_release_is_what_nbgrader_makes_of_the_source(release):
    committed = nbformat.read(FOLDER / f"{NAME}.ipynb", as_version=4)
    for made, kept in zip(release.cells, committed.cells, strict=True):
        assert (made.id, made.cell_type, made.source) == (kept.id, kept.cell_type, kept.source)
        assert made.metadata == kept.metadata


def test_the_instructors_seed_reaches_all_hidden_tests(folder):
    changed = nbformat.read(folder / "course" / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    for name in NAMES:
        assert cell_of(source(), "test", name).source.count("seed = 2026 ") == 1
        assert cell_of(changed, "test", name).source.count("seed = 4711 ") == 1


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
    assert scores["solved"] == ALL and sum(ALL.values()) == 20


@pytest.mark.parametrize("student", ["stub", "tampered"])
def test_nothing_answered_gets_none(scores, student):
    assert scores[student] == NONE


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_answer_loses_the_points_of_its_exercise_only(scores, number):
    assert scores[f"wrong{number}"] == {**ALL, WRONG[number][0]: 0}


def test_at_least_ten_wrong_answers_are_handed_in(scores):
    assert sum(student.startswith("wrong") for student in scores) >= 10


def test_grades_are_exported(scores, folder):
    with open(folder / "course" / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() == scores.keys()
    assert float(rows["solved"]["score"]) == float(rows["solved"]["max_score"]) == 20
    assert float(rows["stub"]["score"]) == 0


# The hidden tests alone, whatever `check` says


def hidden_tests(name, answer, seed=2026):
    text = cell_of(source(), "test", name).source.replace("seed = 2026 ", f"seed = {seed} ")
    exec(text, {**vars(Everything), NAMES[name]: answer})


class Everything:
    """The names that the notebook has, with a `check` and a `grade` that let everything pass."""

    import numpy as np
    import torch

    class ro:
        class course:
            check = staticmethod(lambda name, answer: True)

            class assignment:
                grade = staticmethod(lambda name, answer, seed: True)
                quiet = staticmethod(quiet)


@pytest.mark.parametrize("name, text", RIGHT)
def test_hidden_properties_hold_for_right_answers_at_every_seed(name, text):
    for seed in range(6):
        hidden_tests(name, value(name, text), seed)


@pytest.mark.parametrize("name, text, hint", WRONG)
def test_hidden_properties_refuse_wrong_answers(name, text, hint):
    for seed in range(6):
        with pytest.raises((AssertionError, IndexError)):
            hidden_tests(name, value(name, text), seed)


# The guide


def test_guide_names_every_notebook():
    text = GUIDE.read_text()
    assert [path.name for path in NOTEBOOKS if f"(../{path.name})" not in text] == []


def test_functions_that_the_guide_names_exist():
    for name, arguments in re.findall(r"`(ro(?:\.\w+)+)(\(?)", GUIDE.read_text()):
        if name == "ro.course.assignment.grade":
            ro.course.check("11-path", ...)
        found = ro
        for part in name.split(".")[1:]:
            found = getattr(found, part)
        assert not arguments or callable(found)
