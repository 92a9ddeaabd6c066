"""One tick for some slots of a sweep: by torch.vmap, or by a kernel, which is looked at in its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.kernels import Kernel
from revorder.engines.memory import ran_out
from revorder.pytrees import Tree, clone, copies, row

if TYPE_CHECKING:
    from revorder.engines.sweep import Sweep


class Step:
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


class KernelStep(Step):
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
            if ran_out(error):
                raise
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
