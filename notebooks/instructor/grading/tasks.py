"""What an exercise of an assignment is: cases drawn with a seed, what is right, and likely mistakes with hints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from revorder.course.asking import encode, outcomes

Formula = Callable[..., Any]
Case = tuple[Any, ...]  # the arguments of one call
Mistakes = Sequence[tuple[Formula, str]]  # a wrong formula, and the hint for whoever wrote it


@dataclass(frozen=True)
class Part:
    """One thing that an answer must get right.

    truth: the closed form, or a plain definition.
    mistakes: looked through in their order; one counts if it does the same in all cases.
    advice: the hint for whoever made none of them; "{case}" and "{got}" in it stand for the first wrong call. Where the
        cases are hidden, only what follows the next colon is shown. None: the next part has the hint.
    pick: judge this place of each outcome.
    where: judge these cases.
    shape: what every outcome must have, else `shape_hint`.
    """

    truth: Formula
    mistakes: Mistakes
    advice: str | None
    pick: int | None = None
    where: Callable[[Case], bool] | None = None
    shape: tuple[int, ...] | None = None
    shape_hint: str = ""


@dataclass(frozen=True)
class Task:
    """An exercise: `cases(seed)`, of which those of seed 0 are public; how an answer is asked (`asking.ASK`)."""

    name: str
    cases: Callable[[int], Sequence[Case]]
    parts: Sequence[Part]
    ask: str = "call"
    rtol: float = 1e-9
    atol: float = 1e-12


def as_data(task: Task, seed: int) -> dict[str, Any]:
    """The cases of a seed with all that is needed to judge them, for `revorder.course.judging.hint_of`."""
    drawn = task.cases(seed)
    data = [[encode(argument) for argument in case] for case in drawn]
    parts = [_part_as_data(part, drawn, data) for part in task.parts]
    return {"ask": task.ask, "rtol": task.rtol, "atol": task.atol, "cases": data, "parts": parts}


def _part_as_data(part: Part, drawn: Sequence[Case], data: list[Any]) -> dict[str, Any]:
    where = [i for i, case in enumerate(drawn) if part.where is None or part.where(case)]
    cases = [data[i] for i in where]
    return {
        "where": where,
        "pick": part.pick,
        "shape": None if part.shape is None else list(part.shape),
        "shape_hint": part.shape_hint,
        "expected": outcomes("call", part.truth, cases),
        "mistakes": [{"outcomes": _untold(outcomes("call", wrong, cases)), "hint": hint}
                     for wrong, hint in part.mistakes],
        "advice": part.advice,
    }  # fmt: skip


def _untold(found: list[Any]) -> list[Any]:
    """Only the type of an error counts; its text may differ from release to release of others."""
    return [{"raised": value["raised"]} if isinstance(value, dict) and "raised" in value else value for value in found]
