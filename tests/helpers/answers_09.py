"""Answers to the exercises of notebook 09: right, beside the solution that ships, and wrong, with the hints."""

from __future__ import annotations

import numpy as np
from scipy import stats

import revorder as ro


def verdict(loss="average", steady="average", certificate="backward"):
    return {"loss": loss, "steady": steady, "certificate": certificate}


def interval(middle, error, quantile):
    return middle - quantile * error, middle + quantile * error


def t(n, level=0.975):
    return stats.t.ppf(level, n - 1)


def gaps(own, other, *, ddof=1, quantile=None, root=True):
    gap = own - other
    error = gap.std(ddof=ddof) / (np.sqrt(len(gap)) if root else 1)
    return interval(gap.mean(), error, t(len(gap)) if quantile is None else quantile)


def unpaired(own, other, quantile):
    return interval(own.mean() - other.mean(), np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / len(own)), quantile)


def of_diagnostics(own, other):
    found = ro.diagnostics.mean_interval(own - other)
    return found.low, found.high


RIGHT = [
    ("09-budget", lambda n: [ro.plan("backward", n).cost, ro.plan("forward", n).cost]),
    ("09-budget", lambda n: np.array([np.sum(n), n[-1]])),
    ("09-verdict", verdict("Average ", "AVERAGE", "Backward")),
    ("09-paired", of_diagnostics),
    ("09-paired", lambda own, other: stats.ttest_rel(own, other).confidence_interval()),
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
    ("09-budget", lambda n: sum(n), "numbers: backward first"),
    ("09-budget", lambda n: None, "returned nothing"),
    ("09-budget", 3, "give a function"),
    ("09-verdict", verdict(loss="forward"), "loss: the last iterate"),
    ("09-verdict", verdict(loss="backward"), "loss: a steady path"),
    ("09-verdict", verdict(steady="forward"), "least steady path"),
    ("09-verdict", verdict(steady="backward"), "the price of the path"),
    ("09-verdict", verdict(certificate="forward"), "every new batch moves"),
    ("09-verdict", verdict(certificate="average"), "is THIS run bounded"),
    ("09-verdict", verdict(loss="magic"), "'magic' is none of"),
    ("09-verdict", {"loss": "average", "steady": ...}, "no method yet for the aim 'steady'"),
    ("09-verdict", "average", "give a dict"),
    ("09-paired", lambda own, other: gaps(other, own), "the wrong way round"),
    ("09-paired", lambda own, other: unpaired(own, other, t(len(own))), "the seeds are paired"),
    ("09-paired", lambda own, other: gaps(own, other, root=False), "where single seeds lie"),
    ("09-paired", lambda own, other: gaps(own, other, quantile=1.96), "1.96 is for very many seeds"),
    ("09-paired", lambda own, other: gaps(own, other, ddof=0), "divides by n - 1"),
    ("09-paired", lambda own, other: gaps(own, other, quantile=t(len(own), 0.95)), "beyond EACH end"),
    ("09-paired", lambda own, other: gaps(own, other, quantile=t(len(own) + 1)), "degrees of freedom"),
    ("09-paired", lambda own, other: (0.0, 1.0), "for each seed one difference"),
    ("09-paired", lambda own, other: (own - other).mean(), "numbers: the lower end"),
    ("09-paired", lambda own, other: None, "returned nothing"),
    ("09-paired", 0.3, "give a function"),
]

SPOILERS = ("sum(", "max(", "std(", "ppf", "usebackward", "isbackward")
