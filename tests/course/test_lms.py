"""Submissions come from Canvas and Moodle as zip files, scores go back as tables: on samples of what these write."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
import zipfile

import graded  # noqa: F401 - finds what the instructor has
import pytest
from graded import INSTRUCTOR
from guide import commands
from nights import one_in
from to_lms import filled
from to_lms import graded as graded_in

NAME = "11_assignment"
SCORES = {"123": "17", "456": "9"}
CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Essay (97),Assignment 11 (98),Current Score
    Points Possible,,,,,10,20,(read only)
"Lovelace, Ada",123,s123,ada,Mathematics,8,,40
"Boole, George",456,s456,george,"Mathematics
and Logic",7,,35
"Babbage, Charles",789,s789,charles,Mathematics,9,3,60
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission),Feedback comments
Participant 123,Ada Lovelace,ada@example.org,Submitted for grading,,20.00,"Monday, 2 November 2026, 10:00 AM",
Participant 456,"Boole, George",george@example.org,Submitted for grading,,20.00,-,"so,
so"
Participant 789,Charles Babbage,charles@example.org,No submission,,20.00,-,
"""
FILES = {
    "canvas": ["lovelaceada_123_5001_11_assignment.ipynb", "boolegeorge_LATE_456_5002_11_assignment-2.ipynb"],
    "moodle": ["Ada Lovelace_123_assignsubmission_file/11_assignment.ipynb",
               "Boole George_456_assignsubmission_file_11_assignment.ipynb"],
}  # fmt: skip


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_canvas_gets_its_own_table_with_the_scores():
    table = rows(filled("canvas", CANVAS, SCORES, "Assignment 11 (98)"))
    assert list(table[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Assignment 11 (98)"]
    assert [row["Assignment 11 (98)"] for row in table] == ["20", "17", "9", "3"]
    assert table[0]["Student"].strip() == "Points Possible" and table[2]["Student"] == "Boole, George"


def test_moodle_gets_its_own_table_with_the_scores():
    before, table = rows(MOODLE), rows(filled("moodle", MOODLE, SCORES))
    assert [row.pop("Grade") for row in table] == ["17", "9", ""]
    assert table == [{name: value for name, value in row.items() if name != "Grade"} for row in before]


@pytest.mark.parametrize("exported, message", [
    (MOODLE.replace("Participant 456", "Participant 4560"), "not in the exported table: 456"),
    (MOODLE.replace("Grade,", "Note,", 1), "no column 'Grade', but Identifier"),
    (MOODLE.replace("Identifier", "Id", 1), "no column 'Identifier'"),
])  # fmt: skip
def test_a_table_that_does_not_fit_is_refused(exported, message):
    with pytest.raises(ValueError, match=message):
        filled("moodle", exported, SCORES)


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """nbgrader, and alembic, which it calls."""
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable), prepend=os.pathsep)


