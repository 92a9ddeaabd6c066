"""What the wavefront engine advances: a stack of states, in place, block by block, with kernels where there are any."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.kernels import Kernels, layout_of
from revorder.engines.maps import Maps
from revorder.engines.memory import lanes_at_once
from revorder.planning.plan import Plan
from revorder.planning.schedule import Tick
from revorder.pytrees import Tree, copies


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
