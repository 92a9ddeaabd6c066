"""The instructor's side of the assignments, and what it says of an answer in this process."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from conftest import ROOT

INSTRUCTOR = ROOT / "notebooks" / "instructor"
sys.path.insert(0, str(INSTRUCTOR))

from grading import TASKS, as_data  # noqa: E402 - found there

from revorder.course.asking import outcomes  # noqa: E402
from revorder.course.assignment import refusal  # noqa: E402
from revorder.course.judging import hint_of  # noqa: E402

data = cache(lambda name, seed: as_data(TASKS[name], seed))


def hint(name: str, answer: Any, seed: int, known: bool = True) -> str | None:
    """The hint for an answer on the cases of a seed; None if it holds."""
    task = data(name, seed)
    return refusal(answer) or hint_of(task, outcomes(task["ask"], answer, task["cases"]), known)
