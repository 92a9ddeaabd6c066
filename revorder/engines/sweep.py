"""What the wavefront engine advances: a stack of states, in place, block by block, with kernels where there are any."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.audit import EVERY_CALL
from revorder.engines.kernels import Kernel, Kernels, layout_of
from revorder.engines.maps import Maps
from revorder.engines.memory import lanes_at_once
from revorder.planning.plan import Plan
from revorder.planning.schedule import Tick
from revorder.pytrees import Tree, clone, copies, row


class Sweep:
    """A stack of states, one in each slot, that is advanced in place."""

    def __init__(self, maps: Maps, start: Tree, plan: Plan, compiled: bool):
        leaves, self.structure = pytree.tree_flatten(start)
        # every slot starts as the start state, so that lanes not yet in use compute harmless numbers
        self.leaves = copies(leaves, plan.peak_states)
        self.maps, self.kind, self.most_lanes = maps, layout_of(leaves), lanes_at_once(start)
        self.in_use, self.kinds = 1, set[Any]()
        self.kernels: Kernels | None = None
        maps.audit.spread(plan.launches, EVERY_CALL)
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
        kind = layout_of(inputs)
        use = self.kernels is not None and self.kernels.suits(kind, batch)
        looked_at = self._lane(kind, len(slots), use)
        first = 0
        for width in self._blocks(len(slots)):
            block, here = slots[first : first + width], looked_at - first
            step = self._kernel(tick.letter, block, width, batch, inputs, kind) if use else None
            step = step or _Step(self, tick.letter, block, batch)
            step.carry_out(here if 0 <= here < len(block) else None)
            first += width

    def _lane(self, kind: Any, lanes: int, use: bool) -> int:
        """The lane of a tick that is looked at; -1 for none."""
        due = self.maps.audit.is_due()
        if kind not in self.kinds:  # of very many layouts, some
            self.kinds.add(kind)
            due = due or len(self.kinds).bit_count() == 1
        unusual = self.kernels is not None and self.kernels.fused is not None and not use
        return self.maps.audit.calls % lanes if due or unusual else -1

    def _blocks(self, count: int) -> list[int]:
        if self.kernels is None:
            return [self.most_lanes] * -(-count // self.most_lanes)
        return self.kernels.blocks(count)

    def _kernel(
        self, letter: int, slots: np.ndarray, width: int, batch: Tree, inputs: list[torch.Tensor], kind: Any
    ) -> _Step | None:
        """The step of up to `width` slots with the kernel of that width, if there is one."""
        first, last = int(slots[0]), int(slots[0]) + width
        contiguous = slots[-1] - slots[0] == len(slots) - 1
        # lanes beyond the slots are computed too: they must hold nothing that is still needed
        in_place = contiguous and last <= len(self.leaves[0]) and (len(slots) == width or slots[-1] + 1 >= self.in_use)
        if in_place:
            lanes = [leaf[first:last] for leaf in self.leaves]
        else:
            padded = self._index(np.concatenate([slots, np.repeat(slots[-1:], width - len(slots))]))
            lanes = [leaf[padded] for leaf in self.leaves]
        assert self.kernels is not None  # else nobody comes here
        key = self.kernels.key(width, (self.kind, kind))
        kernel = self.kernels.get(letter, lanes, self.structure, batch, (self.kind, kind))
        return None if kernel is None else _KernelStep(self, letter, slots, batch, lanes, inputs, in_place, key, kernel)

    def write(self, slots: np.ndarray, lanes: list[torch.Tensor]) -> None:
        here = self._index(slots)
        for leaf, lane in zip(self.leaves, lanes, strict=True):
            leaf[here] = lane

    def _index(self, slots: np.ndarray) -> slice | torch.Tensor:
        """Neighbouring slots as a slice, which needs no gather; others as an index tensor on the states' device."""
        if slots[-1] - slots[0] == len(slots) - 1 and (np.diff(slots) == 1).all():
            return slice(int(slots[0]), int(slots[-1]) + 1)
        return torch.from_numpy(slots).to(self.leaves[0].device)


class _Step:
    """The step of some slots under torch.vmap, without a kernel."""

    def __init__(self, sweep: Sweep, letter: int, slots: np.ndarray, batch: Tree):
        self.sweep, self.maps, self.letter, self.slots, self.batch = sweep, sweep.maps, letter, slots, batch

    def carry_out(self, lane: int | None) -> None:
        """Advance the slots; `lane` is the one to look at, if any."""
        states = pytree.tree_unflatten(self.sweep.take(self.slots), self.sweep.structure)
        after = self.maps.batched(self.letter, states, self.batch)
        if lane is not None:
            self.maps.audit.check(self.letter, self.batch, clone(row(states, lane)), row(after, lane), self._again)
        self.sweep.write(self.slots, pytree.tree_leaves(after))

    def _again(self, state: Tree) -> Tree:
        return row(self.maps.stacked(self.letter, copies(state, 2), self.batch), 0)


class _KernelStep(_Step):
    """The step of some slots with a kernel: in place, or in padded copies of their states."""

    def __init__(
        self,
        sweep: Sweep,
        letter: int,
        slots: np.ndarray,
        batch: Tree,
        lanes: list[torch.Tensor],
        inputs: list[torch.Tensor],
        in_place: bool,
        key: Any,
        kernel: Kernel,
    ):
        super().__init__(sweep, letter, slots, batch)
        self.lanes, self.inputs, self.in_place, self.key, self.kernel = lanes, inputs, in_place, key, kernel

    def carry_out(self, lane: int | None) -> None:
        assert self.sweep.kernels is not None  # it made this one
        new = self.key not in self.sweep.kernels.proved
        done = self._run_and_look(lane or 0, new) if new or lane is not None else self._run(self.lanes)
        if not done:
            super().carry_out(lane)
        elif not self.in_place:
            self.sweep.write(self.slots, [own[: len(self.slots)] for own in self.lanes])

    def _run(self, lanes: list[torch.Tensor]) -> bool:
        """Whether the kernel ran. One that cannot run on this batch gives way to the step without it."""
        try:
            with torch.inference_mode():  # nothing new leaves the kernel, and small operations start sooner
                self.kernel(*lanes, *self.inputs)
        except (RuntimeError, IndexError) as error:
            self.maps.note(f"without a kernel on some batches ({str(error).splitlines()[0]})")
            return False
        return True

    def _run_and_look(self, lane: int, new: bool) -> bool:
        """As `_run`; a new kernel whose step is not the plain one is dropped, and what it wrote is put back."""
        kept = [own.clone() for own in self.lanes] if new else []
        before = pytree.tree_unflatten([own[lane].clone() for own in self.lanes], self.sweep.structure)
        if not self._run(self.lanes):
            return False
        after = pytree.tree_unflatten([own[lane].clone() for own in self.lanes], self.sweep.structure)
        if not new:
            self.maps.audit.check(self.letter, self.batch, before, after, self._again)
            return True
        assert self.sweep.kernels is not None
        if self.maps.audit.holds(self.letter, self.batch, before, after, self._again):
            self.sweep.kernels.proved.add(self.key)
            return True
        self.sweep.kernels.drop(self.key)
        for own, old in zip(self.lanes, kept, strict=True):
            own.copy_(old)
        return False

    def _again(self, state: Tree) -> Tree:
        lanes = pytree.tree_leaves(copies(state, len(self.lanes[0])))
        self._run(lanes)
        return pytree.tree_unflatten([own[0] for own in lanes], self.sweep.structure)
