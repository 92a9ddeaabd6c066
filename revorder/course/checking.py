"""Exercises that check themselves: `check(exercise, answer)` says at once whether an answer holds, or gives a hint.

Answers are tested as properties, on fresh random cases or against closed forms, and never compared with a stored
solution. A hint points at the likely mistake; it never gives the answer.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from revorder.course.profiles import Profile, profile
from revorder.errors import did_you_mean

__all__ = ["EXERCISES", "Profile", "Verdict", "check", "exercise", "profile"]

NOTHING = "your function returned nothing; end it with `return`."  # the hint for whoever forgot it
Exercise = Callable[[Any], str | None]  # a hint, or None if the answer holds
#: name of an exercise -> function from an answer to a hint, or None if the answer holds
EXERCISES: dict[str, Exercise] = {}
WRONG: Counter[str] = Counter()  # exercise -> its wrong answers in this process
SOLVED: set[str] = set()  # exercises that were answered right in this process
MODULES = {  # what an exercise's name begins with -> where it is; imported when it is asked for
    "00": "start_here",
    "01": "contractions",
    "02": "chaos_game",
    "03": "one_number",
    "04": "perfect_sampling",
    "05": "quadratics",
    "06": "orders_and_costs",
    "07": "lie_brackets",
    "08": "neural_networks",
    "09": "what_should_i_use",
    "10": "gpu_experiments",
    "11": "assignment",
    "12": "assignment",
}


@dataclass(frozen=True)
class Verdict:
    """What `check` found: true if the answer holds; shown as its message."""

    passed: bool
    message: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return self.message


def exercise(name: str) -> Callable[[Exercise], Exercise]:
    """Register a function as the exercise `name`."""

    def register(function: Exercise) -> Exercise:
        EXERCISES[name] = function
        return function

    return register


def check(name: str, answer: Any) -> Verdict:
    """Check an answer to an exercise of the course.

    Args:
        name: the exercise, as the notebook writes it, such as "00-by-hand".
        answer: the learner's function or value; `...` stands for an exercise not done yet.

    Raises:
        ValueError: there is no such exercise (the nearest name is suggested).
    """
    known(name)
    if answer is ...:
        return Verdict(False, f"{name}: not answered yet. Replace the ... by your answer and run the cell again.")
    try:
        hint = EXERCISES[name](answer)
    except Exception as error:  # a learner's function may fail in any way; the hint says how
        hint = f"your answer raised {type(error).__name__}: {error}"
    if hint is None:
        SOLVED.add(name)
        return Verdict(True, f"{name}: correct.")
    WRONG[name] += 1
    return Verdict(False, f"{name}: not yet. Hint: {hint}")


def known(name: str) -> None:
    """Import the exercises that `name` may be one of, or raise a ValueError that suggests the nearest one."""
    _register([str(name)[:2]])
    if name not in EXERCISES:
        _register(MODULES)
        near = did_you_mean(str(name), EXERCISES)
        raise ValueError(f"exercise: got {name!r}, but the exercises are {', '.join(sorted(EXERCISES))}{near}")


def _register(notebooks: Iterable[str]) -> None:
    """Import the exercises of these notebooks: the modules register them."""
    for module in (f"revorder.course.{MODULES[number]}" for number in notebooks if number in MODULES):
        importlib.import_module(module)
