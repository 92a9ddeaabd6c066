"""Kernels: the batched step for a fixed number of lanes, traced once into a flat graph of tensor operations.

Replaying a graph skips Python's way through the update, `torch.func.grad` and `torch.vmap`, which is most of the time
of a step on small tensors. A compiled kernel is the same graph, fused by TorchInductor. Graphs have static sizes, so
a stack is cut into blocks of a few widths, and nothing is traced or compiled again as the stack grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from revorder.engines.fused import fused_step
from revorder.engines.maps import Maps
from revorder.engines.memory import lanes_at_once
from revorder.planning.plan import Plan
from revorder.pytrees import Tree
from revorder.updates.gradients import GradientUpdate
from revorder.updates.modules import ModuleLoss

TRACED_WIDTHS = (1, 8, 16, 32, 64, 96, 128, 192, 256)
COMPILED_WIDTHS = (32,)  # measured best of 8 to 128 on a CPU: wide enough for the overhead, small enough for the cache
WORTH_TRACING = 128  # a trace costs about as much time as it saves in so many steps

Kernel = Callable[..., None]  # kernel(*state leaves, *batch leaves) writes the next states into the state leaves

# kernels of module losses, which are copies that nothing changes any more, are kept for the next run
_KEPT: WeakKeyDictionary[Any, dict[Any, Kernel | None]] = WeakKeyDictionary()


class Kernels:
    """Makes and keeps the kernels of one run; `None` where a step is better, or only, done without one."""

    def __init__(self, maps: Maps, compiled: bool, most_lanes: int, uses: Counter[int]):
        """`uses` counts the ticks of the run by the number of states that they advance."""
        self.maps = maps
        self.compiled = compiled
        self.fused = fused_step(maps.update)  # takes any width, and is as fast as a compiled one
        self.most_lanes = most_lanes
        widths = COMPILED_WIDTHS if compiled else TRACED_WIDTHS
        widest = min(most_lanes, widths[-1])
        self.widths = [*(width for width in widths if width < widest), widest]
        self.uses: Counter[int] = Counter()
        for count, ticks in uses.items():
            for width in self.blocks(count):
                self.uses[width] += ticks
        self.made: dict[Any, Kernel | None] = {}
        self.options: tuple[Any, ...] | None = None
        if isinstance(maps.update, GradientUpdate) and isinstance(maps.update.loss, ModuleLoss):
            self.made, self.options = _KEPT.setdefault(maps.update.loss, {}), _options(maps.update)

    @classmethod
    def of_run(cls, maps: Maps, compiled: bool, start: Tree, plan: Plan) -> Kernels:
        """The kernels for the ticks of a plan."""
        most_lanes = min(plan.peak_states, lanes_at_once(start))
        return cls(maps, compiled, most_lanes, Counter(len(tick.slots) for tick in plan.ticks))

    def blocks(self, count: int) -> list[int]:
        """Widths of blocks that cover `count` lanes: as many widest ones as fit, then the narrowest that suffices."""
        widest = self.most_lanes if self.fused else self.widths[-1]
        full, rest = divmod(count, widest)
        if self.fused:
            return [widest] * full + [rest] * (rest > 0)
        return [widest] * full + [width for width in self.widths if width >= rest][: rest > 0]

    def get(self, letter: int, lanes: list[torch.Tensor], structure: Any, batch: Tree, kind: Any) -> Kernel | None:
        """The kernel for these lanes (leaves of a stack of the full width) and for batches of a `layout_of` `kind`."""
        width = len(lanes[0])
        key = (self.options, self.compiled, None if self.fused else width, kind)
        worth = self.fused or self.compiled or self.uses[width] >= WORTH_TRACING
        if key not in self.made and kind is not None and worth:
            self.made[key] = self._make(letter, lanes, structure, batch)
        return self.made.get(key)

    def _make(self, letter: int, lanes: list[torch.Tensor], structure: Any, batch: Tree) -> Kernel | None:
        inputs, batch_structure = pytree.tree_flatten(batch)

        def step(*leaves: torch.Tensor) -> None:
            states = pytree.tree_unflatten(leaves[: len(lanes)], structure)
            after = self.maps.stacked(letter, states, pytree.tree_unflatten(leaves[len(lanes) :], batch_structure))
            for old, new in zip(leaves, pytree.tree_leaves(after), strict=False):
                old.copy_(new)

        eager, traced = _clones(lanes), _clones(lanes)
        try:
            step(*eager, *inputs)
            if self.fused:
                kernel = self.fused
            else:
                graph = make_fx(step)(*_clones(lanes), *inputs)
                kernel = torch._inductor.compile(graph, [*_clones(lanes), *inputs]) if self.compiled else graph
            kernel(*traced, *inputs)
            torch.testing.assert_close(traced, eager, equal_nan=True)
        except Exception as error:  # whatever tracing cannot follow is done without it, as exactly
            self.maps.note(f"not traced ({str(error).splitlines()[0]})")
            return None
        return kernel


def _options(update: Any) -> tuple[Any, ...]:
    """What distinguishes updates of one loss; without the loss itself, which a kept kernel must not keep alive."""
    return type(update), *(getattr(update, field.name) for field in fields(update) if field.name != "loss")


def layout_of(leaves: list[Any]) -> tuple[Any, ...] | None:
    """What a kernel depends on; None if not all leaves are tensors, whose values a trace would freeze."""
    if not all(isinstance(leaf, torch.Tensor) for leaf in leaves):
        return None
    return tuple((leaf.shape, leaf.stride(), leaf.dtype, leaf.device) for leaf in leaves)


def _clones(leaves: list[torch.Tensor]) -> list[torch.Tensor]:
    return [leaf.clone() for leaf in leaves]
