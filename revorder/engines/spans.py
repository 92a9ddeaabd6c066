"""Spans: consecutive ticks that are carried out in one call, by steps that take many batches at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from revorder.planning.schedule import Tick

MOST_TICKS = 512
MOST_EVALUATIONS = 2**15  # some ten milliseconds: a bar moves, and a run can be stopped


@dataclass
class Span:
    """Ticks that advance neighbouring slots, from `first` on; slots join at the upper end, and none leaves.

    Attributes:
        begins: for each slot, the tick at which it starts to advance, counted from the first of the span.
        cost: evaluations of T.
    """

    first: int
    ticks: list[Tick] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    cost: int = 0

    @property
    def last(self) -> int:
        """One beyond its slots."""
        return self.first + len(self.begins)

    @property
    def is_neat(self) -> bool:
        """Whether its slots are neighbours."""
        return neighbours(self.ticks[0].slots)

    @property
    def letters(self) -> list[int]:
        """The letters of the ticks."""
        return [tick.letter for tick in self.ticks]

    @property
    def forks(self) -> tuple[np.ndarray, np.ndarray]:
        """Which slots are copied, and to where; all of them before the first tick."""
        source, target = ([getattr(tick, name) for tick in self.ticks] for name in ("source", "target"))
        return np.concatenate(source), np.concatenate(target)

    def add(self, tick: Tick) -> None:
        """Take a tick in."""
        self.begins += [len(self.ticks)] * (int(tick.slots[-1]) + 1 - self.first - len(self.begins))
        self.ticks.append(tick)
        self.cost += len(tick.slots)

    def takes(self, tick: Tick) -> bool:
        """Whether a tick may come next: it goes on with all slots, and what it copies has not moved in this span."""
        slots, source = tick.slots, tick.source
        if self.ticks[-1].rows.size or slots[0] != self.first or len(slots) < len(self.begins):
            return False
        return neighbours(slots) and not any(self.first <= slot < self.last for slot in source.tolist())


def spans(ticks: Iterable[Tick], room: Callable[[], int]) -> Iterator[Span]:
    """Group ticks; `room()` says how many the span that begins now may have. Checkpoints end a span.

    A tick whose slots are no neighbours is a span of its own.
    """
    span: Span | None = None
    most = 1
    for tick in ticks:
        if span is not None and (len(span.ticks) >= most or span.cost >= MOST_EVALUATIONS or not span.takes(tick)):
            yield span
            span = None
        if span is None:
            span, most = Span(int(tick.slots[0])), min(room(), MOST_TICKS) if neighbours(tick.slots) else 1
        span.add(tick)
    if span is not None:
        yield span


def neighbours(slots: np.ndarray) -> bool:
    """Whether slots, ascending, are neighbours."""
    return int(slots[-1] - slots[0]) == len(slots) - 1
