"""Answers to the exercises of notebook 05: right, beside the solution that ships, and wrong, with the hints."""

import math

import numpy as np

import revorder as ro


def halfway_map(h, x0, x1):
    """The limit of backward by brute force."""
    theta = 0.0
    for i in reversed(range(2000)):
        theta -= h * (theta - (x0, x1)[i % 2])
    return theta


RIGHT = [
    ("05-lyapunov", lambda a, h, s: h**2 * s / (1 - (1 - h * a) ** 2)),
    ("05-lyapunov", lambda a, h, s: ro.theory.stationary_covariance(a, s, h)[0]),
    ("05-expand", 0.631),
    ("05-expand", np.log(0.5) / np.log(1 / 3)),
    ("05-cycle", lambda h, x0, x1: (h * x0 + h * (1 - h) * x1) / (1 - (1 - h) ** 2)),
    ("05-cycle", halfway_map),
]

WRONG = [
    ("05-lyapunov", lambda a, h, s: h * s / (2 * a), "limit for small h"),
    ("05-lyapunov", lambda a, h, s: s / (a * (2 - h * a)), "a factor is missing"),
    ("05-lyapunov", lambda a, h, s: s / (1 - (1 - h * a) ** 2), "a factor is missing"),
    ("05-lyapunov", lambda a, h, s: h * s / (2 - h), "curvature 1"),
    ("05-lyapunov", lambda a, h, s: h * a * s / (2 - h * a), "noise in the batch's target"),
    ("05-lyapunov", lambda a, h, s: h**2 * s / (1 - (1 - h * a)), "SQUARE"),
    ("05-lyapunov", lambda a, h, s: math.sqrt(h * s / (a * (2 - h * a))), "standard deviation"),
    ("05-lyapunov", lambda a, h, s: s, "solve for v"),
    ("05-lyapunov", lambda a, h, s: None, "must return a number"),
    ("05-lyapunov", lambda a: a, "TypeError"),
    ("05-lyapunov", 0.3, "give a function"),
    ("05-expand", 0.5, "mean of |a| is 1"),
    ("05-expand", 3 / 8, "mean of a² is 1"),
    ("05-expand", 0.75, "mean of a is -1"),
    ("05-expand", 0.25, "mean of a is 0"),
    ("05-expand", 1 - math.log(2) / math.log(3), "swapped the two chances"),
    ("05-expand", 0.6, "still converge"),
    ("05-expand", 0.7, "diverge already"),
    ("05-expand", 63, "between 0 and 1"),
    ("05-expand", math.nan, "between 0 and 1"),
    ("05-expand", "two thirds", "give a number"),
    ("05-cycle", lambda h, x0, x1: (x1 + (1 - h) * x0) / (2 - h), "FORWARD"),
    ("05-cycle", lambda h, x0, x1: (x0 + x1) / 2, "minimiser"),
    ("05-cycle", lambda h, x0, x1: h * (x0 + (1 - h) * x1), "B_2"),
    ("05-cycle", lambda h, x0, x1: x0 + (1 - h) * x1, "sum to 1"),
    ("05-cycle", lambda h, x0, x1: x0, "a part of the way"),
    ("05-cycle", lambda h, x0, x1: h * x0 + (1 - h) * x1, "BOTH maps"),
    ("05-cycle", lambda h, x0, x1: x1, "solve θ"),
    ("05-cycle", lambda h, x0, x1: None, "must return a number"),
]

SPOILERS = ("a(2-h", "a*(2-", "(2-h)", "log2", "log(2)", "0.63", "(1-h)", "log|a|")
