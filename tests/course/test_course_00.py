from __future__ import annotations

import pytest

from revorder.course import profile
from revorder.course.checking import Verdict, check


def composed(update, start, batches, numbers):
    state = start
    for number in numbers:
        state = update(state, batches[number])
    return state


def test_the_right_answers_pass():
    assert check("00-by-hand", lambda u, s, b, n: composed(u, s, b, range(n - 1, -1, -1)))
    assert check("00-which-batch", (0.5, 0.5**10))


@pytest.mark.parametrize(
    ("numbers", "hint"),
    [
        (lambda n, total: range(n), "this is the forward state"),
        (lambda n, total: range(total - 1, total - 1 - n, -1), "reversed the sampler"),
        (lambda n, total: range(n - 1, 0, -1), "counted from 0"),
        (lambda n, total: [], "the state never moved"),
        (lambda n, total: [0], "start afresh"),
        (lambda n, total: range(n, 0, -1), "no batch with that number"),
    ],
)
def test_wrong_compositions_get_their_own_hint(numbers, hint):
    verdict = check("00-by-hand", lambda u, s, b, n: composed(u, s, b, numbers(n, len(b))))
    assert not verdict
    assert hint in verdict.message


def test_forgetting_to_start_afresh():
    kept = {}

    def carried_on(update, start, batches, n):
        kept["state"] = composed(update, kept.get("state", start), batches, range(n - 1, -1, -1))
        return kept["state"]

    assert "start afresh" in check("00-by-hand", carried_on).message


def test_other_mistakes():
    assert "end it with `return state`" in check("00-by-hand", lambda u, s, b, n: None).message
    assert "raised ZeroDivisionError" in check("00-by-hand", lambda u, s, b, n: 1 / 0).message
    assert "raised TypeError" in check("00-by-hand", 3).message


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((0.5**10, 0.5), "that is forward SGD"),
        ((1, 0.5**9), "the batch itself enters with the factor"),
        ((0.25, 0.25), "each map halves"),
        (0.5, "give two numbers"),
    ],
)
def test_wrong_effects(answer, hint):
    verdict = check("00-which-batch", answer)
    assert not verdict.passed
    assert hint in verdict.message


def test_not_answered_and_unknown():
    assert check("00-by-hand", ...) == Verdict(False, check("00-by-hand", ...).message)
    assert "not answered yet" in repr(check("00-by-hand", ...))
    with pytest.raises(ValueError, match="did you mean '00-by-hand'"):
        check("00-by-hands", 1)


def test_profiles(monkeypatch):
    monkeypatch.delenv("REVORDER_PROFILE", raising=False)
    assert profile().name == "smoke"
    monkeypatch.setenv("REVORDER_PROFILE", "laptop")
    assert profile().seeds > 2
    monkeypatch.setenv("REVORDER_PROFILE", "huge")
    with pytest.raises(ValueError, match="REVORDER_PROFILE: got 'huge'"):
        profile()
