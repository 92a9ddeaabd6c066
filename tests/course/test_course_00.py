"""What `check` remembers and says of exercises, and the profiles of the course."""

from __future__ import annotations

import pytest
import torch
from answers_00 import composed

from revorder.course import profile
from revorder.course.checking import Verdict, check
from revorder.course.profiles import PROFILES
from revorder.experiments import experiment


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


@pytest.mark.parametrize(("name", "size"), [("smoke", 20), ("laptop", 60), ("colab", 100), ("gpu", 100)])
def test_a_profile_has_sizes_and_experiments_of_its_own(monkeypatch, name, size):
    monkeypatch.setenv("REVORDER_PROFILE", name)
    assert profile().size(20, 60, 100) == size
    assert profile().experiment("mlp-digits", lr=0.2) == experiment("mlp-digits", name, lr=0.2)


@pytest.mark.parametrize("there", [True, False])
def test_a_profile_takes_the_gpu_where_there_is_one(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert all(each.device == ("cuda" if there else "cpu") for each in PROFILES.values())
