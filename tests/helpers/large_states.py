"""Runs whose states are so large that it is timed how many of them advance in one call, and a stopwatch for that."""

from __future__ import annotations

import torch

import revorder as ro
from revorder.engines import widths
from revorder.engines.maps import Maps

NUMBERS = 2**15  # 256 KiB in float64: 64 states are what an untimed call takes
STEPS = 60  # backward: 1830 evaluations, so that at most 9 states are timed together
DEPTH_FIRST = "one state a call, depth-first: more were no faster"


def case(order="backward", numbers=NUMBERS, steps=STEPS, update=lambda x, b: x - 0.1 * (x - b.sin())):
    """(maps, start, plan) of a run of large states."""
    plan = ro.plan(order, range(1, steps + 1))
    batches = torch.rand(steps, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return Maps(update, batches, plan, None), torch.ones(numbers, dtype=torch.float64), plan


def injected(monkeypatch):
    """A function that sets what a call takes, by its number of states; each is made once. It returns the numbers."""
    seen = []

    def set_(seconds):
        def timed(call, stack):
            call()
            seen.append(tables.pop(0))
            return seconds(seen[-1])

        tables = [1, 2, 4, 9, 99]
        monkeypatch.setattr(widths, "seconds_of", timed)
        return seen

    return set_


def carried_out(engine, run, keeper=None):
    """[(rows, states)] as they are handed out, and the notes."""
    maps, start, plan = run
    handed = [(rows.tolist(), states.clone()) for rows, states in
              engine.states(maps, start, plan, lambda n: None, *[keeper] * (keeper is not None))]  # fmt: skip
    return handed, maps.notes


def by_row(handed):
    return torch.stack([state for _, state in sorted((row, s) for rows, states in handed
                                                     for row, s in zip(rows, states, strict=True))])  # fmt: skip
