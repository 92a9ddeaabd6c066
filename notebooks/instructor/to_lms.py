"""Put the scores of nbgrader's grades.csv into a table that Canvas or Moodle has exported, to be imported there again.

    python to_lms.py canvas EXPORTED.csv grades.csv 11_assignment "Assignment 11 (9876)" > import.csv
    python to_lms.py moodle EXPORTED.csv grades.csv 11_assignment > import.csv

Students are found by the number that the files of their submissions have in their names. Canvas wants the name of the
column as it stands in its export; in Moodle's grading worksheet it is always "Grade".
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

IDENTITY = {"canvas": "ID", "moodle": "Identifier"}  # the column that has a student's number
KEPT = {"canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"), "moodle": ()}  # (): all of them


def filled(system: str, exported: str, grades: str, assignment: str, column: str = "Grade") -> str:
    """The table to import, as CSV.

    Raises:
        ValueError: no such column, or students who are not in the table.
    """
    names, *rows = csv.reader(exported.lstrip("\ufeff").splitlines())
    for name in (IDENTITY[system], column):
        if name not in names:
            raise ValueError(f"the exported table has no column {name!r}, but {', '.join(names)}")
    scores = _scores(grades, assignment)
    number, place = names.index(IDENTITY[system]), names.index(column)
    students = {digits[0]: row for row in rows if (digits := re.findall(r"\d+", row[number]))}
    strangers = sorted(scores.keys() - students.keys())
    if strangers:
        raise ValueError(f"graded, but not in the exported table: {', '.join(strangers)}")
    for student, score in scores.items():
        students[student][place] = score
    shown = [i for i, name in enumerate(names) if not KEPT[system] or name in (*KEPT[system], column)]
    return _table([[row[i] for i in shown] for row in (names, *rows)])


def _scores(grades: str, assignment: str) -> dict[str, str]:
    """Student -> score; who has handed in nothing has none."""
    found = {}
    for row in csv.DictReader(grades.splitlines()):
        if row["assignment"] == assignment and row["student_id"]:
            found[row["student_id"]] = f"{float(row['score']):g}"
    return found


def _table(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    system, exported, grades, *rest = sys.argv[1:]
    sys.stdout.write(filled(system, *(Path(path).read_text("utf-8") for path in (exported, grades)), *rest))
