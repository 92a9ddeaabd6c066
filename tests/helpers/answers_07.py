"""Answers to the exercises of notebook 07: right, beside the solution that ships, and wrong, with the hints."""

from __future__ import annotations

import numpy as np
import torch

import revorder as ro


def bracket(H0, x0, H1, x1, theta, h):
    return h**2 * (H0 @ H1 @ (theta - x1) - H1 @ H0 @ (theta - x0))


def gap(H0, x0, H1, x1, theta, h):
    first, second = theta - h * H1 @ (theta - x1), theta - h * H0 @ (theta - x0)
    return (first - h * H0 @ (first - x0)) - (second - h * H1 @ (second - x1))


def after_the_first_step(H0, x0, H1, x1, theta, h):
    after0, after1 = theta - h * H0 @ (theta - x0), theta - h * H1 @ (theta - x1)
    return h**2 * (H0 @ H1 @ (after0 - x1) - H1 @ H0 @ (after1 - x0))


LONG, ROUND = [[2, 1], [1, 2]], [[3, -1], [-1, 3]]  # the same eigenvectors, (1, 1) and (1, -1)
ZERO, BENT = [0, 0], [[2, 1], [1, 4]]  # BENT has other eigenvectors

RIGHT = [
    ("07-sign", gap),
    ("07-sign", lambda *arguments: bracket(*arguments).tolist()),
    ("07-sign", lambda *arguments: torch.from_numpy(bracket(*arguments))),
    ("07-commute", [(np.array(LONG), np.array([0.5, -2])), (np.array(ROUND), np.array([0.5, -2]))]),
    ("07-commute", ((torch.tensor(BENT), torch.tensor(ZERO)), (torch.tensor(BENT) @ torch.tensor(BENT), ZERO))),
    ("07-cost", lambda w: 4 * w - 1),
    ("07-cost", lambda w: ro.lie_corrected(lambda params, batch: params, 0.1).cost(w)),
]

# gradient 0 of the bracket at θ = (1, 1) only: H0 H1 (θ - x1) = H1 H0 (θ - x0), solved for x1
HERE_ONLY = (
    1 - np.linalg.solve(np.array(LONG) @ BENT, np.array(BENT) @ LONG @ (1 - np.array(ZERO)))
).tolist()  # fmt: skip

WRONG = [
    ("07-sign", lambda *arguments: -bracket(*arguments), "the sign is not"),
    ("07-sign", lambda H0, x0, H1, x1, theta, h: bracket(H0, x0, H1, x1, theta, 1), "does not depend on it"),
    ("07-sign", lambda H0, x0, H1, x1, theta, h: bracket(H0, x0, H1, x1, theta, h) / h, "only half as long"),
    (
        "07-sign",
        lambda H0, x0, H1, x1, theta, h: h**2 * (H0 @ H0 @ (theta - x0) - H1 @ H1 @ (theta - x1)),
        "OTHER batch",
    ),
    ("07-sign", lambda H0, x0, H1, x1, theta, h: h**2 * H0 @ H1 @ (theta - x1), "one of the two orders"),
    ("07-sign", lambda H0, x0, H1, x1, theta, h: bracket(H0, 0, H1, 0, theta, h), "left out the minimisers"),
    ("07-sign", lambda H0, x0, H1, x1, theta, h: bracket(H0, x1, H1, x0, theta, h), "mixed up the minimisers"),
    ("07-sign", after_the_first_step, "after the first step"),
    ("07-sign", lambda *arguments: np.linalg.norm(bracket(*arguments)), "a vector with 2 numbers"),
    ("07-sign", lambda *arguments: 3 * bracket(*arguments), "expand one of them on paper"),
    ("07-sign", lambda *arguments: None, "returned nothing"),
    ("07-sign", lambda theta, h: theta, "TypeError"),
    ("07-sign", 3, "give a function"),
    ("07-commute", (LONG, ROUND), "give two pairs"),
    ("07-commute", 5, "TypeError"),
    ("07-commute", ((LONG, ZERO), ([[3, -1], [1, 3]], ZERO)), "batch 1 is not symmetric"),
    ("07-commute", (([[1, 2], [2, 1]], ZERO), (LONG, ZERO)), "batch 0 must have positive eigenvalues"),
    ("07-commute", ((LONG, [1, 1]), (ROUND, [1, 1])), "batch 0 has gradient 0"),
    ("07-commute", (([[2, 0], [0, 1]], ZERO), ([[1, 0], [0, 3]], ZERO)), "case (b)"),
    ("07-commute", ((LONG, ZERO), (LONG, ZERO)), "a multiple of the other"),
    ("07-commute", ((LONG, ZERO), ([[4, 2], [2, 4]], ZERO)), "a multiple of the other"),
    ("07-commute", ((LONG, ZERO), (BENT, ZERO)), "Which pairs of symmetric matrices commute"),
    ("07-commute", ((LONG, ZERO), (BENT, HERE_ONLY)), "move θ a little"),
    ("07-commute", ((LONG, ZERO), (ROUND, [0, 0.5])), "what does each step walk towards"),
    ("07-cost", lambda w: w, "without any correction"),
    ("07-cost", lambda w: w**2, "a square counts pairs"),
    ("07-cost", lambda w: 3 * w - 1, "counts as two"),
    ("07-cost", lambda w: 2 * w - 1, "where are the Hessian-vector products"),
    ("07-cost", lambda w: 2 * w, "the products alone"),
    ("07-cost", lambda w: 4 * w, "used twice"),
    ("07-cost", lambda w: 3 * w, "different states"),
    ("07-cost", lambda w: w + 6 * w * (w - 1) // 2, "for each pair is dearer"),
    ("07-cost", lambda w: 5 * w, "too much"),
    ("07-cost", lambda w: 0, "too little"),
    ("07-cost", lambda w: None, "returned nothing"),
    ("07-cost", 19, "give a function"),
]

SPOILERS = ("H0@g1", "H_0g_1", "4w-1", "4*w-1", "eigenvector", "x0=x1")
