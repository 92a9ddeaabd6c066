"""What a run gathers while it runs: kept states and metrics, in the order in which the checkpoints were asked for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import numpy as np
import torch
from torch.utils import _pytree as pytree
from tqdm.auto import tqdm

from revorder.engines.blame import named, plainly
from revorder.engines.memory import check_fits
from revorder.engines.places import Keeper
from revorder.engines.purity import Untouched
from revorder.errors import CallbackError, DivergedError, RunInterrupted
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, blank_rows, clone, describe, layout, row, stack
from revorder.running import measuring
from revorder.running.watching import Reports
from revorder.showing import name_of
from revorder.trajectories.trajectory import Trajectory

HELD = "this exception's `trajectory` has them"


def progress_bar(plan: Plan, total: int, show: bool) -> tqdm[Any]:
    """A bar that counts evaluations of T; short runs are over before it appears."""
    hidden = not show or sys.stderr is None  # as under pythonw
    return tqdm(total=total, desc=name_of(plan.order), unit=" T", disable=hidden, leave=False, delay=0.5)


class Collector:
    """Gathers what is recorded, in the order in which the checkpoints were asked for."""

    def __init__(
        self,
        plan: Plan,
        notes: list[str],
        record: Callable[[Tree], Tree] | None,
        metrics: dict[str, Callable[[Tree], Any]],
        provenance: dict[str, Any],
        reports: Reports | None = None,
    ):
        self.provenance, self.reports = provenance, reports
        self.plan, self.notes, self.record, self.metrics = plan, notes, record, metrics
        self.observes = bool(record or metrics or reports)  # whether functions of the user's look at states
        self.cost = 0
        self.done = np.zeros(len(plan.steps), dtype=bool)
        self.marked = np.zeros(len(plan.steps), dtype=bool)  # reached, but not finite
        self.kept: Tree = None
        self.kind: object = None
        self.values = {name: np.full(len(plan.steps), np.nan) for name in metrics}

    def add(self, rows: np.ndarray, states: Tree) -> None:
        if not rows.size:
            return
        kept = states
        if self.record is not None:
            own = clone(states)  # states may be views of what an engine goes on with, and observers are not ours
            kept = stack([self._observed("record", self.record, row(own, i), n) for i, n in enumerate(rows)])
        self._keep(rows, kept)
        if self.metrics:
            self._measure(rows, clone(states))
        self.done[rows] = True
        self.show(rows)

    def _measure(self, rows: np.ndarray, states: Tree) -> None:
        def observed(argument: str, function: Callable[[Tree], Any], state: Tree, place: int) -> Any:
            return self._observed(argument, function, state, rows[place])

        for group in measuring.groups(self.metrics):
            inputs = Untouched(states, None)
            for name, values in measuring.measure(group, states, observed).items():
                self.values[name][rows] = values
            if inputs.changed():
                first = next(iter(group))
                raise ValueError(f"metrics[{first!r}]: it changed the state in place; compute with new tensors")

    def _observed(self, argument: str, function: Callable[[Tree], Any], state: Tree, row: int) -> Any:
        """What a user's function makes of a state; its errors name the argument and the step."""
        try:
            return function(state)
        except Exception as error:
            raise named(
                error, argument, f"at step {self.plan.steps[row]}", [f"the state was {describe(state)}"]
            ) from error

    def mark(self, rows: np.ndarray) -> None:
        """Note checkpoints whose states are not finite: nothing is recorded or measured on them."""
        self.marked[rows] = True

    def show(self, rows: np.ndarray) -> None:
        """Show checkpoints that were reached to whoever watches."""
        if self.reports is None:
            return
        for i in self.reports.due(rows):
            state = None if self.marked[i] else clone(row(self.kept, i))
            metrics = {name: float(values[i]) for name, values in self.values.items()}
            self.reports.show(self.plan.steps[i], state, metrics, self.cost)

    def merge(self, rows: np.ndarray, part: Trajectory) -> None:
        """Take over what a run of the checkpoints `rows` gathered: all of them or, after a failure, some."""
        left = iter(rows.tolist())  # what was gathered stands in the order of the rows
        reached = [next(i for i in left if self.plan.steps[i] == n) for n in part.steps]
        self._keep(np.array(reached), part.states)
        for name, values in part.metrics.items():
            self.values[name][reached] = values
        self.done[reached] = True
        self.cost += part.cost
        self.show(np.array(reached))

    def _keep(self, rows: np.ndarray, kept: Tree) -> None:
        kind = layout(row(kept, 0))
        if self.kept is None and None not in kind[1]:
            count = len(self.plan.steps)
            if self.record is not None:  # else it was checked before the run
                check_fits(row(kept, 0), count)
            self.kept = pytree.tree_map(lambda leaf: leaf.new_empty((count, *leaf.shape[1:])), kept)
            self.kind = kind
        if kind != self.kind:
            raise ValueError(
                f"record: what is kept of the states cannot be stacked ({describe(row(kept, 0))}): it changes its "
                "layout between checkpoints or is not made of tensors; keep less, as in record=update.params"
            )
        for out, new in zip(pytree.tree_leaves(self.kept), pytree.tree_leaves(kept), strict=True):
            out[torch.from_numpy(rows).to(out.device)] = new.to(out.device)  # a part from a file lies on the CPU

    def trajectory(self) -> Trajectory:
        """What was gathered: of all checkpoints, or, after a failure, of those that were reached."""
        states, values, reached = self.kept, self.values, self.done | self.marked
        if self.marked.any():
            states = blank_rows(states, torch.from_numpy(self.marked))
        if not reached.all():
            states = _chosen(states, np.flatnonzero(reached))
            values = {name: numbers[reached] for name, numbers in values.items()}
        steps = [n for n, here in zip(self.plan.steps, reached, strict=True) if here]
        notes = "; ".join(filter(None, self.notes))
        return Trajectory(name_of(self.plan.order), steps, states, values, self.cost, notes, self.provenance)

    def partial(self) -> Trajectory | None:
        """What was gathered until now; None if no checkpoint was reached."""
        return self.trajectory() if self.done.any() else None

    def end(self, error: BaseException) -> NoReturn:
        """Raise the error that ends a run with what was gathered until now, as its `trajectory`; in plain words."""
        told = plainly(error)
        if not isinstance(told, DivergedError):  # which has it
            self._hand_over(told)
        if told is error:
            raise error
        raise told from error

    def _hand_over(self, error: BaseException) -> None:
        found = None
        with contextlib.suppress(Exception):  # there may be no room to gather it; a user's class may take no attribute
            error.trajectory = None  # type: ignore[attr-defined]  # not that of a run inside, or of a part
            found = error.trajectory = self.partial()  # type: ignore[attr-defined]
        if not isinstance(error, CallbackError):
            notes = [note for note in getattr(error, "__notes__", []) if not str(note).endswith(HELD)]
            notes += [self._said()] * (found is not None)
            if notes or hasattr(error, "__notes__"):
                error.__notes__ = notes

    def _said(self) -> str:
        reached = int(self.done.sum())
        said = f"{reached} of {len(self.done)} checkpoints of {name_of(self.plan.order)} were reached"
        return f"{said}; {HELD}" if reached else said

    def interrupted(self) -> RunInterrupted:
        """The error that carries what was gathered until now."""
        return RunInterrupted(self._said(), trajectory=self.partial())


def _chosen(states: Tree, rows: np.ndarray) -> Tree:
    """Some rows of what was kept, ascending: copies, or, where there is no room for them, moved to its beginning."""
    with contextlib.suppress(MemoryError, RuntimeError):
        return row(states, torch.from_numpy(rows))
    for new, old in enumerate(rows.tolist()):
        for leaf in pytree.tree_leaves(states):
            leaf[new] = leaf[old]
    return row(states, slice(len(rows)))


class RunKeeper(Keeper, Protocol):
    """A keeper of a whole run, which keeps what was gathered, too."""

    def watch(self, collected: Collector) -> None:
        """Told before the run: what it gathers, into which a kept part may be merged."""

    def restart(self) -> None:
        """Told that the run begins anew: its place, and what was kept, are void."""
