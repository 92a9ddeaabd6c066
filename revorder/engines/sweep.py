"""What the wavefront engine advances: a stack of states, in place, block by block, with kernels where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.audit import EVERY_CALL
from revorder.engines.kernels import Kernels, layout_of
from revorder.engines.maps import Maps
from revorder.engines.span_steps import lanes_of
from revorder.engines.spanning import Spanning
from revorder.engines.spans import Span, neighbours, spans
from revorder.engines.steps import KernelStep, Step
from revorder.engines.widths import blocks_of
from revorder.once import cached_property
from revorder.planning.plan import Plan
from revorder.planning.schedule import Tick
from revorder.pytrees import Tree


class Sweep:
    """A stack of states, one in each slot, that is advanced in place."""

    def __init__(self, maps: Maps, start: Tree, plan: Plan, compiled: bool, fast: bool | None = None, made: int = 0):
        """`made` of the plan's ticks were carried out before, in a run that goes on."""
        leaves, self.structure = pytree.tree_flatten(start)
        self.spanning = Spanning.of_run(maps, start, plan, fast)
        # every slot starts as the start state, so that lanes not yet in use compute harmless numbers
        seeds = None if self.spanning is None else self.spanning.seeds
        self.leaves = [lanes_of(leaf, plan.peak_states, seeds) for leaf in leaves]
        self.maps, self.kind, self.most_lanes = maps, layout_of(leaves), blocks_of(maps, start, plan).lanes
        self.in_use, self.kinds = 1, set[Any]()
        maps.audit.spread(plan.launches, EVERY_CALL, made)
        self.may_trace = maps.may_trace and not leaves[0].is_meta
        self._made = partial(Kernels.of_run, maps, compiled, start, plan)
        if compiled and not self.may_trace:
            maps.note("not compiled: what is random in the update is drawn batch by batch")

    @cached_property
    def kernels(self) -> Kernels | None:
        """The kernels for single ticks."""
        return self._made() if self.may_trace else None

    def spans(self, ticks: Sequence[Tick]) -> Iterator[Span]:
        """The ticks in groups that are carried out together."""
        return spans(ticks, lambda: 1 if self.spanning is None else self.spanning.room())

    def carry_out(self, span: Span) -> None:
        """Advance all slots of a span under all its ticks."""
        self._fork(*span.forks)
        at_once = self.spanning if span.is_neat else None
        if at_once is not None and at_once.carry_out(span, self.leaves, self.structure):
            return
        for tick in span.ticks:
            self._advance(tick, tick.slots)

    def go_on(self, ticks: Sequence[Tick], leaves: list[torch.Tensor]) -> None:
        """Stand where a run stood after these ticks, with these states in the slots."""
        self.in_use = 1 + max((int(tick.target.max()) for tick in ticks if tick.target.size), default=0)
        for own, kept in zip(self.leaves, leaves, strict=True):
            own.copy_(kept)  # from another device, too

    def take(self, slots: np.ndarray) -> list[torch.Tensor]:
        """The leaves of the states in some slots; views where the slots are neighbours."""
        here = self._index(slots)
        return [leaf[here] for leaf in self.leaves]

    def advance(self, tick: Tick, slots: np.ndarray) -> None:
        """Carry out one tick for some of its slots."""
        self._fork(tick.source, tick.target)
        self._advance(tick, slots)

    def _fork(self, source: np.ndarray, target: np.ndarray) -> None:
        """Copy states that other words still need."""
        if source.size:
            old, new = self._index(source), self._index(target)
            for leaf in self.leaves:
                leaf[new] = leaf[old].clone()  # slots may overlap
            self.in_use = max(self.in_use, int(target.max()) + 1)

    def _advance(self, tick: Tick, slots: np.ndarray) -> None:
        batch = self.maps.batch(tick.letter)
        inputs = pytree.tree_leaves(batch)
        kind = layout_of(inputs)
        use = self.kernels is not None and self.kernels.suits(kind, batch)
        looked_at = self._lane(kind, len(slots), use)
        first = 0
        for width in self._blocks(len(slots)):
            block, here = slots[first : first + width], looked_at - first
            step = self._kernel(tick.letter, block, width, batch, inputs, kind) if use else None
            step = step or Step(self, tick.letter, block, batch)
            step.carry_out(here if 0 <= here < len(block) else None)
            first += width

    def _lane(self, kind: Any, lanes: int, use: bool) -> int:
        """The lane of a tick that is looked at; -1 for none."""
        due = self.maps.audit.is_due()
        if kind not in self.kinds:  # of very many layouts, some
            self.kinds.add(kind)
            due = due or len(self.kinds).bit_count() == 1
        unusual = self.kernels is not None and self.kernels.fused is not None and not use
        return self.maps.audit.lane(lanes) if due or unusual else -1

    def _blocks(self, count: int) -> list[int]:
        if self.kernels is None:
            return [self.most_lanes] * -(-count // self.most_lanes)
        return self.kernels.blocks(count)

    def _kernel(
        self, letter: int, slots: np.ndarray, width: int, batch: Tree, inputs: list[torch.Tensor], kind: Any
    ) -> Step | None:
        """The step of up to `width` slots with the kernel of that width, if there is one."""
        first, last = int(slots[0]), int(slots[0]) + width
        contiguous = neighbours(slots)
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
        return None if kernel is None else KernelStep(self, letter, slots, batch, lanes, inputs, in_place, key, kernel)

    def write(self, slots: np.ndarray, lanes: list[torch.Tensor]) -> None:
        here = self._index(slots)
        for leaf, lane in zip(self.leaves, lanes, strict=True):
            leaf[here] = lane

    def _index(self, slots: np.ndarray) -> slice | torch.Tensor:
        """Neighbouring slots as a slice, which needs no gather; others as an index tensor on the states' device."""
        if neighbours(slots) and (np.diff(slots) == 1).all():
            return slice(int(slots[0]), int(slots[-1]) + 1)
        return torch.from_numpy(slots).to(self.leaves[0].device)
