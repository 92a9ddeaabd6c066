"""Answers to the exercises of notebook 00: right, beside the solution that ships, and wrong, with the hints."""

from __future__ import annotations


def composed(update, start, batches, numbers):
    state = start
    for number in numbers:
        state = update(state, batches[number])
    return state


RIGHT = []

WRONG = [
    ("00-by-hand", lambda u, s, b, n: composed(u, s, b, range(n)), "this is the forward state"),
    ("00-by-hand", lambda u, s, b, n: composed(u, s, b, range(len(b) - 1, len(b) - 1 - n, -1)), "reversed the sampler"),
    ("00-by-hand", lambda u, s, b, n: composed(u, s, b, range(n - 1, 0, -1)), "counted from 0"),
    ("00-by-hand", lambda u, s, b, n: composed(u, s, b, []), "the state never moved"),
    ("00-by-hand", lambda u, s, b, n: composed(u, s, b, [0]), "start afresh"),
    ("00-by-hand", lambda u, s, b, n: composed(u, s, b, range(n, 0, -1)), "no batch with that number"),
    ("00-by-hand", lambda u, s, b, n: None, "end it with `return state`"),
    ("00-by-hand", lambda u, s, b, n: 1 / 0, "raised ZeroDivisionError"),
    ("00-by-hand", 3, "raised TypeError"),
    ("00-which-batch", (0.5**10, 0.5), "that is forward SGD"),
    ("00-which-batch", (1, 0.5**9), "the batch itself enters with the factor"),
    ("00-which-batch", (0.25, 0.25), "each map halves"),
    ("00-which-batch", 0.5, "give two numbers"),
]

SPOILERS = ("reversed(range", "range(n-1", "**10", "1/1024")
