"""How long steps and metrics take here, told within a few seconds: from few examples, where all of them take long."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from torch.utils import _pytree as pytree

from revorder.engines.maps import Maps
from revorder.engines.memory import ran_out
from revorder.engines.stopwatch import finished
from revorder.problems import Problem
from revorder.pytrees import Tree, copies, row
from revorder.running.measuring import Joint

SECONDS = 3.5  # for all that is timed for one price
QUICK = 0.1  # seconds: a call that takes longer is not made with more examples
ONCE_MORE = 0.5  # seconds: a call that takes longer is timed once


class Clock:
    """Times calls until its time is spent.

    Args:
        seconds: how long.
        now: the time, in seconds.
    """

    def __init__(self, seconds: float = SECONDS, now: Callable[[], float] = time.perf_counter):
        self.now, self.until = now, now() + seconds

    @property
    def left(self) -> float:
        """Seconds until it is time to come to an end."""
        return self.until - self.now()

    def __call__(self, call: Callable[[], Any], like: Tree, sure: bool = True) -> float:
        """Seconds of a call on the device of `like`: the shortest of three after the first, or of one if it is slow.

        The first may load half of torch: it counts only if time is spent by then, and the caller need not be `sure`.
        """
        once, took = finished(call, like), list[float]()
        while len(took) < 1 + sure or (len(took) < 4 and took[-1] < ONCE_MORE and self.left > 0):
            began = self.now()
            once()
            took.append(self.now() - began)
        return min(took[1:] or took)

    def grown(self, call: Callable[[int], Any], full: int, like: Tree) -> tuple[float, int, float]:
        """Seconds of `call(full)`, a count of examples; the largest count that was timed, and its seconds.

        Counts are doubled from 2 on while that is quick; from there the time is taken to grow along a straight line.
        """
        count = min(2, full)
        took = self(partial(call, count), like)
        each = took / count
        while count < full and 2 * took < QUICK and self.left > 0:
            more = min(2 * count, full)
            longer = self(partial(call, more), like)
            count, took, each = more, longer, max((longer - took) / (more - count), 0.0)
        return took + each * (full - count), count, took


class Steps:
    """Seconds of one batched call for so many states; each width is timed once."""

    def __init__(self, problem: Problem, maps: Maps, clock: Clock):
        self.start, self.maps, self.clock = problem.start, maps, clock
        self.batch, self.known = maps.batch(0), dict[int, float | None]()
        self.count = self.full = len(pytree.tree_leaves(self.batch)[0])
        self.share = 1.0  # of a step's time that one with `count` examples takes

    def __call__(self, width: int) -> float | None:
        """None where memory is too small, or where the width is not 1 and there is no time for it.

        Raises:
            NotBatchableError: the update does not run on a stack of states.
        """
        if width not in self.known:
            try:
                self.known[width] = self._alone() if width == 1 else self._together(width)
            except RuntimeError as error:
                if width > 1 and not ran_out(error):
                    self.maps.batched(0, copies(self.start, width), self.batch)  # says what is wrong, as the run would
                self.known[width] = None
        return self.known[width]

    def between(self, width: int, widest: int) -> float:
        """Seconds at a width up to the widest, on the line through 1 and that."""
        alone = self(1) or float("inf")
        wide = self(widest) if widest > 1 else alone
        most = widest * alone if wide is None else wide
        return alone + (most - alone) * (width - 1) / max(widest - 1, 1)

    def _alone(self) -> float:
        seconds, self.count, took = self.clock.grown(
            lambda count: self.maps.apply(0, self.start, self._cut(count)), self.full, self.start
        )
        self.share = took / seconds
        return seconds

    def _together(self, width: int) -> float | None:
        alone = (self(1) or 0.0) * self.share
        if self.clock.left < 2 * width * alone:
            return None
        states, batch = copies(self.start, width), self._cut(self.count)
        return self.clock(lambda: self.maps.stacked(0, states, batch), self.start, sure=False) / self.share

    def _cut(self, count: int) -> Tree:
        return row(self.batch, slice(count))


def metrics_seconds(problem: Problem, clock: Clock) -> float:
    """Seconds of all metrics of one state."""
    measures: Any = next(metric.function for metric in problem.metrics.values() if isinstance(metric, Joint))
    inputs = measures.parts["test"][0]
    seconds, *_ = clock.grown(lambda count: measures.outputs(problem.start, inputs[:count]), len(inputs), problem.start)
    return seconds * sum(len(targets) for _, targets in measures.parts.values()) / len(inputs)
