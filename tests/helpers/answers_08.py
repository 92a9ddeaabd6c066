"""Answers to the exercises of notebook 08: right, and wrong with the hint that each gets. No hint may spoil."""

from __future__ import annotations

import numpy as np

RIGHT = [
    ("08-same-law", "ABF"),
    ("08-same-law", "f, b, a"),
    ("08-same-law", {"A", "B", "F"}),
    ("08-steady", lambda losses: losses.std(axis=1).mean()),
    ("08-steady", lambda losses: np.mean([np.std(path) for path in losses])),
    ("08-steady", lambda losses: float(np.sqrt(((losses - losses.mean(1, keepdims=True)) ** 2).mean(1)).mean())),
    ("08-adam", (1, 1000)),
    ("08-adam", [1, 1000]),
]

WRONG = [
    ("08-same-law", "BF", "A: step 1750 is a whole number of epochs"),
    ("08-same-law", "AF", "B: two equal laws"),
    ("08-same-law", "ABCF", "C: 1800 is no multiple"),
    ("08-same-law", "ABDF", "D: same law is about ONE step"),
    ("08-same-law", "ABEF", "E: the mean of many parameters"),
    ("08-same-law", "AB", "F: what Adam remembers"),
    ("08-same-law", "ABG", "no quantity G"),
    ("08-same-law", "", "at least one"),
    ("08-same-law", 3, "give letters"),
    ("08-steady", lambda losses: losses.std(axis=0).mean(), "OVER SEEDS"),
    ("08-steady", lambda losses: losses.std(), "over everything"),
    ("08-steady", lambda losses: losses.mean(axis=0).std(), "averaged the runs first"),
    ("08-steady", lambda losses: losses.mean(axis=1).std(), "different the runs are"),
    ("08-steady", lambda losses: losses.var(axis=1).mean(), "mean of variances"),
    ("08-steady", lambda losses: np.sqrt(losses.var(axis=1).mean()), "not their squares"),
    ("08-steady", lambda losses: losses.std(axis=1, ddof=1).mean(), "not by one less"),
    ("08-steady", lambda losses: np.ptp(losses, axis=1).mean(), "two checkpoints only"),
    ("08-steady", lambda losses: losses.std(axis=1), "one number for each seed"),
    ("08-steady", lambda losses: losses.std(axis=0), "one number for each checkpoint"),
    ("08-steady", lambda losses: losses, "shape (4, 7)"),
    ("08-steady", lambda losses: 0.0, "for each run"),
    ("08-steady", lambda losses: None, "returned nothing"),
    ("08-steady", 0.01, "give a function"),
    ("08-steady", lambda losses: 1 / 0, "ZeroDivisionError"),
    ("08-adam", (1000, 1), "that is forward"),
    ("08-adam", (0, 999), "raised before it is used"),
    ("08-adam", (999, 0), "not batch numbers"),
    ("08-adam", (1000, 1000), "every map in the word"),
    ("08-adam", (1, 1), "goes on, with its counter"),
    ("08-adam", (2, 7), "write down the word"),
    ("08-adam", 1, "give two numbers"),
]

SPOILERS = ("ABF", "(1, 1000)", "std(axis=1)")
