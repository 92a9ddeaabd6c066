"""What `check` remembers and says of exercises, and the profiles of the course."""

from __future__ import annotations

import pytest
from answers_00 import composed

from revorder.course import profile
from revorder.course.checking import Verdict, check


def test_forgetting_to_start_afresh():
    kept = {}

    def carried_on(update, start, batches, n):
        kept["state"] = composed(update, kept.get("state", start), batches, range(n - 1, -1, -1))
        return kept["state"]

    assert "start afresh" in check("00-by-hand", carried_on).message


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
