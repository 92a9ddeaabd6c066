"""Submissions come from Canvas and Moodle as zip files, scores go back as tables: on samples of what these write."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import zipfile

import graded  # noqa: F401 - finds what the instructor has
import pytest
from graded import INSTRUCTOR
from guide import commands
from to_lms import filled

NAME = "11_assignment"
GRADES = """\
assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score
11_assignment,,,123,,,,17.0,0.0,17.0,20.0
12_practice,,,123,,,,1.0,0.0,1.0,9.0
11_assignment,,,456,,,,9.5,0.5,9.0,20.0
"""
CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Essay (97),Assignment 11 (98),Current Score
    Points Possible,,,,,10,20,(read only)
"Lovelace, Ada",123,s123,ada,Mathematics,8,,40
"Boole, George",456,s456,george,Mathematics,7,,35
"Babbage, Charles",789,s789,charles,Mathematics,9,3,60
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission),Feedback comments
Participant 123,Ada Lovelace,ada@example.org,Submitted for grading,,20.00,"Monday, 2 November 2026, 10:00 AM",
Participant 456,"Boole, George",george@example.org,Submitted for grading,,20.00,-,"so, so"
Participant 789,Charles Babbage,charles@example.org,No submission,,20.00,-,
"""
FILES = {
    "canvas": ["lovelaceada_123_5001_11_assignment.ipynb", "boolegeorge_LATE_456_5002_11_assignment-2.ipynb"],
    "moodle": ["Ada Lovelace_123_assignsubmission_file/11_assignment.ipynb",
               "Boole George_456_assignsubmission_file_11_assignment.ipynb"],
}  # fmt: skip


def rows(text):
    return list(csv.DictReader(text.splitlines()))


def test_canvas_gets_its_own_table_with_the_scores():
    table = rows(filled("canvas", CANVAS, GRADES, NAME, "Assignment 11 (98)"))
    assert list(table[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Assignment 11 (98)"]
    assert [row["Assignment 11 (98)"] for row in table] == ["20", "17", "9", "3"]
    assert table[0]["Student"].strip() == "Points Possible" and table[2]["Student"] == "Boole, George"


def test_moodle_gets_its_own_table_with_the_scores():
    before, table = rows(MOODLE), rows(filled("moodle", MOODLE, GRADES, NAME))
    assert [row.pop("Grade") for row in table] == ["17", "9", ""]
    assert table == [{name: value for name, value in row.items() if name != "Grade"} for row in before]


@pytest.mark.parametrize("exported, message", [
    (MOODLE.replace("Participant 456", "Participant 4560"), "not in the exported table: 456"),
    (MOODLE.replace("Grade,", "Note,", 1), "no column 'Grade', but Identifier"),
    (MOODLE.replace("Identifier", "Id", 1), "no column 'Identifier'"),
])  # fmt: skip
def test_a_table_that_does_not_fit_is_refused(exported, message):
    with pytest.raises(ValueError, match=message):
        filled("moodle", exported, GRADES, NAME)


def shell(script, folder):
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("system", FILES)
def test_the_commands_of_the_guide_sort_submissions_and_fill_tables(system, tmp_path):
    shutil.copytree(INSTRUCTOR, tmp_path / "notebooks" / "instructor")
    (tmp_path / "course" / "release" / NAME).mkdir(parents=True)
    (tmp_path / "course" / "release" / NAME / f"{NAME}.ipynb").write_text("{}")
    shutil.copy(INSTRUCTOR / "nbgrader_config.py", tmp_path / "course")
    for name, text in {"canvas.csv": CANVAS, "moodle.csv": MOODLE, "course/grades.csv": GRADES}.items():
        (tmp_path / name).write_text(text)
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        for name in FILES[system]:
            archive.writestr(name, "{}")
    collect, _, fill = commands("Canvas and Moodle").partition("python notebooks")
    shell(collect, tmp_path)
    found = {path.relative_to(tmp_path / "course" / "submitted").as_posix()
             for path in (tmp_path / "course" / "submitted").rglob("*.ipynb")}  # fmt: skip
    assert found == {f"{student}/{NAME}/{NAME}.ipynb" for student in ("123", "456")}
    shell("python notebooks" + fill, tmp_path)
    assert (tmp_path / "to_canvas.csv").read_text() == filled("canvas", CANVAS, GRADES, NAME, "Assignment 11 (98)")
    assert (tmp_path / "to_moodle.csv").read_text() == filled("moodle", MOODLE, GRADES, NAME)
