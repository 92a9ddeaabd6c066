"""What is measured, and what comes back: methods, workloads and rows of the table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """The states at some checkpoints, (checkpoints, numbers in a state), and the evaluations of T really made."""

    states: np.ndarray
    made: int
    note: str = ""


@dataclass(frozen=True)
class Method:
    """A way to compute the states at checkpoints.

    Attributes:
        few: too slow for all checkpoints: timed on a few of them, and extrapolated.
        shares: whether equal prefixes are computed once; if not, all steps of all words count.
        part: the share of the workload that it does at all checkpoints; less than 1 is extrapolated.
        tolerance, reference: for approximate methods, instead of the workload's.
    """

    name: str
    run: Callable[[Sequence[int]], Outcome]
    few: bool = False
    shares: bool = True
    part: float = 1.0
    tolerance: float | None = None
    reference: dict[int, np.ndarray] | None = None


@dataclass(frozen=True)
class Workload:
    """Checkpoints to reach, and methods to reach them.

    Attributes:
        cost, naive_cost: evaluations of T with and without sharing equal prefixes.
        reference: step -> state, as computed in float64.
        tolerance: the largest difference to the reference that is accepted.
        flops: floating-point operations of an evaluation, step by step; 0: not counted.
        double: whether they are in float64.
        rounds: at most so many, for what takes long.
        kinks: whether a third of the compared states may be off: through several layers of ReLU about one path in
            twelve meets a ReLU so close to 0 that rounding to float32 decides its side, in a plain loop as well.
        group, size: for workloads of one kind and several sizes.
    """

    name: str
    title: str
    methods: list[Method]
    checkpoints: list[int]
    cost: int
    naive_cost: int
    reference: dict[int, np.ndarray]
    tolerance: float
    flops: int = 0
    double: bool = False
    rounds: int | None = None
    kinks: bool = False
    group: str = ""
    size: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One method on one workload; times in seconds, one for each round."""

    workload: str
    title: str
    method: str
    needed: int
    timed: int
    made: int
    extrapolated: bool
    first_call: float
    preparation: float
    times: list[float]
    compared: int
    largest_difference: float
    note: str
    flops: int
    double: bool
    group: str
    size: dict[str, int]

    @property
    def each(self) -> list[float]:
        """Microseconds for an evaluation of T, one number for each round."""
        return [1e6 * seconds / self.timed for seconds in self.times]

    @property
    def median(self) -> float:
        """The median of `each`."""
        return statistics.median(self.each)

    @property
    def told(self) -> str:
        """The median, to three digits."""
        return digits(self.median)

    @property
    def total(self) -> float:
        """Seconds for the whole workload."""
        return 1e-6 * self.median * self.needed

    def as_dict(self) -> dict[str, object]:
        """For the card."""
        return asdict(self) | {"microseconds_per_evaluation": self.median, "total_seconds": self.total}


def digits(value: float) -> str:
    """Three digits, without an exponent for large numbers."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def grid(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines]) + "\n"
