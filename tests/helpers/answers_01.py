"""Answers to the exercises of notebook 01: right, beside the solution that ships, and wrong, with the hints."""

from __future__ import annotations

import math

import numpy as np
import torch

import revorder as ro


def count(rate, first_move, tol):
    n = 0
    while rate**n / (1 - rate) * first_move > tol:
        n += 1
    return n


def raw(rate, first_move, tol):
    return math.log(tol * (1 - rate) / first_move) / math.log(rate)


RIGHT = [
    ("01-start", [0.0078125, 0.0]),
    ("01-start", (-(2.0**-7), 0)),
    ("01-steps", count),
    ("01-steps", ro.theory.steps_needed),
    ("01-rate", lambda eigenvalues, h: np.abs(1 - h * np.array(eigenvalues)).max()),
    ("01-rate", lambda v, h: torch.diag(1 - h * torch.tensor(v, dtype=torch.float64)).svd().S.max()),
    ("01-rate", lambda eigenvalues, h: max(abs(1 - h * min(eigenvalues)), abs(1 - h * max(eigenvalues)))),
]  # fmt: skip

WRONG = [
    ("01-start", (8 / 1024, 8 / 1024), "stops shrinking at step 10"),
    ("01-start", (0, 8 / 1024), "remember its start"),
    ("01-start", (8 / 1024, 8), "remember its start"),
    ("01-start", (8, 0), "is not kept"),
    ("01-start", (0.5**10, 0), "what is it multiplied by"),
    ("01-start", (8 * 0.5**9, 0), "off by one"),
    ("01-start", (8 * 0.5**11, 0), "off by one"),
    ("01-start", (0, 0), "not yet forgotten"),
    ("01-start", (0.3, 0), "halves the gap"),
    ("01-start", 0.0078125, "two numbers"),
    ("01-start", ("a", 0), "ValueError"),
    ("01-steps", lambda r, m, t: math.ceil(math.log(t / m) / math.log(r)), "geometric series"),
    ("01-steps", lambda r, m, t: math.floor(raw(r, m, t)), "one step too early"),
    ("01-steps", raw, "steps is whole"),
    ("01-steps", lambda r, m, t: count(r, m, t) + 1, "one step too late"),
    ("01-steps", lambda r, m, t: math.ceil(math.log(t * (1 - r)) / math.log(r)), "R is missing"),
    ("01-steps", lambda r, m, t: math.ceil(math.log(t * (1 - r) / (r * m)) / math.log(r)), "one step too early"),
    ("01-steps", lambda r, m, t: math.ceil(math.log(t / (m * (1 - r))) / math.log(r)), "wrong side"),
    ("01-steps", lambda r, m, t: math.ceil(raw(r, m, t)), "the start itself is near enough"),
    ("01-steps", lambda r, m, t: 10**6, "too large for"),
    ("01-steps", lambda r, m, t: 0, "too small for"),
    ("01-steps", lambda r, m, t: None, "returned nothing"),
    ("01-steps", 27, "give a function"),
    ("01-rate", lambda v, h: max(1 - h * x for x in v), "negative and large"),
    ("01-rate", lambda v, h: 1 - h * min(v), "negative and large"),
    ("01-rate", lambda v, h: abs(1 - h * max(v)), "steepest direction only"),
    ("01-rate", lambda v, h: abs(1 - h * min(v)), "flattest direction only"),
    ("01-rate", lambda v, h: min(abs(1 - h * x) for x in v), "shrinks most"),
    ("01-rate", lambda v, h: math.prod(abs(1 - h * x) for x in v), "volume"),
    ("01-rate", lambda v, h: sum(abs(1 - h * x) for x in v) / len(v), "average"),
    ("01-rate", lambda v, h: max(abs(1 - x) for x in v), "learning rate does not enter"),
    ("01-rate", lambda v, h: h * max(v), "step alone"),
    ("01-rate", lambda v, h: max(abs(1 - h * x) for x in v) ** 2, "no square"),
    ("01-rate", lambda v, h: [abs(1 - h * x) for x in v], "TypeError"),
    ("01-rate", lambda v, h: 9.0, "too large for"),
    ("01-rate", lambda v, h: None, "returned nothing"),
    ("01-rate", 0.7, "give a function"),
]

SPOILERS = ("8/1024", "0.0078", "2**-7", "log(", "ceil", "max|1-h", "max(abs")
