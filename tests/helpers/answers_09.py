"""Answers to the exercises of notebook 09: right, and wrong with the hint that each gets. No hint may spoil."""

from __future__ import annotations

import numpy as np

import revorder as ro


def tail(values):
    return values[:, -(values.shape[1] // 4) :]


def verdict(loss="average", steady="average", certificate="backward"):
    return {"loss": loss, "steady": steady, "certificate": certificate}


RIGHT = [
    ("09-budget", lambda n: (sum(n), max(n))),
    ("09-budget", lambda n: [ro.plan("backward", n).cost, ro.plan("forward", n).cost]),
    ("09-budget", lambda n: np.array([np.sum(n), n[-1]])),
    ("09-verdict", verdict()),
    ("09-verdict", verdict("Average ", "AVERAGE", "Backward")),
    ("09-spread", lambda v: tail(v).std(axis=1).mean()),
    ("09-spread", lambda v: np.mean([row[-len(row) // 4 :].std() for row in v])),
]

WRONG = [
    ("09-budget", lambda n: (max(n), max(n)), "backward's LAST model alone"),
    ("09-budget", lambda n: (len(n) * max(n), max(n)), "have shorter words"),
    ("09-budget", lambda n: (max(n) * (max(n) + 1) // 2, max(n)), "a look at every step"),
    ("09-budget", lambda n: (max(n), sum(n)), "are swapped"),
    ("09-budget", lambda n: (sum(n), sum(n)), "updated on the way"),
    ("09-budget", lambda n: (sum(n), 2 * max(n)), "needs no gradient"),
    ("09-budget", lambda n: (sum(n), len(n)), "how often the model is looked at"),
    ("09-budget", lambda n: (sum(n), len(n) * max(n)), "one forward run serves"),
    ("09-budget", lambda n: (1, max(n)), "the first number is off"),
    ("09-budget", lambda n: (sum(n), 1), "the second number is off"),
    ("09-budget", lambda n: sum(n), "return a pair"),
    ("09-budget", lambda n: None, "returned nothing"),
    ("09-budget", 3, "give a function"),
    ("09-verdict", verdict(loss="forward"), "loss: the last iterate"),
    ("09-verdict", verdict(loss="backward"), "loss: a steady path"),
    ("09-verdict", verdict(steady="forward"), "least steady path"),
    ("09-verdict", verdict(steady="backward"), "the column of the path's evaluations"),
    ("09-verdict", verdict(certificate="forward"), "every new batch moves"),
    ("09-verdict", verdict(certificate="average"), "is THIS run bounded"),
    ("09-verdict", verdict(loss="magic"), "'magic' is none of"),
    ("09-verdict", {"loss": "average", "steady": ...}, "no method yet for the aim 'steady'"),
    ("09-verdict", "average", "give a dict"),
    ("09-spread", lambda v: tail(v).std(axis=0).mean(), "the other axis"),
    ("09-spread", lambda v: v[:, -1].std(), "over seeds at the last checkpoint"),
    ("09-spread", lambda v: v.std(axis=1).mean(), "the whole path, the descent included"),
    ("09-spread", lambda v: tail(v).std(), "in one heap"),
    ("09-spread", lambda v: tail(v).mean(axis=0).std(), "lets their jitter cancel"),
    ("09-spread", lambda v: tail(v).var(axis=1).mean(), "that is a variance"),
    ("09-spread", lambda v: tail(v).std(axis=1, ddof=1).mean(), "ddof=0"),
    ("09-spread", lambda v: v[:, : v.shape[1] // 4].std(axis=1).mean(), "the first quarter"),
    ("09-spread", lambda v: 0.1, "then the mean over runs"),
    ("09-spread", lambda v: tail(v).std(axis=1), "return ONE number"),
    ("09-spread", lambda v: None, "returned nothing"),
    ("09-spread", 0.3, "give a function"),
]

SPOILERS = ("sum(", "max(", "std(", "axis=1", "usebackward", "isbackward")
