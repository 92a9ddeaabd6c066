"""Right answers pass, each likely mistake gets a hint of its own, and no hint gives the answer: in every notebook.

`tests/helpers/answers_NN.py` lists the answers to notebook NN, beside the solutions that ship with the course; those to
the assignments are with their own tests.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import import_module

import answers_02
import answers_03
import answers_07
import numpy as np
import pytest
import test_course_11
import torch
from shipped import SHIPPED, value

import revorder as ro

NOTEBOOKS = [*(import_module(f"answers_{number:02}") for number in range(11)), test_course_11]
RIGHT = [(name, value(code)) for name, code in SHIPPED.items()]
RIGHT += [case for notebook in NOTEBOOKS for case in notebook.RIGHT]
WRONG = [(number, *case) for number, notebook in enumerate(NOTEBOOKS) for case in notebook.WRONG]
ALSO_TOLD = {  # what fits another mistake better, and is still true of this one
    ("00-by-hand", "no batch with that number"): "counted from 0",
    ("05-expand", "give a number"): "between 0 and 1",
    ("05-expand", "mean of a² is 1"): "still converge",
    ("06-words", "must be integers"): "TypeError",
    ("07-commute", "move θ a little"): "Which pairs of symmetric matrices commute",
    ("11-order", "no method word(n)"): "TypeError",
    ("11-order", "not Backward"): "give a function",
}
OF_FORM = {"returned nothing", "give a function"}  # hints that every exercise may give


@cache
def messages(number):
    return [ro.course.check(name, answer).message for name, answer, _ in NOTEBOOKS[number].WRONG]


@pytest.mark.parametrize("name, answer", RIGHT)
def test_right_answers_pass(name, answer):
    verdict = ro.course.check(name, answer)
    assert verdict and verdict.message == f"{name}: correct."


@pytest.mark.parametrize("number, name, answer, hint", WRONG)
def test_likely_mistakes_get_the_fitting_hint_and_no_other(number, name, answer, hint):
    verdict = ro.course.check(name, answer)
    assert not verdict
    assert hint in verdict.message
    others = {other for _, _, other in NOTEBOOKS[number].WRONG if other not in hint}
    assert {other for other in others if other in verdict.message} <= {ALSO_TOLD.get((name, hint))}


@pytest.mark.parametrize("name", sorted({name for name, _ in RIGHT}))
def test_unanswered(name):
    verdict = ro.course.check(name, ...)
    assert not verdict and "not answered yet" in verdict.message


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_hints_do_not_give_the_answer(number):
    told = [message.replace(" ", "") for message in messages(number)]
    for formula in NOTEBOOKS[number].SPOILERS:
        assert not any(formula.replace(" ", "") in message for message in told), formula


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_one_message_is_for_one_kind_of_mistake(number):
    hints = {}
    for (name, _, hint), message in zip(NOTEBOOKS[number].WRONG, messages(number), strict=True):
        hints.setdefault((name, message), set()).add(hint)
    assert all(len(found) == 1 for found in hints.values())


@pytest.mark.parametrize("number", [0, 2, 4, 6, 8, 9, 10, 11])
def test_no_two_mistakes_get_the_same_message(number):
    assert len(set(messages(number))) == len(NOTEBOOKS[number].WRONG)


@pytest.mark.parametrize("number", [0, 1, 2, 3, 6, 7, 8, 9, 10])
def test_no_hint_is_given_to_more_than_two_mistakes(number):
    for _, _, hint in NOTEBOOKS[number].WRONG:
        assert len({message for message in messages(number) if hint in message}) <= 2, hint


@pytest.mark.parametrize("number", [0, 2, 8, 9, 10])
def test_no_hint_is_listed_twice(number):
    hints = [hint for _, _, hint in NOTEBOOKS[number].WRONG if hint not in OF_FORM]
    assert len(hints) == len(set(hints))


# Of single exercises


def test_the_spreads_asked_for_are_those_of_a_run():
    """The closed form that 02-spreads accepts, against simulation: 4000 seeds, then 4000 steps."""
    seeds = torch.randint(3, (4000, 40), generator=torch.Generator().manual_seed(0))
    theta = torch.zeros(4000, 2, dtype=torch.float64)
    for tosses in seeds.T:
        theta = theta - 2 / 3 * (theta - answers_02.CORNERS[tosses])
    over_seeds = float(theta[:, 0].std())
    assert ro.course.check("02-spreads", (12**-0.5, 0, 12**-0.5, 12**-0.5))
    assert abs(over_seeds - 12**-0.5) < 4 * 12**-0.5 / (2 * 4000) ** 0.5 * 1.2


def test_an_answer_that_is_right_for_one_learning_rate_only_fails():
    assert not ro.course.check("03-weights", lambda i, n, h: (0.3 * 0.7 ** (n - 1 - i), 0.3 * 0.7**i))
    rounded = lambda fraction, n: np.round(answers_03.tosses(fraction, 3) + [0] * (n - 3))
    assert not ro.course.check("03-fraction", rounded)


def test_the_border_is_where_the_lyapunov_exponent_vanishes():
    p = math.log(2) / math.log(3)
    assert abs(ro.theory.lyapunov_exponent([-1.5, 0.5], [p, 1 - p])) < 1e-12


def test_an_answer_may_write_into_its_arguments():
    def careless(H0, x0, H1, x1, theta, h):
        found = answers_07.bracket(H0, x0, H1, x1, theta, h)
        theta -= h
        return found

    assert ro.course.check("07-sign", careless)


def test_the_answer_about_adam_is_what_the_update_does():
    seen = {}
    update = ro.adam(lambda theta, x: 0.5 * (theta - x) ** 2, lr=0.1)

    def watched(state, batch, key):
        after = update(state, batch, key)
        seen[key] = int(after["step"])
        return after

    start = update.init(torch.zeros((), dtype=torch.float64))
    ro.run(watched, start, torch.arange(7.0), "backward", [7], engine="replay", progress=False)
    assert (seen[6], seen[0]) == (1, 7)
