"""The exercises of notebook 02."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import torch

from revorder.course.checking import NOTHING, exercise

CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]], dtype=torch.float64)
DEPTH = 40  # batches behind each point of 02-address: float64 still knows them all


@exercise("02-address")
def address(answer: Callable[[torch.Tensor, int], Sequence[int]]) -> str | None:
    """`answer(point, k)` lists the corners of batches 0 … k-1 whose backward limit at h = ½ is this point (2,)."""
    if not callable(answer):
        return f"give a function of a point and k; got {type(answer).__name__}."
    draw = random.Random(0)
    for k in [5, 8, 12, 1, 2, 3]:
        tosses = [draw.randrange(3) for _ in range(DEPTH)]
        if k > 1:
            tosses[:2] = draw.sample(range(3), 2)  # reading must not stop at the first corner
        if k > 2:
            tosses[k - 1] = (tosses[0] + 1) % 3  # read from either end, the list is another one
        got = answer(_limit(tosses), k)
        if got is None:
            return NOTHING
        hint = _address_hint([int(corner) for corner in got], tosses, k)
        if hint is not None:
            return hint
    return None


def _limit(tosses: Sequence[int]) -> torch.Tensor:
    """B_n of these tosses from the centroid."""
    point = CORNERS.mean(0)
    for toss in reversed(tosses):
        point = (point + CORNERS[toss]) / 2
    return point


def _address_hint(got: list[int], tosses: list[int], k: int) -> str | None:
    right = tosses[:k]
    if got == right:
        return None
    if len(got) != k:
        return f"for k = {k} your list has length {len(got)}: one corner for each of the k oldest batches."
    if [corner - 1 for corner in got] == right:
        return "corners are counted from 0."
    if got[::-1] == right:
        return "your list is reversed: backward, the corner of batch 0 decides in which half-size copy the point lies."
    if got == [right[0]] * k:
        return "you read the same corner k times: undo the map that you have just read before you read the next one."
    if got == tosses[1 : k + 1]:
        return "off by one: the first corner is that of the copy the point itself lies in, before anything is undone."
    if got[0] == right[0]:
        return ("the first corner is right, a later one is not: T_i halves the distance to corner i, so what does its "
                "inverse do?")  # fmt: skip
    return "the first corner is wrong: which half-size copy holds the point? Compare its distances to the corners."


@exercise("02-dimension")
def dimension(answer: Callable[[int, float], float]) -> str | None:
    """`answer(corners, lr)`: the dimension of an attractor made of `corners` copies that do not overlap."""
    if not callable(answer):
        return f"give a function, such as `lambda corners, lr: ...`; got {type(answer).__name__}."
    mistakes: list[tuple[Callable[[int, float], float], str]] = [
        (lambda k, h: math.log(k) / math.log(1 / h), "by which factor does T_i shrink distances? It is not lr."),
        (lambda k, h: math.log(1 / (1 - h)) / math.log(k), "upside down: more corners must give a larger dimension."),
        (lambda k, h: math.log(k) / math.log(1 - h), "that is negative: the side shrinks while the number grows."),
        (lambda k, h: math.log(k) / math.log(2), "that holds at learning rate 0.5; the copies' size depends on lr."),
        (lambda k, h: math.log(3) / math.log(1 / (1 - h)), "that holds for three corners; how many copies are there?"),
        (lambda k, h: k * (1 - h), "a dimension is an exponent: which power of the size counts the copies?"),
    ]
    draw = random.Random(1)
    cases = [(k, draw.uniform(0.55, 0.95)) for k in (2, 4, 5, 6, 7)]
    got = [answer(*case) for case in cases]
    if any(value is None for value in got):
        return NOTHING

    def equal(formula: Callable[[int, float], float]) -> bool:
        return all(math.isclose(value, formula(*case), rel_tol=1e-6) for value, case in zip(got, cases, strict=True))

    if equal(lambda k, h: math.log(k) / math.log(1 / (1 - h))):
        return None
    otherwise = "count: after k steps, how many copies are there, and how large is each? Then compare their logarithms."
    return next((hint for wrong, hint in mistakes if equal(wrong)), otherwise)


@exercise("02-spreads")
def spreads(answer: Sequence[float]) -> str | None:
    """Standard deviations of the first coordinate at h = 2/3, late in the run.

    In this order: forward along the path of one run, backward along the path, forward over seeds, backward over seeds.
    """
    if not isinstance(answer, (tuple, list)) or len(answer) != 4:
        return "give four numbers: forward, then backward along the path; forward, then backward over seeds."
    values = [float(value) for value in answer]
    hint = _zeros_hint([abs(value) < 1e-6 for value in values])
    if hint is not None:
        return hint
    batch, ratio = 1 / 6, (2 / 3) / (2 - 2 / 3)  # Var x of the first coordinate, and h / (2 - h)
    mistakes = [
        (batch * ratio, "those are variances; a spread is the square root."),
        (batch, "that is the variance of a batch; the states move less than the batches."),
        (
            math.sqrt(batch),
            "that is the spread of the batches; each state is a weighted sum of many, which varies less.",
        ),
        (math.sqrt(batch / 3), "that holds at learning rate 1/2; put 2/3 into h/(2 - h)."),
        (math.sqrt(2 / 9 * ratio), "that is the second coordinate; compute the variance of the first one."),
    ]
    positive = [values[i] for i in (0, 2, 3)]

    def equal(value: float) -> bool:
        return all(math.isclose(each, value, rel_tol=0.01) for each in positive)

    if equal(math.sqrt(batch * ratio)):
        return None
    otherwise = "three of the four are equal; begin with the variance of the corners' first coordinate."
    return next((hint for wrong, hint in mistakes if equal(wrong)), otherwise)


def _zeros_hint(zero: list[bool]) -> str | None:
    """What is wrong with which spreads are 0."""
    if zero == [False, True, False, False]:
        return None
    if zero[0] and not zero[1]:
        return "along the path: which of the two orders lets its newest batch move the state by half or more?"
    if zero[0]:
        return "along its path forward never settles: its newest batch is applied last."
    if zero[2] or zero[3]:
        return "over seeds: two runs with different batches end at different points, in either order."
    return "one of the four is 0: whose path comes to rest?"