def shell(script, folder):
    done = subprocess.run(["bash", "-euc", script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def course_with(folder, students, failed=(), missing=("789",), waiting=()):
    """A gradebook in which these students have these points, and nbgrader's folders beside it."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db", "revorder") as book:
        book.add_assignment(NAME)
        book.add_notebook(NAME, NAME)
        book.add_grade_cell("test-path", NAME, NAME, max_score=20, cell_type="code")
        for student in (*students, *failed, *missing):
            book.add_student(student)
        for student in (*students, *failed):
            book.add_submission(NAME, student)
            grade = book.find_grade("test-path", NAME, NAME, student)
            grade.auto_score = students.get(student)
            grade.needs_manual_grade = student in waiting
            (folder / "submitted" / student / NAME).mkdir(parents=True)
            (folder / "autograded" / student / NAME).mkdir(parents=True)
            (folder / "autograded" / student / NAME / f"{NAME}.ipynb").write_text("{}")
        book.db.commit()
    return folder


def test_only_who_was_graded_has_a_score(tmp_path):
    """Nothing handed in; grading failed; failed again, with old points; never graded; waits for a person; late."""
    from nbgrader.api import Gradebook

    course = course_with(tmp_path, {"123": 17.0, "456": 9.5, "321": None, "654": 3.0}, ["777"], waiting=["321"])
    (course / "autograded" / "654" / NAME / f"{NAME}.ipynb").unlink()
    (course / "submitted" / "888" / NAME).mkdir(parents=True)
    with Gradebook(f"sqlite:///{course}/gradebook.db", "revorder") as book:
        book.find_submission_notebook(NAME, NAME, "456").late_submission_penalty = 0.5
        book.db.commit()
    scores, notes = graded_in(course, NAME)
    assert scores == {"123": "17", "456": "9", "321": "0"}
    assert [note.split()[0] for note in notes] == ["321", "654", "777", "888"]
    assert graded_in(course, "12_practice") == ({}, [])
    with pytest.raises(FileNotFoundError, match="no gradebook.db"):
        graded_in(tmp_path / "submitted", NAME)


@pytest.mark.parametrize("system", one_in(2, FILES))
def test_the_commands_of_the_guide_sort_submissions_and_fill_tables(system, tmp_path):
    script = collected(tmp_path, FILES[system])
    found = {path.relative_to(tmp_path / "course" / "submitted").as_posix()
             for path in (tmp_path / "course" / "submitted").rglob("*.ipynb")}  # fmt: skip
    assert found == {f"{student}/{NAME}/{NAME}.ipynb" for student in ("123", "456")}
    shutil.rmtree(tmp_path / "course" / "submitted")
    course_with(tmp_path / "course", {"123": 17.0, "456": 9.0})
    shell("python notebooks" + script, tmp_path)
    assert (tmp_path / "to_canvas.csv").read_text() == filled("canvas", CANVAS, SCORES, "Assignment 11 (98)")
    assert (tmp_path / "to_moodle.csv").read_text() == filled("moodle", MOODLE, SCORES)


def collected(folder, files):
    """Let nbgrader sort these files, by the guide; returns the commands that follow there."""
    shutil.copytree(INSTRUCTOR, folder / "notebooks" / "instructor")
    (folder / "course" / "release" / NAME).mkdir(parents=True)
    (folder / "course" / "release" / NAME / f"{NAME}.ipynb").write_text("{}")
    shutil.copytree(INSTRUCTOR / "grading", folder / "course" / "grading")
    shutil.copy(INSTRUCTOR / "nbgrader_config.py", folder / "course")
    for name, text in {"canvas.csv": CANVAS, "moodle.csv": MOODLE}.items():
        (folder / name).write_text(text)
    with zipfile.ZipFile(folder / "submissions.zip", "w") as archive:
        for name in files:
            archive.writestr(name, files[name] if isinstance(files, dict) else "{}")
    collect, _, fill = commands("Canvas and Moodle").partition("python notebooks")
    shell(collect, folder)
    return fill


def zipped(name, text):
    with zipfile.ZipFile(made := io.BytesIO(), "w") as archive:
        archive.writestr(name, text)
    return made.getvalue()


def test_no_file_is_taken_for_anybody_elses_and_none_stops_the_others(tmp_path):
    """Eve is 123. Names, folders and archives of hers that look like 999's; two uploads; what is no archive."""
    files = {
        "bob_999_5001_11_assignment.ipynb": "bob's",
        "eve_123_5002_x_999_888_11_assignment.ipynb": "forged",
        "eve_123_5003_bob_LATE_999_888_11_assignment.ipynb": "forged",
        "eve_123_5004_x_999_assignsubmission_file_11_assignment.ipynb": "forged",
        "eve_123_5005_bob_999_assignsubmission_file/11_assignment.ipynb": "forged",
        "eve_123_5006_x.zip": zipped("extracted/x/bob_999_9999_11_assignment.ipynb", "forged"),
        "eve_123_5007_y.zip": zipped("Bob_999_assignsubmission_file/11_assignment.ipynb", "forged"),
        "eve_123_5008_z.zip": "no archive",
        "eve_123_5009_z.gz": "no archive",
        "eve_123_5010_11_assignment.ipynb": "first",
        "eve_123_5012_11_assignment-1.ipynb": "eve's",
        "eve_123_5011_11_assignment-2.ipynb": "second",
        "Ann Lee_456_assignsubmission_file/11_assignment.ipynb": "ann's",
        "Ann Lee_456_assignsubmission_file/sub/bob_999_9_11_assignment.ipynb": "forged",
        "Ann Lee_456_assignsubmission_file/extracted/x/bob_999_9_11_assignment.ipynb": "forged",
    }
    collected(tmp_path, files)
    found = {path.parts[-3]: path.read_text() for path in (tmp_path / "course" / "submitted").rglob("*.ipynb")}
    assert found == {"999": "bob's", "123": "eve's", "456": "ann's"}
