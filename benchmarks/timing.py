"""Timing: methods take turns over the rounds, and each result is checked before its time counts."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rows import Method, Outcome, Row, Workload

EARLY = 100  # up to this step float32 follows the float64 reference closely on every workload


class Disagreement(AssertionError):
    """A method's states differ from the reference, so its time means nothing."""


def compare(workload: Workload, method: Method, steps: Sequence[int], states: np.ndarray) -> tuple[int, float]:
    """How many states were compared with the reference, and the largest difference; raises if it is too large."""
    if len(states) != len(steps) or not np.isfinite(states).all():
        raise Disagreement(f"{workload.name}, {method.name}: {len(states)} states for {len(steps)} checkpoints, or NaN")
    reference = workload.reference if method.reference is None else method.reference
    pairs = [(state, reference[n]) for n, state in zip(steps, states, strict=True) if n in reference]
    if not pairs:
        raise Disagreement(f"{workload.name}, {method.name}: no checkpoint has a reference")
    gaps = sorted(float(np.abs(state - expected).max()) for state, expected in pairs)
    largest = gaps[-1 - workload.kinks * (len(gaps) // 3)]
    tolerance = workload.tolerance if method.tolerance is None else method.tolerance
    if not largest <= tolerance:
        raise Disagreement(f"{workload.name}, {method.name}: differs by {largest:.3g}, more than {tolerance:g}")
    return len(pairs), largest


def few(workload: Workload, evaluations: float) -> list[int]:
    """Two checkpoints that have a reference, and then the last ones, until there is enough work."""
    chosen = [n for n in workload.checkpoints if n in workload.reference and n <= EARLY][-2:]
    for n in reversed(workload.checkpoints):
        if sum(chosen) >= evaluations:
            break
        if n not in chosen:
            chosen.append(n)
    return sorted(chosen)


class Turn:
    """A method with its checkpoints, its first call behind it."""

    def __init__(self, workload: Workload, method: Method, seconds: float):
        self.workload, self.method, self.times = workload, method, []
        self.steps = few(workload, 0) if method.few else workload.checkpoints
        self.timed = self._evaluations()
        self.first_call, self.outcome = self._call()
        self.first_timed = self.timed
        if method.few:
            again, _ = self._call()
            self.steps = few(workload, seconds * self.timed / again)
            self.timed = self._evaluations()

    def _evaluations(self) -> int:
        if self.method.few:
            return sum(self.steps)
        return round(self.method.part * (self.workload.cost if self.method.shares else self.workload.naive_cost))

    def _call(self) -> tuple[float, Outcome]:
        began = time.perf_counter()
        outcome = self.method.run(self.steps)
        seconds = time.perf_counter() - began
        self.compared, self.largest = compare(self.workload, self.method, self.steps, outcome.states)
        if self.method.few:
            self.timed = outcome.made  # words of a cyclic sequence may share some
        return seconds, outcome

    def take(self) -> None:
        """One round."""
        seconds, self.outcome = self._call()
        self.times.append(seconds)

    def row(self) -> Row:
        """What was measured."""
        w, m = self.workload, self.method
        needed = w.cost if m.shares else w.naive_cost
        row = Row(w.name, w.title, m.name, needed, self.timed, self.outcome.made, m.few or m.part < 1, self.first_call,
                  0.0, self.times, self.compared, self.largest, self.outcome.note, w.flops, w.double, w.group,
                  w.size)  # fmt: skip
        return replace(row, preparation=max(0.0, self.first_call - 1e-6 * row.median * self.first_timed))


def measure(workload: Workload, rounds: int, seconds: float) -> list[Row]:
    """Time all methods of a workload; extrapolated ones for about `seconds` a round."""
    turns = [Turn(workload, method, seconds) for method in workload.methods]
    for _ in range(min(rounds, workload.rounds or rounds)):
        gc.collect()
        for turn in turns:
            turn.take()
    return [turn.row() for turn in turns]
