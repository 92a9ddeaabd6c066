"""How outcomes are judged: data against data, what is right first, then what likely mistakes would have given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from revorder.course.asking import Data
from revorder.course.checking import NOTHING

__all__ = ["hint_of", "same"]

Task = Mapping[str, Any]  # an exercise as data, see assignments/*.json


def hint_of(task: Task, got: Sequence[Data], known: bool = True) -> str | None:
    """None if these are the outcomes expected, else the hint of the mistake that gives them all, or an advice.

    Args:
        task: "cases", and "parts", which are looked through in their order. A part judges the cases "where", at the
            place "pick" of an outcome if that is a number, by "expected", "mistakes", a "shape" and an "advice".
        got: the outcome in each case.
        known: whether who answers knows the cases. If not, a hint names none of them, nor what the answer said of them.
    """
    for part in task["parts"]:
        hint = _hint_of_part(task, part, got, known)
        if hint is not None:
            return hint
    return None


def _hint_of_part(task: Task, part: Mapping[str, Any], got: Sequence[Data], known: bool) -> str | None:
    mine = [_picked(got[i], part["pick"]) for i in part["where"]]

    def does(wanted: Sequence[Data]) -> bool:
        return all(same(a, b, task["rtol"], task["atol"]) for a, b in zip(mine, wanted, strict=True))

    if does(part["expected"]):
        return None
    for mistake in part["mistakes"]:
        if does(mistake["outcomes"]):
            return str(mistake["hint"])
    wrong = next(i for i, value in enumerate(mine) if not same(value, part["expected"][i], task["rtol"], task["atol"]))
    value, case = mine[wrong], task["cases"][part["where"][wrong]]
    if value is None:
        return NOTHING
    if isinstance(value, dict) and "raised" in value:
        return _raised(value, known)
    if part["shape"] is not None and any(_shape(item) != part["shape"] for item in mine):
        return str(part["shape_hint"])
    return _advice(part["advice"], case, value, known)


def _picked(value: Data, place: int | None) -> Data:
    long_enough = place is not None and isinstance(value, list) and place < len(value)
    return value[place] if long_enough else value


def _raised(value: Mapping[str, str], known: bool) -> str:
    """What an answer raised. Even the choice of a class could carry what must stay hidden."""
    if known:
        return f"your answer raised {value['raised']}: {value['text']}"
    return "your answer raised an error in other cases than the check's."


def _advice(advice: str | None, case: Data, got: Data, known: bool) -> str | None:
    if advice is None or known:
        return advice and advice.format(case=f"({', '.join(map(_short, case))})", got=_short(got))
    named = max(advice.rfind("{case}"), advice.rfind("{got}"))
    return advice[advice.index(":", named) + 1 :].strip() if named >= 0 else advice


def _short(value: Data) -> str:
    if isinstance(value, dict) and "odd" in value:
        return f"a {value['odd']}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def same(a: Data, b: Data, rtol: float = 1e-9, atol: float = 1e-12) -> bool:
    """Whether two outcomes agree: errors of one type, equal texts, or numbers of one shape, equal to rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        return _same_dicts(a, b, rtol, atol)
    if any(value is None or isinstance(value, (str, dict)) for value in (a, b)):
        return type(a) is type(b) and bool(a == b)
    try:
        left, right = _numbers(a), _numbers(b)
    except (TypeError, ValueError):  # not all are numbers, or rows differ in length
        both = isinstance(a, list) and isinstance(b, list) and len(a) == len(b)
        return both and all(same(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=rtol, atol=atol))


def _same_dicts(a: Mapping[str, Data], b: Mapping[str, Data], rtol: float, atol: float) -> bool:
    if "raised" in a or "raised" in b:
        return a.get("raised") == b.get("raised")
    if "dict" not in a or "dict" not in b:  # what is odd equals nothing
        return False
    return a["dict"].keys() == b["dict"].keys() and all(
        same(value, b["dict"][name], rtol, atol) for name, value in a["dict"].items()
    )


def _numbers(value: Data) -> np.ndarray:
    if isinstance(value, list):
        return np.array([_numbers(row) for row in value], dtype=np.float64)
    if not isinstance(value, (bool, int, float)):
        raise TypeError("no number")
    return np.asarray(value, dtype=np.float64)


def _shape(value: Data) -> list[int] | None:
    try:
        return list(_numbers(value).shape)
    except (TypeError, ValueError):
        return None
