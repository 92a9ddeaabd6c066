"""The exercises of notebook 08: right answers pass, and each likely mistake gets a hint of its own."""

from __future__ import annotations

import numpy as np
import pytest

import revorder as ro

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


@pytest.mark.parametrize("name, answer", RIGHT)
def test_right_answers_pass(name, answer):
    verdict = ro.course.check(name, answer)
    assert verdict and verdict.message == f"{name}: correct."


@pytest.mark.parametrize("name, answer, hint", WRONG)
def test_likely_mistakes_get_their_own_hint(name, answer, hint):
    verdict = ro.course.check(name, answer)
    assert not verdict and hint in verdict.message
    others = [found for _, _, found in WRONG if found != hint]
    assert not any(other in verdict.message for other in others)


@pytest.mark.parametrize("name", ["08-same-law", "08-steady", "08-adam"])
def test_unanswered(name):
    verdict = ro.course.check(name, ...)
    assert not verdict and "not answered yet" in verdict.message


def test_the_answer_about_adam_is_what_the_update_does():
    seen = {}
    update = ro.adam(lambda theta, x: 0.5 * (theta - x) ** 2, lr=0.1)

    def watched(state, batch, key):
        after = update(state, batch, key)
        seen[key] = int(after["step"])
        return after

    import torch

    start = update.init(torch.zeros((), dtype=torch.float64))
    ro.run(watched, start, torch.arange(7.0), "backward", [7], engine="replay", progress=False)
    assert (seen[6], seen[0]) == (1, 7)


def test_hints_do_not_give_the_answer():
    messages = [ro.course.check(name, answer).message for name, answer, _ in WRONG]
    assert not any(answer in message for message in messages for answer in ("ABF", "(1, 1000)", "std(axis=1)"))
