"""The exercises of notebook 11: right answers pass, each likely mistake gets a hint of its own, at every seed."""

from __future__ import annotations

import re
import sys
import warnings

import assignment_answers
import pytest
import torch
from assignment_answers import NAMES, POINTS, value
from assignment_mistakes import RIGHT, WRONG, Words
from graded import data, hint

import revorder as ro
from revorder.course.asking import quiet

SPOILERS = ("reversed(range", "max(", "(1-h)", "1-h", "axis=", "n%", "n<=", "2*period", "state=start", "log")


def test_the_wrong_answers_that_are_handed_in_get_different_hints():
    messages = [ro.course.check(name, value(name, source)).message for name, source, _ in assignment_answers.WRONG]
    hints = {message.split("Hint: ")[1] for message in messages}
    assert len(hints) == len(messages) >= 10
    assert {name for name, _, _ in assignment_answers.WRONG} == NAMES.keys()


def test_every_wrong_answer_gets_a_hint_of_its_own():
    hints = [ro.course.check(name, answer).message for name, answer, _ in WRONG]
    told = [hint for hint in hints if "raised" not in hint]
    assert len(set(told)) == len(told) > 60


@pytest.mark.parametrize("name, answer", RIGHT)
def test_right_answers_pass_at_every_seed(name, answer):
    for seed in range(1, 15):
        assert hint(name, answer, seed) is None


@pytest.mark.parametrize("name, answer, wanted", WRONG)
def test_likely_mistakes_get_the_same_hint_at_every_seed(name, answer, wanted):
    for seed in range(4):
        assert wanted in hint(name, answer, seed), seed


@pytest.mark.parametrize("name, answer, wanted", WRONG)
def test_a_hint_on_hidden_cases_shows_none_of_them(name, answer, wanted):
    told = hint(name, answer, 5, known=False)
    assert told and "{" not in told
    shown = {text for text in map(str, data(name, 5)["cases"]) for text in re.findall(r"\d\.\d{3,}|\[[^a-z]*\]", text)}
    assert shown or name in ("11-order", "11-law")
    assert not any(text in told for text in shown) and not re.search(r"= \(|for \(", told)


def test_what_an_answer_says_of_hidden_cases_stays_hidden():
    def telling(*case):
        raise type(f"Told{case}", (Exception,), {})(f"told {case}")

    def naming(*case):
        raise ValueError(f"told {case}")

    def choosing(*case):
        raise (KeyError, IndexError, ZeroDivisionError)[len(str(case)) % 3]

    for name in NAMES:
        told = {hint(name, answer, 5, known=False) for answer in (telling, naming, choosing)}
        assert told == {"your answer raised an error in other cases than the check's."}
        assert "told (" in hint(name, naming, 0)


def test_a_generator_is_as_good_as_a_list_and_arguments_may_be_spoiled():
    def spoiling(update, start, batches):
        path = RIGHT[0][1](update, start, batches)
        start.zero_()
        batches.clear()
        yield from path

    assert ro.course.check("11-path", spoiling)


@pytest.mark.parametrize(
    "odd", [{}, float("nan"), [1, [2, 3]], torch.ones(2, requires_grad=True), "B", [None], b"\0", object()]
)
def test_odd_answers_are_told_so(odd):
    for name in NAMES:
        verdict = ro.course.check(name, lambda *args: odd)
        assert not verdict and "Hint: " in verdict.message
        assert not ro.course.check(name, odd)


def test_unanswered_has_no_points():
    assert all("not answered" in ro.course.check(name, ...).message for name in NAMES)


def by_heart(name, right):
    """An answer that knows what is right for the cases of `check`, and nothing else."""
    known = []

    def remember(*case):
        known.append(repr(case))
        return right(*case)

    def recall(*case):
        return right(*case) if repr(case) in known else []

    if name == "11-order":
        right = lambda size, n, order=right: order(size).word(n)
        assert ro.course.check(name, Words(remember))
        return Words(recall)
    assert ro.course.check(name, remember)
    return recall


@pytest.mark.parametrize("name, right", RIGHT)
def test_an_answer_learned_by_heart_fails_at_another_seed(name, right):
    answer = by_heart(name, right)
    assert ro.course.check(name, answer)
    assert hint(name, answer, seed=2026)


def test_what_an_answer_writes_on_stderr_stays_quiet(capfd):
    def noisy(update, start, batches):
        warnings.warn("look out", stacklevel=1)
        print("progress", file=sys.stderr)
        return RIGHT[0][1](update, start, batches)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert ro.course.check("11-path", noisy)
    assert seen == [] and capfd.readouterr().err == ""
    with quiet():
        print("progress", file=sys.stderr)
    print("heard", file=sys.stderr)
    assert capfd.readouterr().err == "heard\n"


def test_points_add_up_to_twenty():
    assert sum(POINTS.values()) == 20 and POINTS.keys() == NAMES.keys()
