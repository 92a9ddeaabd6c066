"""A submission as a dialogue: cells go out, then questions; what answers end or hang the process costs only them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grading.attempts import Attempt, Lost
from grading.workers import Server

LONGEST = 4000  # characters of what a cell prints


@dataclass
class Found:
    """What came back of a submission: what cells printed, what was noticed, and a reply to each question."""

    printed: dict[int, str] = field(default_factory=dict)
    noticed: list[str] = field(default_factory=list)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)


def asked(server: Server, cells: Sequence[tuple[int, str]], questions: Sequence[dict[str, Any]]) -> Found:
    """Run the cells, then ask; what ends or hangs the process costs itself only: a new process goes on without it.

    All of it together may take `Limits.submission`; what is left then is lost, too.
    A question has a "name", and perhaps the name of another one that it "needs": if that had no outcomes, it has none.
    """
    found, lost, until = Found(), set[int](), time.monotonic() + server.limits.submission
    while len(found.replies) < len(questions) and time.monotonic() < until:
        with server.attempt(until) as attempt:
            if _run_cells(attempt, [cell for cell in cells if cell[0] not in lost], found, lost):
                _ask(attempt, questions, found)
    for question in questions:
        found.replies.setdefault(question["name"], {"lost": server.limits.all_in_all})
    return found


def _run_cells(attempt: Attempt, cells: Sequence[tuple[int, str]], found: Found, lost: set[int]) -> bool:
    """Whether all cells ran to their ends. What they print is kept from the first time: no question is known then."""
    number = -1
    try:
        attempt.send({"cells": cells})
        for number, _ in cells:
            printed = attempt.receive().get("printed")
            found.printed.setdefault(number, str(printed)[:LONGEST])
        noticed = attempt.receive().get("noticed")
    except Lost as reason:
        lost.add(number)
        found.printed[number] = f"This cell {reason}, so it was left out."
        return False
    found.noticed = [_line(item) for item in noticed[:50]] if isinstance(noticed, list) else ["no notices came"]
    return True


def _line(said: object) -> str:
    """Whatever a student's process said, as a line that a terminal and a table only show."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(said)[:200])


def _ask(attempt: Attempt, questions: Sequence[dict[str, Any]], found: Found) -> None:
    for question in questions:
        name, needed = question["name"], found.replies.get(question.get("needs", ""), {"outcomes": []})
        if "outcomes" not in needed:
            found.replies[name] = needed
        elif name not in found.replies:
            try:
                attempt.send(question)
                found.replies[name] = attempt.receive()
            except Lost as reason:
                found.replies[name] = {"lost": str(reason)}
                return
