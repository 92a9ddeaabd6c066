"""How answers that are functions are judged: against a closed form, on random cases, and against likely mistakes."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from revorder.course.checking import EXERCISES, NOTHING, Verdict, exercise

Formula = Callable[..., Any]
Case = tuple[Any, ...]  # the arguments of one call
Mistakes = Sequence[tuple[Formula, str]]  # a wrong formula, and the hint for whoever wrote it
Seeded = Callable[[Any, int], str | None]  # (answer, seed) -> a hint, or None if the answer holds


def judge(answer: Formula, cases: Sequence[Case], truth: Formula, mistakes: Mistakes, advice: str) -> str | None:
    """None if `answer` does what `truth` does in all cases, else the hint of the mistake that it makes in all of them.

    Args:
        answer: the learner's function; what it raises counts as its outcome.
        cases: arguments; every call gets its own copy of them.
        truth: the closed form, or a plain definition.
        mistakes: looked through in their order.
        advice: the hint for whoever made none of them; "{case}" and "{got}" in it stand for the first wrong call.

    Raises:
        Exception: what the answer raised, if that is no known mistake.
    """
    got = [outcome(answer, case) for case in cases]

    def does(formula: Formula) -> bool:
        return all(same(value, outcome(formula, case)) for value, case in zip(got, cases, strict=True))

    if does(truth):
        return None
    for formula, hint in mistakes:
        if does(formula):
            return hint
    wrong = next(i for i, case in enumerate(cases) if not same(got[i], outcome(truth, case)))
    if isinstance(got[wrong], Exception):
        raise got[wrong]
    return NOTHING if got[wrong] is None else advice.format(case=_short(cases[wrong]), got=_short(got[wrong]))


def outcome(function: Formula, case: Case) -> Any:
    """What a call returns (a generator: as a list), or the exception that it raises."""
    try:
        value = function(*copy.deepcopy(case))
        return list(value) if isinstance(value, Iterator) else value
    except Exception as error:  # a learner's function may fail in any way
        return error


def same(a: Any, b: Any) -> bool:
    """Whether two outcomes agree: errors of one type, or numbers of one shape that are equal up to rounding."""
    if isinstance(a, Exception) or isinstance(b, Exception) or a is None or b is None:
        return type(a) is type(b)
    try:
        left, right = _numbers(a), _numbers(b)
    except (TypeError, ValueError, RuntimeError):  # no numbers, rows of different lengths, or tensors with gradients
        return False
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=1e-9, atol=1e-12))


def _numbers(value: Any) -> np.ndarray:
    """Numbers, tensors, and lists of them, as one array."""
    if isinstance(value, str):
        raise TypeError("text is no number")
    rows = isinstance(value, (list, tuple))
    return np.array([_numbers(row) for row in value]) if rows else np.asarray(value, dtype=np.float64)


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and stderr to itself: nbgrader takes a cell that wrote there for one that failed."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def grade(name: str, answer: Any, seed: int) -> Verdict:
    """`revorder.course.check`, on cases drawn with another seed.

    Args:
        name: one of this module's exercises, such as "11-path".
        answer: the learner's function; `...` fails.
        seed: whole number >= 0, the instructor's.

    Raises:
        KeyError: no such exercise.
    """
    exercise_with_seed: Any = EXERCISES[name]
    try:
        hint = "not answered yet." if answer is ... else exercise_with_seed(answer, seed)
    except Exception as error:  # a learner's function may fail in any way
        hint = f"your answer raised {type(error).__name__}: {error}"
    return Verdict(hint is None, f"{name}: correct." if hint is None else f"{name}: not yet. Hint: {hint}")


def graded(name: str) -> Callable[[Seeded], Seeded]:
    """Register an exercise whose answer is a function, with a seed, and quiet."""

    def register(function: Seeded) -> Seeded:
        @functools.wraps(function)
        def seeded(answer: Any, seed: int = 0) -> str | None:
            if not callable(answer):
                return f"give a function (or, for an order, a class), not {type(answer).__name__}."
            with quiet():
                return function(answer, seed)

        exercise(name)(seeded)
        return seeded

    return register
