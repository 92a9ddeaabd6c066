"""The wavefront engine: all states that need the same batch advance in one batched call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from torch.utils import _pytree as pytree

from revorder.engines.coalescence import Merger
from revorder.engines.maps import Maps
from revorder.engines.memory import MOST_LANES, states_that_fit
from revorder.engines.places import Keeper, Place
from revorder.engines.replay import Replay
from revorder.engines.sweep import Sweep
from revorder.engines.widths import Blocks, blocks_of
from revorder.errors import whole
from revorder.planning.plan import Plan
from revorder.pytrees import Tree

Advanced = Callable[[int], Any]


@dataclass(frozen=True)
class Wavefront:
    """Advances a stack of states in place, tick by tick (see `revorder.planning.schedule`), under `torch.vmap`.

    Exact: the same composition of the same maps as `Replay`; only the order of floating-point sums inside a batched
    operation may differ.

    Attributes:
        compile: fuse the step with TorchInductor, which needs a C++ compiler on a CPU. The first run pays some
            seconds for it, later ones find it in the cache.
        max_states: at most so many states are held at once; the checkpoints are then served in several sweeps, which
            may repeat work that they share. None: as many as the plan needs (`Plan.peak_states`), or as fit into
            half of the free memory.
        fast: whether perceptrons are advanced by numba (extra `fast`), many batches in one call. None: where it is
            installed and saves time, its first call included.
        merge_tol: APPROXIMATE. States with the same future that differ by at most this in every number go on as one
            (see `revorder.engines.coalescence`); `Trajectory.engine` reports the merges and the error measured on
            some of them. None: nothing is merged.
    """

    compile: bool = False
    max_states: int | None = None
    merge_tol: float | None = None
    fast: bool | None = None

    def __post_init__(self) -> None:
        if self.max_states is not None:
            whole("max_states", self.max_states, 1)
        if self.merge_tol is not None and not self.merge_tol > 0:
            raise ValueError(f"merge_tol: got {self.merge_tol}, but it must be > 0, or None for an exact run")

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Advanced, keeper: Keeper | None = None
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        if keeper is not None and self.merge_tol is not None:
            raise ValueError(f"merge_tol: got {self.merge_tol}, but a run that can be resumed must be exact; use None")
        place = None if keeper is None else keeper.place
        at_once = self.max_states or states_that_fit(start) or plan.peak_states
        if self._walks(maps, start, plan, place):
            yield from Replay().states(maps, start, plan, advanced, keeper)
            return
        done: dict[str, Any] = {"part": 0, "ticks": 0, "max_states": at_once}
        if place is not None:
            done = place.position
            maps.blocks = Blocks.kept(done.get("blocks"))
        blocks = blocks_of(maps, start, plan)
        if said := blocks.said():
            maps.note(said)
        done = done | {"blocks": blocks.to_keep}
        for number, (rows, part) in enumerate(plan.split(done["max_states"])):
            if number < done["part"]:
                continue
            here = done | {"part": number, "ticks": done["ticks"] if number == done["part"] else 0}
            for reached, states in self._part(maps, start, part, advanced, keeper, here):
                yield rows[reached], states

    def _walks(self, maps: Maps, start: Tree, plan: Plan, place: Place | None) -> bool:
        """Whether one state advances at a time, in replay's order, which holds few and completes each word at once."""
        if place is not None:
            return "waiting" in place.position
        free = not self.compile and self.max_states is None and self.merge_tol is None
        if walks := free and (blocks := blocks_of(maps, start, plan)).one_by_one:
            maps.note(blocks.said(walks))
        return walks

    def _part(self, maps: Maps, start: Tree, plan: Plan, advanced: Advanced, keeper: Keeper | None,
              here: dict[str, Any]) -> Iterator[tuple[np.ndarray, Tree]]:  # fmt: skip
        if self.merge_tol is None:
            return self._sweep(maps, start, plan, advanced, keeper, here)
        return self._merging(maps, start, plan, advanced, self.merge_tol)

    def _sweep(
        self,
        maps: Maps,
        start: Tree,
        plan: Plan,
        advanced: Advanced,
        keeper: Keeper | None = None,
        done: dict[str, Any] | None = None,
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        done = done or {"ticks": 0}
        begun = done["ticks"]
        sweep = Sweep(maps, start, plan, self.compile, self.fast, begun)
        if begun and keeper is not None and keeper.place is not None:
            sweep.go_on(plan.ticks[:begun], keeper.place.states)
        for span in sweep.spans(plan.ticks[begun:]):
            sweep.carry_out(span)
            advanced(span.cost)
            begun += len(span.ticks)
            yield from _handed_out(sweep, span.ticks[-1].rows, span.ticks[-1].ends)
            if keeper is not None:
                keeper.reached(partial(Place, done | {"ticks": begun}, sweep.leaves))

    def _merging(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Advanced, tolerance: float
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        """The same, tick by tick, with states that came close going on as one."""
        sweep, merger = Sweep(maps, start, plan, self.compile, fast=False), Merger(plan, tolerance)
        for tick in plan.ticks:
            own = merger.begin(tick)
            sweep.advance(tick, own)
            advanced(len(own))
            slots = merger.reached(tick.rows, tick.ends, sweep.take)
            merger.finish(tick, sweep.take)
            yield from _handed_out(sweep, tick.rows, slots)
        self._audit(merger, maps, start, plan, advanced)

    def _audit(self, merger: Merger, maps: Maps, start: Tree, plan: Plan, advanced: Advanced) -> None:
        """Compute some merged checkpoints exactly as well, and note how far they are from what merging gave."""
        rows = np.array(sorted(merger.audited), dtype=np.int64)
        if rows.size:
            exact = replace(self, merge_tol=None)
            for reached, states in exact._sweep(maps, start, plan.only(rows), advanced):
                merger.compare(rows[reached], pytree.tree_leaves(states))
        maps.note(merger.report())


def _handed_out(sweep: Sweep, rows: np.ndarray, slots: np.ndarray) -> Iterator[tuple[np.ndarray, Tree]]:
    """The checkpoints just reached, with their states."""
    for first in range(0, len(rows), MOST_LANES):
        here = slice(first, first + MOST_LANES)
        yield rows[here], pytree.tree_unflatten(sweep.take(slots[here]), sweep.structure)
