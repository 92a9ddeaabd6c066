"""Answers to the exercises of notebook 04: right, beside the solution that ships, and wrong, with the hints."""

from __future__ import annotations

import math
from functools import reduce

import revorder as ro


def bound(rate, first_move, tol):
    """The real number from which on the a-priori bound is at most tol."""
    return math.log(first_move / ((1 - rate) * tol)) / math.log(1 / rate)


def backward(update, start, batches):
    return reduce(update, batches[::-1], start)


def by_search(rate, first_move, tol, n_samples):
    n = 0
    while rate**n / (1 - rate) * first_move > tol:
        n += 1
    return n * n_samples


RIGHT = [
    ("04-depth", by_search),
    ("04-depth", lambda p, R, tol, N: float(N * ro.theory.steps_needed(p, R, tol))),
    ("04-refine", lambda T, start, old, new: backward(T, backward(T, start, new), old)),
    ("04-worth", lambda h: 2 / h - 1),
    ("04-worth", lambda h: 1 / ro.theory.stationary_variance(h)),
]

WRONG = [
    ("04-depth", lambda p, R, tol, N: math.ceil(bound(p, R, tol)), "the depth of ONE draw"),
    ("04-depth", lambda p, R, tol, N: N * math.ceil(math.log(R / tol) / math.log(1 / p)), "ONE more batch"),
    ("04-depth", lambda p, R, tol, N: N * math.ceil(bound(p, 1, tol)), "how far can the first move be"),
    ("04-depth", lambda p, R, tol, N: N * math.floor(bound(p, R, tol)), "rounded down"),
    ("04-depth", lambda p, R, tol, N: N * bound(p, R, tol), "a whole number"),
    ("04-depth", lambda p, R, tol, N: math.ceil(bound(p, R, tol / N)), "do not have to be deeper"),
    ("04-depth", lambda p, R, tol, N: N * 10**5, "are too many for rate"),
    ("04-depth", lambda p, R, tol, N: 0, "are too few for rate"),
    ("04-depth", lambda p, R, tol, N: None, "returned nothing"),
    ("04-depth", 30, "give a function"),
    ("04-depth", lambda p, R: 1, "TypeError"),
    ("04-refine", lambda T, s, old, new: reduce(T, new, backward(T, s, old)), "a forward continuation"),
    ("04-refine", lambda T, s, old, new: backward(T, backward(T, s, old), new), "applied them to the rough draw"),
    ("04-refine", lambda T, s, old, new: backward(T, reduce(T, new, s), old), "among themselves"),
    ("04-refine", lambda T, s, old, new: backward(T, s, old), "have no effect"),
    ("04-refine", lambda T, s, old, new: reduce(T, old + new, s), "the forward state of all batches"),
    ("04-refine", lambda T, s, old, new: backward(T, s, new), "must be applied again, after"),
    ("04-refine", lambda T, s, old, new: backward(T, backward(T, s, old), old + new), "act twice"),
    ("04-refine", lambda T, s, old, new: s, "as one backward word"),
    ("04-refine", lambda T, s, old, new: None, "returned nothing"),
    ("04-refine", 0.5, "give a function"),
    ("04-worth", lambda h: h / (2 - h), "in units of Var x"),
    ("04-worth", lambda h: 1 / h, "remembers"),
    ("04-worth", lambda h: 2 / h, "small learning rates"),
    ("04-worth", lambda h: math.sqrt((2 - h) / h), "not standard deviations"),
    ("04-worth", lambda h: 4 * (2 - h) / h, "in both variances"),
    ("04-worth", lambda h: (2 - h) / (4 * h), "it cancels"),
    ("04-worth", lambda h: 10**6, "is too many at h = 0.02"),
    ("04-worth", lambda h: 1, "is too few at h = 0.02"),
    ("04-worth", lambda h: 3, "is too few at h = 0.02"),  # right at h = ½ only
    ("04-worth", lambda h: None, "returned nothing"),
    ("04-worth", 19, "give a function"),
]

SPOILERS = ("(2-h)/h", "2/h-1", "ceil", "log(", "new+old", "start,extra", "extra+batches")
