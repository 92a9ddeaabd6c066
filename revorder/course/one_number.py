"""The exercises of notebook 03."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from revorder.course.checking import NOTHING, exercise
from revorder.theory import binary_fraction, bits_of


@exercise("03-fraction")
def fraction(answer: Callable[[float, int], Sequence[int]]) -> str | None:
    """`answer(fraction, n)` lists the n tosses, oldest first, with B_n = fraction, a multiple of 2^-n in [0, 1)."""
    if not callable(answer):
        return f"give a function of the fraction and n; got {type(answer).__name__}."
    draw, got, right = random.Random(0), [], []
    for n in (3, 4, 5, 6, 7, 8, 20, 53):
        right.append(bits_of(draw.randrange(1, 2**n, 2) / 2**n, n).tolist())
        found = answer(binary_fraction(right[-1]), n)
        hint = _tosses_hint(found, n)
        if hint is not None:
            return hint
        got.append([int(toss) for toss in found])
    return None if got == right else _digits_hint(got, right)


def _tosses_hint(found: Any, n: int) -> str | None:
    """What is wrong with the form of an answer; None if it is n tosses."""
    if found is None:
        return NOTHING
    if isinstance(found, str):
        return "give the tosses as a list of numbers, not as text."
    if len(found) != n:
        return f"for n = {n} you gave {len(found)} tosses; leading and trailing zeros are tosses, too."
    if any(toss not in (0, 1) for toss in found):
        return "a toss is 0 or 1; your list has something else in it."
    return None


def _digits_hint(got: list[list[int]], right: list[list[int]]) -> str:
    mistakes: list[tuple[Callable[[list[int]], list[int]], str]] = [
        (lambda bits: bits[::-1], "these tosses make F_n that number: which batch is the leading digit of B_n?"),
        (lambda bits: [0, *bits[:-1]], "all digits stand one place too far right: what does batch 0 weigh at h = 1/2?"),
        (
            lambda bits: [*bits[1:], 0],
            "the leading digit is missing: what does the first toss say about B_n?",
        ),
        (lambda bits: [1 - bit for bit in bits], "0 and 1 are exchanged: a toss 1 pulls towards 1."),
    ]
    for wrong, hint in mistakes:
        if got == [wrong(bits) for bits in right]:
            return hint
    first = next(i for i in range(len(got)) if got[i] != right[i])
    made, asked = binary_fraction(got[first]), binary_fraction(right[first])
    return f"at n = {len(got[first])} your tosses make B_n = {made:.6g}, but {asked:.6g} was asked for."


Pair = tuple[float, float]


@exercise("03-weights")
def weights(answer: Callable[[int, int, float], Pair]) -> str | None:
    """`answer(i, n, h)` is the pair (weight of batch i in F_n, weight of batch i in B_n)."""
    if not callable(answer):
        return f"give a function of i, n and h; got {type(answer).__name__}."
    draw = random.Random(1)
    cases = [(0, 1, 0.3), (0, 4, 0.3), (3, 4, 0.3)]
    for n in draw.sample(range(5, 15), 6):
        cases.append((draw.randrange(n), n, draw.uniform(0.05, 0.45)))
    got = []
    for case in cases:
        found = answer(*case)
        if found is None:
            return NOTHING
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            return "give two numbers: (weight in F_n, weight in B_n)."
        got.append((float(found[0]), float(found[1])))
    return _weights_hint(got, cases)


def _right(i: int, n: int, h: float) -> Pair:
    return h * (1 - h) ** (n - 1 - i), h * (1 - h) ** i


def _scaled(i: int, n: int, h: float, forward: float, backward: float) -> Pair:
    """The right weights, each damped so many times more."""
    f, b = _right(i, n, h)
    return f * (1 - h) ** forward, b * (1 - h) ** backward


WEIGHT_MISTAKES: list[tuple[Callable[[int, int, float], Pair], str]] = [
    (lambda i, n, h: _right(i, n, h)[::-1], "the two are swapped: in ordinary SGD the newest batch weighs most."),
    (lambda i, n, h: (_right(i, n, h)[0] / h, _right(i, n, h)[1] / h),
     "you forgot that a batch enters with the factor h, even if no map follows it."),
    (lambda i, n, h: _right(n - 1 - i, n, 1 - h)[::-1],
     "h and c = 1 - h are exchanged: which of the two multiplies the old state in every step?"),
    (lambda i, n, h: _scaled(i, n, h, 1, -1), "batches are counted from 0: the newest of n batches is n - 1."),
    (lambda i, n, h: _scaled(i, n, h, 1, 1),
     "off by one in both exponents: a batch is not damped by its own map, only by the maps after it."),
    (lambda i, n, h: (_right(i, n, h)[0],) * 2, "both are the forward weight; which maps follow batch i backward?"),
    (lambda i, n, h: (_right(i, n, h)[1],) * 2, "both are the backward weight; which maps follow batch i forward?"),
]  # fmt: skip


def _weights_hint(got: list[Pair], cases: list[tuple[int, int, float]]) -> str | None:
    right = [_right(*case) for case in cases]
    good = [all(_close(a[side], b[side]) for a, b in zip(got, right, strict=True)) for side in (0, 1)]
    if all(good):
        return None
    for wrong, hint in WEIGHT_MISTAKES:
        if all(_close(x, y) for a, case in zip(got, cases, strict=True) for x, y in zip(a, wrong(*case), strict=True)):
            return hint
    if any(good):
        name, other = ("F_n", "B_n") if good[0] else ("B_n", "F_n")
        return f"the weight in {name} is right, that in {other} is not: count the maps that come after batch i there."
    return "write out F_2 and B_2 by hand: what multiplies x_0, and what x_1?"


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15)


@exercise("03-spread")
def spread(answer: str) -> str | None:
    """The letters of the quantities that same law makes equal forward and backward; what each is says the notebook."""
    if not isinstance(answer, str):
        return f"give the letters as one text in quotes; got {type(answer).__name__}."
    chosen = {letter.upper() for letter in answer if letter.isalnum()}
    if not chosen or chosen - set("ABCDEF"):
        return "give letters from A to F."
    wrong = {
        "C": "one of your letters compares the steps of ONE run with each other: that is its path, not a law.",
        "D": "one of your letters takes the lowest of many steps, which depends on how the steps hang together.",
        "F": "one of your letters looks at a batch that is not independent of how it was used: which map came last?",
    }
    for letter, hint in wrong.items():
        if letter in chosen:
            return hint
    if not {"A", "B"} <= chosen:
        return "one is missing: any fixed function of the state, at one step fixed in advance, averaged over seeds."
    if "E" not in chosen:
        return "one is missing: it looks at many steps, but only adds up; which means does a sum need?"
    return None
