"""When who held a folder: every process writes down its own, and no two may have held one at once."""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revorder.experiments import Folder


@dataclass(frozen=True)
class Held:
    """Somebody was within `Folder.locked()` from `start` to `end`, in seconds of a clock that all processes share."""

    who: str
    start: float
    end: float = math.inf


def record(log: Path) -> None:
    """Have this process write down when it holds a folder: after it has the lock, and before it gives it back."""
    locked, numbers = Folder.locked, itertools.count()

    @contextmanager
    def recorded(self: Folder) -> Iterator[None]:
        with locked(self):
            who = f"{os.getpid()}-{next(numbers)}"
            _say(log, "in", who)
            try:
                yield
            finally:
                _say(log, "out", who)

    patched: Any = Folder
    patched.locked = recorded


def _say(log: Path, event: str, who: str) -> None:
    with log.open("a") as file:
        file.write(f"{event} {who} {time.monotonic()}\n")


def read(log: Path, killed: float) -> list[Held]:
    """What a process wrote down; it may have been killed at a time (else infinite), and held nothing afterwards."""
    found: dict[str, Held] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        event, who, when = line.split()
        found[who] = Held(who, float(when), killed) if event == "in" else Held(who, found[who].start, float(when))
    return list(found.values())


def overlaps(held: list[Held]) -> Iterator[str]:
    """Who held a folder at the same time."""
    for a, b in itertools.combinations(sorted(held, key=lambda one: one.start), 2):
        if b.start < min(a.end, b.end):
            both = min(a.end, b.end) - b.start
            yield f"{a.who} and {b.who} held the folder at once, for {both:.2f} s"
