"""The goals of live figures, reached on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from live_pages import be_still

SET = "settings => document.querySelector('.live-on').live.set(settings)"
COUNT = "document.querySelectorAll('.live-reached').length"


def in_turn(page: Any, goals: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Make the settings of each goal, one goal after the other, and see that it is recognised, and no other with it."""
    for number, settings in enumerate(goals, 1):
        for each in settings:
            page.evaluate(SET, dict(each))
        page.wait_for_function(f"{COUNT} === {number}")


def reached(page: Any, settings: Sequence[Mapping[str, Any]] = ()) -> int:
    """How many goals of the first figure are marked as reached, after these settings one after the other."""
    for each in settings:
        page.evaluate(SET, dict(each))
        be_still(page)
    return page.evaluate(COUNT)
