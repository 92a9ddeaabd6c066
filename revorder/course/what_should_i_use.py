"""The exercises of notebook 09."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

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
    ("steady", "backward"): "steady: it is steady, but look at the price of the path.",
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


@exercise("09-paired")
def paired(answer: Callable[[np.ndarray, np.ndarray], tuple[float, float]]) -> str | None:
    """`answer(own, other)`: the ends of Student's 95 % interval of the mean difference, own minus other, (seeds,)."""
    if not callable(answer):
        return FUNCTION.format("own, other", type(answer).__name__)
    noise = np.random.default_rng(0)
    cases = []
    for seeds in (16, 5, 9):
        shared = noise.normal(size=seeds)
        cases.append((shared + 0.2 * noise.normal(size=seeds), shared + 0.3 * noise.normal(size=seeds) + 0.4))
    got = [answer(own.copy(), other.copy()) for own, other in cases]
    if any(value is None for value in got):
        return NOTHING
    if any(np.shape(value) != (2,) for value in got):
        return "return a pair of numbers: the lower end, then the upper one."
    return None if _same(got, cases, _interval) else _paired_hint(got, cases)


Case = tuple[np.ndarray, np.ndarray]


def _interval(own: np.ndarray, other: np.ndarray, *, ddof: int = 1, level: float = 0.975, shift: int = 1) -> Any:
    """Student's interval of the mean difference; the options are for what goes wrong."""
    gaps = own - other
    half = stats.t.ppf(level, len(gaps) - shift) * gaps.std(ddof=ddof) / len(gaps) ** 0.5
    return gaps.mean() - half, gaps.mean() + half


def _around(own: np.ndarray, other: np.ndarray, half: float) -> tuple[float, float]:
    middle = float((own - other).mean())
    return middle - half, middle + half


def _same(got: Sequence[Any], cases: Sequence[Case], formula: Callable[..., Any]) -> bool:
    return np.allclose([np.asarray(value, dtype=float) for value in got], [formula(*case) for case in cases],
                       rtol=1e-3, atol=0)  # fmt: skip


def _quantile(own: np.ndarray) -> float:
    return float(stats.t.ppf(0.975, len(own) - 1))


def _paired_hint(got: Sequence[Any], cases: Sequence[Case]) -> str:
    def heaps(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        error = ((own.var(ddof=1) + other.var(ddof=1)) / len(own)) ** 0.5
        return _around(own, other, float(stats.t.ppf(0.975, 2 * len(own) - 2)) * error)

    def apart(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        return _around(own, other, _quantile(own) * ((own.var(ddof=1) + other.var(ddof=1)) / len(own)) ** 0.5)

    def seeds(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        return _around(own, other, _quantile(own) * (own - other).std(ddof=1))

    def normal(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        return _around(own, other, 1.96 * (own - other).std(ddof=1) / len(own) ** 0.5)

    unpaired = "the seeds are paired: what both methods share falls out of ONE difference for each seed."
    mistakes: list[tuple[Callable[..., Any], str]] = [
        (lambda own, other: _interval(other, own), "that is other minus own: the wrong way round."),
        (heaps, unpaired),
        (apart, unpaired),
        (seeds, "that is where single seeds lie; the MEAN of n seeds is known √n times better."),
        (normal, "1.96 is for very many seeds; for few of them Student's t has wider tails."),
        (lambda own, other: _interval(own, other, ddof=0), "the standard deviation of a sample divides by n - 1."),
        (lambda own, other: _interval(own, other, level=0.95), "2.5 % lie beyond EACH end: that is a 90 % interval."),
        (lambda own, other: _interval(own, other, shift=0), "n differences have n - 1 degrees of freedom."),
    ]
    found = (hint for formula, hint in mistakes if _same(got, cases, formula))
    return next(found, "for each seed one difference; then their mean, and how well n of them know it.")
