"""The wavefront engine: all states that need the same batch advance in one batched call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.coalescence import Merger
from revorder.engines.kernels import Kernels, layout_of
from revorder.engines.maps import Maps
from revorder.engines.memory import MOST_LANES, lanes_at_once, states_that_fit
from revorder.engines.places import Keeper, Place
from revorder.errors import whole
from revorder.planning.plan import Plan
from revorder.planning.schedule import Tick
from revorder.pytrees import Tree, copies

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
        merge_tol: APPROXIMATE. States with the same future that differ by at most this in every number go on as one
            (see `revorder.engines.coalescence`); `Trajectory.engine` reports the merges and the error measured on
            some of them. None: nothing is merged.
    """

    compile: bool = False
    max_states: int | None = None
    merge_tol: float | None = None

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
        at_once = self.max_states or states_that_fit(start) or plan.peak_states
        done = {"part": 0, "ticks": 0, "max_states": at_once}
        if keeper is not None and keeper.place is not None:
            done = keeper.place.position
        for number, (rows, part) in enumerate(plan.split(done["max_states"])):
            if number < done["part"]:
                continue
            here = done | {"part": number, "ticks": done["ticks"] if number == done["part"] else 0}
            for reached, states in self._sweep(maps, start, part, advanced, keeper, here):
                yield rows[reached], states

    def _sweep(
        self,
        maps: Maps,
        start: Tree,
        plan: Plan,
        advanced: Advanced,
        keeper: Keeper | None = None,
        done: dict[str, int] | None = None,
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        sweep = Sweep(maps, start, plan, self.compile)
        merger = None if self.merge_tol is None else Merger(plan, self.merge_tol)
        done = done or {"ticks": 0}
        begun = done["ticks"]
        if begun and keeper is not None and keeper.place is not None:
            sweep.go_on(plan.ticks[:begun], keeper.place.states)
        for number, tick in enumerate(plan.ticks[begun:], begun + 1):
            own = tick.slots if merger is None else merger.begin(tick)
            sweep.advance(tick, own)
            advanced(len(own))
            rows, slots = _reached(plan, tick)
            if merger is not None:
                slots = merger.reached(rows, slots, sweep.take)
                merger.finish(tick, sweep.take)
            for first in range(0, len(rows), MOST_LANES):
                here = slice(first, first + MOST_LANES)
                yield rows[here], pytree.tree_unflatten(sweep.take(slots[here]), sweep.structure)
            if keeper is not None:
                keeper.reached(partial(Place, done | {"ticks": number}, sweep.leaves))
        if merger is not None:
            self._audit(merger, maps, start, plan, advanced)

    def _audit(self, merger: Merger, maps: Maps, start: Tree, plan: Plan, advanced: Advanced) -> None:
        """Compute some merged checkpoints exactly as well, and note how far they are from what merging gave."""
        rows = np.array(sorted(merger.audited), dtype=np.int64)
        if rows.size:
            exact = replace(self, merge_tol=None)
            for reached, states in exact._sweep(maps, start, plan.only(rows), advanced):
                merger.compare(rows[reached], pytree.tree_leaves(states))
        maps.note(merger.report())


class Sweep:
    """A stack of states, one in each slot, that is advanced in place."""

    def __init__(self, maps: Maps, start: Tree, plan: Plan, compiled: bool):
        leaves, self.structure = pytree.tree_flatten(start)
        # every slot starts as the start state, so that lanes not yet in use compute harmless numbers
        self.leaves = copies(leaves, plan.peak_states)
        self.maps, self.kind, self.most_lanes = maps, layout_of(leaves), lanes_at_once(start)
        self.in_use, self.started = 1, False
        self.kernels: Kernels | None = None
        if maps.may_trace and not leaves[0].is_meta:
            self.kernels = Kernels.of_run(maps, compiled, start, plan)
        elif compiled:
            maps.note("not compiled: what is random in the update is drawn batch by batch")

    def go_on(self, ticks: list[Tick], leaves: list[torch.Tensor]) -> None:
        """Stand where a run stood after these ticks, with these states in the slots."""
        self.in_use = 1 + max((int(tick.target.max()) for tick in ticks if tick.target.size), default=0)
        for own, kept in zip(self.leaves, leaves, strict=True):
            own.copy_(kept)

    def take(self, slots: np.ndarray) -> list[torch.Tensor]:
        """The leaves of the states in some slots; views where the slots are neighbours."""
        here = self._index(slots)
        return [leaf[here] for leaf in self.leaves]

    def advance(self, tick: Tick, slots: np.ndarray) -> None:
        """Carry out one tick for some of its slots."""
        if tick.source.size:
            source, target = self._index(tick.source), self._index(tick.target)
            for leaf in self.leaves:
                leaf[target] = leaf[source]
            self.in_use = max(self.in_use, int(tick.target.max()) + 1)
        batch = self.maps.batch(tick.letter)
        inputs = pytree.tree_leaves(batch)
        # the first tick is carried out without a kernel: that is where the update itself is checked
        kind = layout_of(inputs) if self.kernels is not None and self.started else None
        self.started = True
        first = 0
        for width in self._blocks(len(slots)):
            block = slots[first : first + width]
            if kind is None or not self._with_kernel(tick.letter, block, width, batch, inputs, kind):
                self._without_kernel(tick.letter, block, batch)
            first += width

    def _blocks(self, count: int) -> list[int]:
        if self.kernels is None:
            return [self.most_lanes] * -(-count // self.most_lanes)
        return self.kernels.blocks(count)

    def _with_kernel(
        self, letter: int, slots: np.ndarray, width: int, batch: Tree, inputs: list[torch.Tensor], kind: Any
    ) -> bool:
        """Advance up to `width` slots with the kernel of that width, if there is one."""
        first, last = int(slots[0]), int(slots[0]) + width
        contiguous = slots[-1] - slots[0] == len(slots) - 1
        # lanes beyond the slots are computed too: they must hold nothing that is still needed
        in_place = contiguous and last <= len(self.leaves[0]) and (len(slots) == width or slots[-1] + 1 >= self.in_use)
        if in_place:
            lanes = [leaf[first:last] for leaf in self.leaves]
        else:
            padded = self._index(np.concatenate([slots, np.repeat(slots[-1:], width - len(slots))]))
            lanes = [leaf[padded] for leaf in self.leaves]
        assert self.kernels is not None  # else there is no `kind`, and nobody comes here
        kernel = self.kernels.get(letter, lanes, self.structure, batch, (self.kind, kind))
        if kernel is None:
            return False
        with torch.inference_mode():  # nothing new leaves the kernel, and small operations start sooner
            kernel(*lanes, *inputs)
        if not in_place:
            self._write(slots, [lane[: len(slots)] for lane in lanes])
        return True

    def _without_kernel(self, letter: int, slots: np.ndarray, batch: Tree) -> None:
        states = pytree.tree_unflatten(self.take(slots), self.structure)
        self._write(slots, pytree.tree_leaves(self.maps.batched(letter, states, batch)))

    def _write(self, slots: np.ndarray, lanes: list[torch.Tensor]) -> None:
        here = self._index(slots)
        for leaf, lane in zip(self.leaves, lanes, strict=True):
            leaf[here] = lane

    def _index(self, slots: np.ndarray) -> slice | torch.Tensor:
        """Neighbouring slots as a slice, which needs no gather; others as an index tensor on the states' device."""
        if slots[-1] - slots[0] == len(slots) - 1 and (np.diff(slots) == 1).all():
            return slice(int(slots[0]), int(slots[-1]) + 1)
        return torch.from_numpy(slots).to(self.leaves[0].device)


def _reached(plan: Plan, tick: Tick) -> tuple[np.ndarray, np.ndarray]:
    """The checkpoints whose state this tick completed: their rows and their slots."""
    pairs = [
        (row, int(tick.slots[i]))
        for i in np.flatnonzero(plan.is_end[tick.nodes])
        for row in plan.rows_at[tick.nodes[i]]
    ]
    rows, slots = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return rows, slots
