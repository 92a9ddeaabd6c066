"""The exercises of the assignments, as `check` asks them: on public cases, with a hint for each likely mistake.

What is right, and what is asked when an assignment is graded, is with the instructor (`notebooks/instructor`). Here
are the public cases only, with their outcomes: `assignments/*.json`, written by `notebooks/instructor/publish.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from revorder.course.asking import outcomes
from revorder.course.checking import exercise
from revorder.course.judging import Task, hint_of

__all__ = ["FOLDER", "refusal"]

#: where the public cases are, one file for each assignment
FOLDER = Path(__file__).parent / "assignments"


def refusal(answer: Any) -> str | None:
    """The hint for who answers with something that cannot be called."""
    return None if callable(answer) else f"give a function (or, for an order, a class), not {type(answer).__name__}."


def _register(name: str, task: Task) -> None:
    @exercise(name)
    def asked(answer: Any) -> str | None:
        return refusal(answer) or hint_of(task, outcomes(task["ask"], answer, task["cases"]))


for _path in sorted(FOLDER.glob("*.json")):
    for _name, _task in json.loads(_path.read_text(encoding="utf-8")).items():
        _register(_name, _task)
