"""Put the scores of an assignment into a table that Canvas or Moodle has exported, to be imported there again.

    python to_lms.py canvas EXPORTED.csv course 11_assignment "Assignment 11 (9876)" > import.csv
    python to_lms.py moodle EXPORTED.csv course 11_assignment > import.csv

`course` is the folder of the course, with its gradebook. Students are found by the number that the files of their
submissions have in their names. Canvas wants the name of the column as it stands in its export; in Moodle's grading
worksheet it is always "Grade". Who has handed in nothing, or could not be graded, keeps what stands in the table.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

IDENTITY = {"canvas": "ID", "moodle": "Identifier"}  # the column that has a student's number
KEPT = {"canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"), "moodle": ()}  # (): all of them


def filled(system: str, exported: str, scores: Mapping[str, str], column: str = "Grade") -> str:
    """The table to import, as CSV.

    Raises:
        ValueError: no such column, or students who are not in the table.
    """
    table = [row for row in csv.reader(io.StringIO(exported.lstrip("\ufeff"), newline="")) if row]
    names, rows = table[0], table[1:]
    for name in (IDENTITY[system], column):
        if name not in names:
            raise ValueError(f"the exported table has no column {name!r}, but {', '.join(names)}")
    number, place = names.index(IDENTITY[system]), names.index(column)
    students = {digits[0]: row for row in rows if (digits := re.findall(r"\d+", row[number]))}
    strangers = sorted(scores.keys() - students.keys())
    if strangers:
        raise ValueError(f"graded, but not in the exported table: {', '.join(strangers)}")
    for student, score in scores.items():
        students[student][place] = score
    shown = [i for i, name in enumerate(names) if not KEPT[system] or name in (*KEPT[system], column)]
    return _table([[row[i] for i in shown] for row in (names, *rows)])


def graded(course: Path, assignment: str) -> tuple[dict[str, str], list[str]]:
    """Student -> score of all who were graded; and what to say of the others who have handed in something."""
    book = course.resolve() / "gradebook.db"
    if not book.exists():
        raise FileNotFoundError(f"course: {course} has no gradebook.db; grade first")
    scores, notes = dict[str, str](), []
    handed_in = {folder.parent.name for folder in course.glob(f"submitted/*/{assignment}")}
    with Gradebook(f"sqlite:///{book}", "revorder") as gradebook:
        found = {submission.student.id: submission for submission in gradebook.assignment_submissions(assignment)}
        for student in sorted(handed_in | found.keys()):
            mine = found.get(student)
            if mine is None or not _is_graded(mine, course / "autograded" / student / assignment):
                notes.append(f"{student} has handed in something that was not graded, and gets no score")
                continue
            scores[student] = f"{max(0.0, mine.score - mine.late_submission_penalty):g}"
            if mine.needs_manual_grade:
                notes.append(f"{student} has sentences that are not graded yet, and count as 0")
    return scores, notes


def _is_graded(submission: Any, kept: Path) -> bool:
    """Whether each cell has points, or waits for them; of what failed nbgrader deletes the file, not its old points."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    given = [grade.auto_score is not None or grade.manual_score is not None for grade in grades]
    waits = [grade.needs_manual_grade for grade in grades]
    return any(kept.glob("*.ipynb")) and all(a or b for a, b in zip(given, waits, strict=True))


def _table(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    system, exported, course, assignment, *rest = sys.argv[1:]
    scores, notes = graded(Path(course), assignment)
    print(*notes, sep="\n", end="\n" if notes else "", file=sys.stderr)
    with open(exported, encoding="utf-8", newline="") as file:
        sys.stdout.buffer.write(filled(system, file.read(), scores, *rest).encode())
