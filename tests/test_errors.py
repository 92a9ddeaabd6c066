"""A message suggests a name only if one is near."""

from __future__ import annotations

from revorder.errors import did_you_mean


def test_only_a_near_name_is_suggested():
    assert did_you_mean("bakward", ["backward", "forward"]) == "; did you mean 'backward'?"
    assert did_you_mean("zzz", ["backward", "forward"]) == ""
