"""Answers to the exercises of notebook 08: right, beside the solution that ships, and wrong, with the hints."""

from __future__ import annotations

import numpy as np

RIGHT = [
    ("08-stretch", lambda h, low, high: max(1 - h * low, h * high - 1)),
    ("08-stretch", lambda h, low, high: float(np.abs(1 - h * np.array([low, high])).max())),
    ("08-adam", [1, 1000]),
]

WRONG = [
    ("08-stretch", lambda h, low, high: 1 - h * low, "leaps over a steep valley"),
    ("08-stretch", lambda h, low, high: abs(1 - h * high), "look at both ends"),
    ("08-stretch", lambda h, low, high: min(abs(1 - h * low), abs(1 - h * high)), "stretched most"),
    ("08-stretch", lambda h, low, high: 1 + h * max(-low, high), "is subtracted from 1"),
    ("08-stretch", lambda h, low, high: h * max(abs(low), abs(high)), "θ itself contribute"),
    ("08-stretch", lambda h, low, high: max(abs(low), abs(high)), "sizes of the Hessian"),
    ("08-stretch", lambda h, low, high: low + high, "which eigenvalues has I - h H"),
    ("08-stretch", lambda h, low, high: np.array([1 - h * low, h * high - 1]), "got shape (2,)"),
    ("08-stretch", lambda h, low, high: None, "returned nothing"),
    ("08-stretch", 1.2, "give a function"),
    ("08-stretch", lambda h, low, high: 1 / 0, "ZeroDivisionError"),
    ("08-adam", (1000, 1), "that is forward"),
    ("08-adam", (0, 999), "raised before it is used"),
    ("08-adam", (999, 0), "not batch numbers"),
    ("08-adam", (1000, 1000), "every map in the word"),
    ("08-adam", (1, 1), "goes on, with its counter"),
    ("08-adam", (2, 7), "write down the word"),
    ("08-adam", 1, "give two numbers"),
]

SPOILERS = ("(1, 1000)", "max(abs(1 - h", "h * high - 1")
