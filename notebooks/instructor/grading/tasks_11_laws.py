"""Exercises 4 to 6 of notebook 11: a certificate, the two spreads, and when forward and backward have the same law."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np

from grading.laws import SHUFFLES, same_law
from grading.tasks import Case, Formula, Mistakes, Part, Task
from revorder.theory import steps_needed

DATA_ORDERS = ("incremental", *SHUFFLES)


def _farthest(low: float, high: float, start: float) -> float:
    return max(abs(low - start), abs(high - start))


def _real_steps(h: float, low: float, high: float, start: float, tol: float) -> float:
    """The n, not rounded, at which the bound (1 - h)ⁿ / h · (h · farthest batch) is tol."""
    return math.log(tol / _farthest(low, high, start)) / math.log(1 - h)


def steps_cases(seed: int) -> list[Case]:
    """`answer(h, low, high, start, tol)`: the first n certified, for batches that are numbers in [low, high]."""
    draw = Random(f"11-steps {seed}")
    cases: list[Case] = []
    while len(cases) < 12:
        low, high = draw.uniform(-3, -1), draw.uniform(1, 3)
        share = draw.uniform(0.1, 0.4) if len(cases) % 2 else draw.uniform(0.6, 0.9)  # the farther end: high, low, …
        case = (draw.uniform(0.05, 0.4), low, high, low + share * (high - low), 10 ** draw.uniform(-5, -1))
        if 0.01 < _real_steps(*case) % 1 < 0.99:  # else the last bits of logarithms would decide
            cases.append(case)
    return cases


def with_move(move: Formula) -> Formula:
    return lambda h, low, high, start, tol: steps_needed(1 - h, move(h, low, high, start), tol)


STEPS_MISTAKES: Mistakes = [
    (with_move(lambda h, low, high, start: _farthest(low, high, start)),
     "your first move goes all the way to the batch; a step goes only part of it."),
    (lambda h, low, high, start, tol: math.ceil(_real_steps(h, low, high, start, tol / h)),
     "you bounded the next move only; all the later moves can add to it."),
    (lambda h, low, high, start, tol: math.ceil(_real_steps(1 - h, low, high, start, tol)),
     "you took h for the rate: by which factor does a map shrink the distance of two states?"),
    (lambda h, low, high, start, tol: steps_needed(h, h * _farthest(low, high, start), tol),
     "h is how far a step goes; the rate is what is left of a distance."),
    (with_move(lambda h, low, high, start: h * abs(high - start)),
     "you look at the upper end only: a batch at the other one may come, and may be farther away."),
    (with_move(lambda h, low, high, start: h * abs(low - start)),
     "you look at the lower end only: a batch at the other one may come, and may be farther away."),
    (with_move(lambda h, low, high, start: h * (high - low)),
     "safe, but not the first n: can a batch be as far from the start as the ends are from each other?"),
    (_real_steps, "a number of steps is whole."),
    (lambda *case: math.floor(_real_steps(*case)), "one step too early: at your n the bound is still above tol."),
    (lambda *case: math.ceil(_real_steps(*case)) + 1, "one step too late: the bound was small enough before."),
]  # fmt: skip


def spreads_cases(seed: int) -> list[Case]:
    """`answer(values, last)`: spread along the path, mean over seeds; spread over seeds at the last step."""
    noise = np.random.default_rng([11, seed])
    cases: list[Case] = []
    for seeds, steps, last in ((5, 30, 8), (7, 24, 6), (4, 40, 10)):
        walks = noise.normal(size=(seeds, steps)).cumsum(axis=1)
        cases.append((walks + 3 * noise.normal(size=(seeds, 1)), last))
    return cases


def _along(values: np.ndarray, last: int) -> Any:
    return values[:, -last:].std(axis=1).mean()


def _over(values: np.ndarray, last: int) -> Any:
    return values[:, -1].std()


SWAPPED: Mistakes = [
    (lambda v, last: (_over(v, last), _along(v, last)), "the two are swapped: which axis of the array is one run?"),
]
ALONG_MISTAKES: Mistakes = [
    (lambda v, last: v[:, -last:].mean(axis=0).std(),
     "path: you average over seeds before you measure, and their jitter cancels; the path of ONE run was asked for."),
    (lambda v, last: v[:, -last:].std(axis=0).mean(),
     "path: at each step you compare the runs with each other; that is the other spread."),
    (lambda v, last: v.std(axis=1).mean(), "path: you took all steps; only the last ones were asked for."),
    (lambda v, last: v[:, :last].std(axis=1).mean(), "path: these are the first steps, not the last ones."),
    (lambda v, last: v[:, -last:].std(), "path: all runs in one heap mix both spreads."),
    (lambda v, last: v[:, -last:].var(axis=1).mean(), "path: that is a variance; a spread has the unit of the values."),
    (lambda v, last: v[:, -last:].std(axis=1, ddof=1).mean(), "path: divide by the number of steps (ddof=0)."),
    (lambda v, last: _over(v, last), "path: both of your numbers compare runs with each other."),
]  # fmt: skip
OVER_MISTAKES: Mistakes = [
    (lambda v, last: v[:, -last:].std(axis=0).mean(), "seeds: only the last step was asked for, no mean over steps."),
    (lambda v, last: v[:, -last:].mean(axis=1).std(),
     "seeds: you average each run over its steps before you compare; that smooths away what was to be measured."),
    (lambda v, last: v[:, 0].std(), "seeds: that is the first step."),
    (lambda v, last: v[:, -1].var(), "seeds: that is a variance; a spread has the unit of the values."),
    (lambda v, last: v[:, -1].std(ddof=1), "seeds: divide by the number of seeds (ddof=0)."),
    (lambda v, last: v[:, -last:].std(), "seeds: several steps in one heap mix both spreads."),
    (lambda v, last: _along(v, last), "seeds: both of your numbers follow single runs."),
]  # fmt: skip


def law_cases(seed: int) -> list[Case]:
    """`answer(data_order, n, period)`: whether F_n and B_n have the same law, for n >= 2 and period >= 3 batches."""
    draw = Random(f"11-law {seed}")
    cases: list[Case] = []
    for data_order in DATA_ORDERS:
        for period in (3, draw.randint(4, 9)):
            inside = [draw.randint(2, period - 1), draw.randint(period + 1, 2 * period - 1)]
            inside += [draw.randint(2 * period + 1, 3 * period - 1), draw.randint(3 * period + 1, 4 * period - 1)]
            cases += [(data_order, n, period) for n in (*inside, *range(period, 6 * period, period))]
    return cases


def _fixed(value: bool) -> Formula:
    return lambda *case: value


LAW_MISTAKES: dict[str, Mistakes] = {
    "incremental": [(_fixed(True), "incremental: the sequence is fixed; is its reversal the same sequence?")],
    "iid": [
        (_fixed(False), "iid: the batches are independent draws; what does reversing them change?"),
        (lambda _, n, k: n <= k or n % k == 0, "iid: independent draws know no epochs."),
    ],
    "shuffle_once": [
        (lambda _, n, k: n <= k or n % k == 0,
         "shuffle_once: you say that it needs whole epochs; but a repeated shuffle, read from its end, is what?"),
        (lambda _, n, k: n % k == 0, "shuffle_once: what does a repeated shuffle look like, read from its end?"),
        (lambda _, n, k: n <= k, "shuffle_once: what changes after the first epoch, if the shuffle is the same?"),
        (_fixed(False), "shuffle_once: one shuffle is as likely as any other one."),
    ],
    "reshuffle": [
        (_fixed(True), "reshuffle: in a later epoch the incomplete shuffle stands last; where is it reversed?"),
        (lambda _, n, k: n % k == 0, "reshuffle: you ask for whole epochs; is a part of the FIRST one not enough?"),
        (lambda _, n, k: n <= k, "reshuffle: you stop after the first epoch; what of several whole ones?"),
        (_fixed(False), "reshuffle: one shuffle, read from its end, is as likely as before."),
    ],
    "flipflop": [
        (_fixed(True), "flipflop: in a later epoch, where do the mirrored epochs stand when reversed?"),
        (lambda _, n, k: n <= k or n % k == 0,
         "flipflop: after three whole epochs, which of them mirror each other, and which in the reversal?"),
        (lambda _, n, k: n % (2 * k) == 0, "flipflop: is a part of the first epoch not an ordinary shuffle?"),
        (lambda _, n, k: n <= k, "flipflop: you stop after the first epoch; what is an epoch with its mirror image?"),
        (lambda _, n, k: n <= k or n == 2 * k, "flipflop: what of two mirrored pairs?"),
        (_fixed(False), "flipflop: is there no n at all? Begin with the first epoch."),
    ],
}  # fmt: skip


def law_part(data_order: str) -> Part:
    advice = (
        "{got} is wrong for {case}: write down which batches the sequence repeats, and do the same for its reversal."
    )
    return Part(same_law, LAW_MISTAKES[data_order], advice, where=lambda case: case[0] == data_order)


TASKS = [
    Task(
        "11-steps",
        steps_cases,
        [Part(with_move(lambda h, *ends: h * _farthest(*ends)), STEPS_MISTAKES,
              "{got} is wrong for (h, low, high, start, tol) = {case}: name the rate, the first move and the bound.")],
    ),
    Task(
        "11-spreads",
        spreads_cases,
        [
            Part(lambda v, last: (_along(v, last), _over(v, last)), SWAPPED, None, shape=(2,),
                 shape_hint="return two numbers: the spread along the path, then the spread over seeds."),
            Part(_along, ALONG_MISTAKES, "path: measure each run by itself, over its last steps.", pick=0),
            Part(_over, OVER_MISTAKES, "seeds: fix the last step, then see how much the runs differ.", pick=1),
        ],
    ),
    Task("11-law", law_cases, [law_part(data_order) for data_order in DATA_ORDERS]),
]  # fmt: skip
