"""The exercises of notebook 08."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from revorder.course.checking import NOTHING, exercise

SAME = {"A", "B", "F"}
WHY = {  # a hint for each letter that is answered wrongly
    "A": "A: step 1750 is a whole number of epochs; what does same law say of a fixed function of the state there?",
    "B": "B: two equal laws have more than their means in common.",
    "C": "C: 1800 is no multiple of 175; what does reshuffling do to same law in the middle of an epoch?",
    "D": "D: same law is about ONE step; is this a function of the state at one step?",
    "E": "E: the mean of many parameters of one run looks at many steps of its path.",
    "F": "F: what Adam remembers, its step counter included, is part of the state; does the map depend on the batch's "
    "number in any other way?",
}


@exercise("08-same-law")
def same_law(answer: str | Iterable[str]) -> str | None:
    """The letters of the quantities that same law makes equal, as a text or a set of letters."""
    if not isinstance(answer, str | set | list | tuple | frozenset) or not all(isinstance(a, str) for a in answer):
        return 'give letters, such as "ACE".'
    letters = {letter.upper() for letter in "".join(answer) if letter.isalpha()}
    if letters - WHY.keys():
        return f"there is no quantity {min(letters - WHY.keys())}; the letters are A to F."
    if not letters:
        return "at least one of them is equal; which are fixed functions of the state at one step?"
    wrong = sorted(letters ^ SAME)
    return WHY[wrong[0]] if wrong else None


MISTAKES: list[tuple[Callable[[np.ndarray], float], str]] = [
    (lambda x: x.std(axis=0).mean(),
     "that is the spread OVER SEEDS at each checkpoint; along the path is the other axis."),
    (lambda x: x.std(), "one deviation over everything mixes the spread along the path with that over seeds."),
    (lambda x: x.mean(axis=0).std(),
     "you averaged the runs first, and their jitter cancels; each run has a path of its own."),
    (lambda x: x.mean(axis=1).std(),
     "that says how different the runs are from each other, not how much one of them moves."),
    (lambda x: x.var(axis=1).mean(), "that is a mean of variances, in squared nats; a spread is in nats."),
    (lambda x: np.sqrt(x.var(axis=1).mean()), "average the deviations of the runs, not their squares."),
    (lambda x: x.std(axis=1, ddof=1).mean(),
     "nearly: here the deviation divides by the number of checkpoints, not by one less (numpy's default)."),
    (lambda x: np.ptp(x, axis=1).mean(), "a range is set by two checkpoints only; use the standard deviation."),
]  # fmt: skip


@exercise("08-steady")
def steady(answer: Callable[[np.ndarray], float]) -> str | None:
    """`answer(losses)`, with losses (seeds, checkpoints): the spread along the path, averaged over seeds."""
    if not callable(answer):
        return f"give a function, such as `lambda losses: …`; got {type(answer).__name__}."
    source = np.random.default_rng(0)
    losses = source.normal(size=(4, 7)).cumsum(axis=1) + 3 * source.normal(size=(4, 1))
    got: Any = answer(losses.copy())
    if got is None:
        return NOTHING
    if np.shape(got) == (4,):
        return "you have one number for each seed; the exercise asks for their mean."
    if np.shape(got) == (7,):
        return "you have one number for each checkpoint; along the path means: over the checkpoints of one run."
    if np.shape(got) != ():
        return f"give one number; got shape {np.shape(got)}."
    if np.isclose(got, losses.std(axis=1).mean(), rtol=1e-9):
        return None
    found = (hint for wrong, hint in MISTAKES if np.isclose(got, wrong(losses), rtol=1e-9))
    return next(found, "for each run: how far do its checkpoints lie from their mean? Then average over runs.")


@exercise("08-adam")
def adam_counter(answer: tuple[int, int]) -> str | None:
    """Adam's step counter t in the bias correction, for the newest batch and for batch 0, when B_1000 is computed."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "give two numbers: (counter for batch 999, counter for batch 0)."
    given = tuple(answer)
    hints: dict[tuple[int, ...], str] = {
        (1000, 1): "that is forward: the counter counts positions in the word, and backward the word is another one.",
        (0, 999): "the counter is raised before it is used: else the bias correction would divide by 1 - β⁰ = 0.",
        (999, 0): "the counter counts positions in the word, not batch numbers, and it starts anew from θ_0.",
        (1000, 1000): "the counter is part of the state: every map in the word raises it.",
        (1, 1): "after the newest batch the state goes on, with its counter; only θ_0 has a fresh one.",
    }
    if given == (1, 1000):
        return None
    return hints.get(given, "write down the word of B_1000 and number its batches in the order of application.")
