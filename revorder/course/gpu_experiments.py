"""The exercises of notebook 10."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from revorder.course.checking import NOTHING, exercise
from revorder.experiments.configs import Config
from revorder.experiments.job import jobs

if TYPE_CHECKING:
    import pandas as pd

Cost = Callable[[int, int, int, Sequence[str], int], float]


@exercise("10-cost")
def cost(answer: Cost) -> str | None:
    """`answer(steps, first, stride, orders, seeds)`: evaluations of T that an experiment of these fields makes."""
    if not callable(answer):
        return f"give a function of steps, first, stride, orders and seeds; got {type(answer).__name__}."
    cases = _cost_cases()
    got = [answer(*case) for case in cases]
    if any(value is None for value in got):
        return NOTHING
    if got == [_truth(*case) for case in cases]:
        return None
    mistakes: list[tuple[Callable[..., float], str]] = [
        (_total(), "that is the price of ONE seed: every seed has batches of its own."),
        (_total(forward=lambda looks, steps: steps, times=True),
         "forward stops at its last checkpoint, which need not be the last step."),
        (_total(forward=lambda looks, steps: sum(looks), times=True),
         "forward passes all its checkpoints on one way: it starts only once."),
        (_total(forward=lambda looks, steps: len(looks), backward=lambda looks, steps: len(looks), times=True),
         "you counted checkpoints; how many evaluations does it take to come to each?"),
        (_total(backward=lambda looks, steps: looks[-1] * len(looks), times=True),
         "backward's words have different lengths: that of checkpoint n has n batches."),
        (_total(backward=lambda looks, steps: looks[-1], times=True),
         "backward starts afresh at every checkpoint: what it did for an earlier one is of no use here."),
        (_total(backward=lambda looks, steps: steps * (steps + 1) // 2, times=True),
         "not every step is a checkpoint: only the multiples of the stride from `first` on."),
        (_total(all_multiples=True, times=True), "`first` is not heeded: smaller multiples are no checkpoints."),
        (_total(from_first=True, times=True), "checkpoints are multiples of the stride; `first` itself may be none."),
    ]  # fmt: skip
    for wrong, hint in mistakes:
        if got == [wrong(*case) for case in cases]:
            return hint
    first = next(i for i, case in enumerate(cases) if got[i] != _truth(*cases[i]))
    side = "too much" if got[first] > _truth(*cases[first]) else "too little"
    return f"{got[first]} is {side} for {cases[first]}: list the checkpoints, then price each order for one seed."


def _cost_cases() -> list[tuple[int, int, int, tuple[str, ...], int]]:
    draw = random.Random(0)
    both = ("forward", "backward")
    fixed = [(100, 1, 10, both, 2), (103, 45, 10, both, 3), (50, 7, 7, ("backward",), 4), (60, 20, 7, ("forward",), 5)]
    drawn = [
        (draw.randint(80, 200), draw.randint(10, 60), draw.randint(4, 9), both, draw.randint(2, 6)) for _ in "1234"
    ]
    return fixed + drawn


def _truth(steps: int, first: int, stride: int, orders: Sequence[str], seeds: int) -> int:
    config = Config("exercise", steps=steps, first=first, stride=stride, orders=tuple(orders), seeds=seeds)
    return sum(job.plan(config).cost for job in jobs(config))


Price = Callable[[Sequence[int], int], int]


def _total(
    forward: Price = lambda looks, steps: looks[-1], backward: Price = lambda looks, steps: sum(looks),
    *, all_multiples: bool = False, from_first: bool = False, times: bool = False,
) -> Callable[..., int]:  # fmt: skip
    """A formula that goes wrong in one place."""

    def price(steps: int, first: int, stride: int, orders: Sequence[str], seeds: int) -> int:
        looks = [n for n in range(stride, steps + 1, stride) if all_multiples or n >= first]
        looks = list(range(first, steps + 1, stride)) if from_first else looks
        prices = {"forward": forward, "backward": backward}
        return sum(prices[order](looks, steps) for order in orders) * (seeds if times else 1)

    return price


@exercise("10-resume")
def resume(answer: str) -> str | None:
    """One letter: what is lost at most when the process is killed."""
    said = str(answer).strip().strip("()").lower()
    hints = {
        "a": "a killed process can write nothing more: where would the newest evaluations be?",
        "c": "a job writes down where it stands while it is under way: how often?",
        "d": "every finished job has a file of its own, which nobody touches again.",
    }
    if said == "b":
        return None
    return hints.get(said, f"give one letter as a text, such as 'a'; got {answer!r}.")


@exercise("10-read")
def read(answer: Callable[[pd.DataFrame, int], Any]) -> str | None:
    """`answer(frame, steps)`: order -> spread of the test loss along the path, last quarter, mean over seeds."""
    if not callable(answer):
        return f"give a function of a frame and the number of steps; got {type(answer).__name__}."
    frames = [_frame(seed, steps) for seed, steps in enumerate((200, 120))]
    got = []
    for frame, steps in frames:
        found = answer(frame.copy(), steps)
        if found is None:
            return NOTHING
        try:
            got.append({order: float(found[order]) for order in ("forward", "backward")})
        except (KeyError, TypeError, IndexError):
            return "give one number for each order: a dictionary (or a Series) with the keys forward and backward."

    def equal(formula: Reading) -> bool:
        return any(
            all(
                math.isclose(values[order], formula(_table(frame, order), steps, ddof), rel_tol=1e-6)
                for (frame, steps), values in zip(frames, got, strict=True) for order in values
            )
            for ddof in (0, 1)
        )  # fmt: skip

    if equal(_spread):
        return None
    otherwise = "for one order and one seed: which rows are its last quarter, and what is their standard deviation?"
    return next((hint for wrong, hint in MISREADINGS if equal(wrong)), otherwise)


Table = tuple[np.ndarray, np.ndarray, np.ndarray]  # steps, losses (seeds, steps), accuracies (seeds, steps)
Reading = Callable[[Table, int, int], float]


def _spread(table: Table, steps: int, ddof: int) -> float:
    return float(table[1][:, table[0] > 0.75 * steps].std(axis=1, ddof=ddof).mean())


def _late(table: Table, steps: int) -> np.ndarray:
    return table[1][:, table[0] > 0.75 * steps]


def _mixed(table: Table, steps: int, ddof: int) -> float:
    both = np.concatenate([part[:, table[0] > 0.75 * steps] for part in table[1:]], axis=1)
    return float(both.std(axis=1, ddof=ddof).mean())


MISREADINGS: list[tuple[Reading, str]] = [
    (lambda t, steps, ddof: t[1][:, -1].std(ddof=ddof),
     "that is the spread OVER SEEDS at the last checkpoint; along the path means one seed, over its steps."),
    (lambda t, steps, ddof: _late(t, steps).std(axis=0, ddof=ddof).mean(),
     "you took the deviation over seeds and averaged over steps; swap the two."),
    (lambda t, steps, ddof: t[1].std(axis=1, ddof=ddof).mean(),
     "that is the whole path, with the fall at its beginning; only the last quarter of the steps counts."),
    (lambda t, steps, ddof: _late(t, steps).std(ddof=ddof),
     "you threw all seeds into one pot: how they differ from each other is then in the number, too."),
    (lambda t, steps, ddof: _late(t, steps).var(axis=1, ddof=ddof).mean(),
     "those are variances; a spread is the standard deviation of each seed's path."),
    (_mixed, "rows of two metrics are mixed: choose the test loss."),
    (lambda t, steps, ddof: t[2][:, t[0] > 0.75 * steps].std(axis=1, ddof=ddof).mean(),
     "that is the spread of the accuracy; the test loss was asked for."),
    (lambda t, steps, ddof: _late(t, steps).std(axis=1, ddof=ddof).max(),
     "that is the seed that moves most; the mean over seeds was asked for."),
]  # fmt: skip


def _frame(seed: int, steps: int) -> tuple[pd.DataFrame, int]:
    """A made-up result: falling losses that jitter; three seeds, ten checkpoints in the last quarter."""
    import pandas as pd

    draw, looks = np.random.default_rng(seed), np.arange(steps // 40, steps + 1, steps // 40)
    rows = [
        (order, number, int(n), metric, float(start + (1 - start) * np.exp(-n / 30) + size * draw.normal()))
        for order, size in (("forward", 0.1), ("backward", 0.02)) for number in range(3)
        for start, metric in ((0.2 + 0.3 * draw.random(), "test loss"), (0.9, "test accuracy")) for n in looks
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["order", "seed", "step", "metric", "value"])
    return frame.sample(frac=1, random_state=seed, ignore_index=True), steps  # the order of rows must not matter


def _table(frame: pd.DataFrame, order: str) -> Table:
    own = frame[frame.order == order]
    wide = [own[own.metric == name].pivot(index="seed", columns="step", values="value")
            for name in ("test loss", "test accuracy")]  # fmt: skip
    return wide[0].columns.to_numpy(), wide[0].to_numpy(), wide[1].to_numpy()
