"""Watching a run: every checkpoint is shown to a function of the user's as soon as it is reached."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from revorder.errors import CallbackError
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, is_finite, named_leaves
from revorder.showing import LINE, Facts, Shown, cut, latest, name_of, shapes


@dataclass(frozen=True, eq=False, repr=False)
class Checkpoint(Shown):
    """A checkpoint that a run has just reached, as `on_checkpoint` is shown it.

    Attributes:
        order: the composition order, as text.
        step: n.
        state: a copy of what is kept of the state at step n: all of it, or what `record` chose. None where that is not
            finite, if the run marks divergence; and in `run_seeds` where states are not kept.
        metrics: name -> number; NaN where the state is not finite. In `run_seeds` a float64 array (seeds,).
        cost: evaluations of T until now, as `Trajectory.cost` counts them.
        again: whether this step has been shown before. A run whose own checks find a step that is not the plain one is
            made again with fewer shortcuts: what was shown before is void, and this holds.
    """

    order: str
    step: int
    state: Tree
    metrics: dict[str, Any]
    cost: int
    again: bool = False

    def _facts(self) -> Facts:
        return {
            "order": self.order,
            "step": self.step,
            "metrics": latest({name: [value] for name, value in self.metrics.items()}),
            "state": None if self.state is None else shapes(named_leaves(self.state)),
            "cost": self.cost,
            "again": "as shown before, but by plainer steps" if self.again else None,
        }


OnCheckpoint = Callable[[Checkpoint], object]


def check_callback(on_checkpoint: object) -> None:
    """Raise TypeError unless it is None or a function that can be called here and now."""
    if on_checkpoint is None:
        return
    if not callable(on_checkpoint) or isinstance(on_checkpoint, type):
        raise TypeError(
            f"on_checkpoint: got {cut(repr(on_checkpoint), LINE)}, but it must be a function of a checkpoint"
        )
    if inspect.iscoroutinefunction(on_checkpoint):
        raise TypeError(
            f"on_checkpoint: got {cut(repr(on_checkpoint), LINE)}, but nothing would await it; use a plain function"
        )


class Reports:
    """What a run has shown until now, also in attempts that were given up.

    A step that was asked for more than once is shown once.
    """

    def __init__(self, plan: Plan, on_checkpoint: OnCheckpoint, marks: bool = False):
        self.order, self.call, self.marks = name_of(plan.order), on_checkpoint, marks
        self.steps, rows = plan.steps, range(len(plan.steps))
        self.rows = set({self.steps[row]: row for row in reversed(rows)}.values())  # the first of each step
        self.shown = set[int]()

    def due(self, rows: np.ndarray) -> list[int]:
        """Those of some checkpoints that are the first of their step, by steps: they were reached together."""
        return sorted((row for row in rows.tolist() if row in self.rows), key=self.steps.__getitem__)

    def show(self, n: int, state: Tree, metrics: dict[str, float], cost: int) -> None:
        """Call the function; under `marks`, without what is kept of a state that is not finite.

        Raises:
            CallbackError: the function failed.
        """
        state = None if self.marks and not is_finite(state) else state
        reached = Checkpoint(self.order, n, state, metrics, cost, again=n in self.shown)
        self.shown.add(n)
        try:
            self.call(reached)
        except Exception as error:
            said = f"{type(error).__name__}: {error}".removesuffix(": ")
            raise CallbackError(
                f"on_checkpoint: it failed at step {n} of {self.order}: {said}\n"
                "  this exception's `trajectory` has the checkpoints reached until then",
                step=n,
                trajectory=None,
            ) from error
