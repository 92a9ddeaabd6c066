"""The exercises of notebook 09."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from revorder.course.checking import NOTHING, exercise

FUNCTION = "give a function, such as `lambda {0}: ...`; got {1}."


@exercise("09-budget")
def budget(answer: Callable[[list[int]], tuple[int, int]]) -> str | None:
    """`answer(checkpoints)`: evaluations of T for the whole path, of backward and of forward with an EMA."""
    if not callable(answer):
        return FUNCTION.format("checkpoints", type(answer).__name__)
    draw = random.Random(0)
    cases = [sorted(draw.sample(range(5, 400), 6)) for _ in range(6)]
    got = [answer(list(case)) for case in cases]
    if any(value is None for value in got):
        return NOTHING
    if any(np.shape(value) != (2,) for value in got):
        return "return a pair of numbers: backward first, then forward with an EMA."

    def fits(place: int, formula: Callable[[list[int]], float]) -> bool:
        return all(value[place] == formula(case) for value, case in zip(got, cases, strict=True))

    if fits(0, sum) and fits(1, max):
        return None
    if fits(0, max) and fits(1, sum):
        return "the two numbers are swapped: which of the two runs goes on from one checkpoint to the next?"
    hints: list[tuple[int, Callable[[list[int]], float], str]] = [
        (0, max, "that is the price of backward's LAST model alone; can its run be continued from the one before?"),
        (0, lambda n: len(n) * max(n), "backward's earlier models have shorter words than the last one."),
        (0, lambda n: max(n) * (max(n) + 1) // 2, "that is a look at every step; here only the checkpoints are paid."),
        (1, sum, "the EMA is updated on the way: forward does not start afresh for a checkpoint."),
        (1, lambda n: 2 * max(n), "an average of parameters needs no gradient: it only reads the iterates."),
        (1, len, "that is how often the model is looked at; evaluations are made between the looks as well."),
        (1, lambda n: len(n) * max(n), "one forward run serves all checkpoints of the EMA."),
    ]  # fmt: skip
    found = (hint for place, formula, hint in hints if fits(place, formula))
    wrong = "first" if not fits(0, sum) else "second"
    return next(found, f"the {wrong} number is off: write down the words of two checkpoints and what they share.")


CHOICES = ("forward", "backward", "average")
RIGHT = {"loss": "average", "steady": "average", "certificate": "backward"}
NOT_SO = {
    ("loss", "forward"): "loss: the last iterate carries all of the newest batches' noise; what would reduce it?",
    ("loss", "backward"): "loss: a steady path is not a low one; same law as forward at a fixed step.",
    ("steady", "forward"): "steady: plain forward has the least steady path of the three.",
    ("steady", "backward"): "steady: it is steady, but look at the column of the path's evaluations.",
    ("certificate", "forward"): "certificate: every new batch moves this path by as much as the last one did.",
    ("certificate", "average"): "certificate: an average bounds an error in the mean over seeds; is THIS run bounded?",
}


@exercise("09-verdict")
def verdict(answer: Mapping[str, Any]) -> str | None:
    """`answer` maps the aims "loss", "steady" and "certificate" to "forward", "backward" or "average"."""
    if not isinstance(answer, Mapping):
        return f"give a dict with the keys {', '.join(RIGHT)}; got {type(answer).__name__}."
    missing = [aim for aim in RIGHT if answer.get(aim) in (None, ...)]
    if missing:
        return f"no method yet for the aim {missing[0]!r}."
    chosen = {aim: str(answer[aim]).strip().lower() for aim in RIGHT}
    unknown = [value for value in chosen.values() if value not in CHOICES]
    if unknown:
        return f"{unknown[0]!r} is none of {', '.join(CHOICES)}."
    wrong = [NOT_SO[aim, method] for aim, method in chosen.items() if method != RIGHT[aim]]
    return wrong[0] if wrong else None


@exercise("09-spread")
def spread(answer: Callable[[np.ndarray], float]) -> str | None:
    """`answer(values)`: spread along the path over the last quarter, averaged over seeds; values (seeds, looks)."""
    if not callable(answer):
        return FUNCTION.format("values", type(answer).__name__)
    noise = np.random.default_rng(0)
    cases = [noise.normal(size=(7, looks)).cumsum(axis=1) + noise.normal(size=(7, 1)) for looks in (16, 40, 24)]
    got = [answer(case.copy()) for case in cases]
    if any(value is None for value in got):
        return NOTHING
    if any(np.size(value) != 1 for value in got):
        return "return ONE number: average over the seeds at the end."
    return None if _same(got, cases, _spread) else _spread_hint(got, cases)


def _spread(values: np.ndarray) -> Any:
    return values[:, -(values.shape[1] // 4) :].std(axis=1).mean()


def _same(got: Sequence[Any], cases: Sequence[np.ndarray], formula: Callable[[np.ndarray], Any]) -> bool:
    return np.allclose([np.squeeze(value) for value in got], [formula(case) for case in cases], rtol=1e-9, atol=0)


def _spread_hint(got: Sequence[Any], cases: Sequence[np.ndarray]) -> str:
    def tail(values: np.ndarray) -> np.ndarray:
        return values[:, -(values.shape[1] // 4) :]

    mistakes = [
        (lambda v: tail(v).std(axis=0).mean(), "that is the spread over seeds at each checkpoint: the other axis."),
        (lambda v: v[:, -1].std(), "that is the spread over seeds at the last checkpoint; one path has many."),
        (lambda v: v[:, -1].std(ddof=1), "that is the spread over seeds at the last checkpoint; one path has many."),
        (lambda v: v.std(axis=1).mean(), "you took the whole path, the descent included; only its end was asked for."),
        (lambda v: tail(v).std(), "all seeds in one heap mix both spreads: treat each run by itself first."),
        (lambda v: tail(v).mean(axis=0).std(), "averaging the runs first lets their jitter cancel."),
        (lambda v: tail(v).var(axis=1).mean(), "that is a variance; a spread has the unit of the values."),
        (lambda v: tail(v).std(axis=1, ddof=1).mean(), "divide by the number of checkpoints (ddof=0), as the table."),
        (lambda v: v[:, : v.shape[1] // 4].std(axis=1).mean(), "that is the first quarter; the last one was asked."),
    ]  # fmt: skip
    found = (hint for formula, hint in mistakes if _same(got, cases, formula))
    return next(found, "for each run, the standard deviation over its last checkpoints; then the mean over runs.")
