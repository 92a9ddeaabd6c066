"""The wavefront engine: all states that need the same batch advance in one batched call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.maps import Maps
from revorder.orders import whole
from revorder.planning import Plan
from revorder.pytrees import Tree, row
from revorder.schedule import Tick


@dataclass(frozen=True)
class Wavefront:
    """Advances a stack of states in place, tick by tick (see `revorder.schedule`), under `torch.vmap`.

    Exact: the same composition of the same maps as `Replay`; only the order of floating-point sums inside a batched
    operation may differ.

    Attributes:
        max_states: at most so many states are held at once; the checkpoints are then served in several sweeps, which
            may repeat work that they share. None: as many as the plan needs (`Plan.peak_states`).
    """

    max_states: int | None = None

    def __post_init__(self) -> None:
        if self.max_states is not None:
            whole("max_states", self.max_states, 1)

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any]
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        for rows, part in plan.split(self.max_states or plan.peak_states):
            for reached, states in _sweep(maps, start, part, advanced):
                yield rows[reached], states


def _sweep(maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any]) -> Iterator[tuple[np.ndarray, Tree]]:
    stack = pytree.tree_map(lambda leaf: leaf.new_empty((plan.peak_states, *leaf.shape)), start)
    _write(stack, slice(0, 1), pytree.tree_map(lambda leaf: leaf[None], start))
    for tick in plan.ticks:
        if tick.source.size:
            _write(stack, _index(tick.target, start), row(stack, _index(tick.source, start)))
        here = _index(tick.slots, start)
        _write(stack, here, maps.batched(tick.letter, row(stack, here)))
        advanced(len(tick.slots))
        rows, slots = _reached(plan, tick)
        if rows.size:
            yield rows, row(stack, _index(slots, start))


def _write(stack: Tree, here: slice | torch.Tensor, states: Tree) -> None:
    for leaf, new in zip(pytree.tree_leaves(stack), pytree.tree_leaves(states), strict=True):
        leaf[here] = new


def _index(slots: np.ndarray, start: Tree) -> slice | torch.Tensor:
    """Neighbouring slots as a slice, which needs no gather; others as an index tensor on the states' device."""
    if slots[-1] - slots[0] == len(slots) - 1 and (np.diff(slots) == 1).all():
        return slice(int(slots[0]), int(slots[-1]) + 1)
    return torch.from_numpy(slots).to(pytree.tree_leaves(start)[0].device)


def _reached(plan: Plan, tick: Tick) -> tuple[np.ndarray, np.ndarray]:
    """The checkpoints whose state this tick completed: their rows and their slots."""
    pairs = [
        (checkpoint, slot)
        for node, slot in zip(tick.nodes.tolist(), tick.slots.tolist(), strict=True)
        for checkpoint in plan.rows_at.get(node, ())
    ]
    rows, slots = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return rows, slots
