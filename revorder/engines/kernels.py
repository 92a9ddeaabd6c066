"""Kernels: the batched step for a fixed number of lanes, traced once into a flat graph of tensor operations.

Replaying a graph skips Python's way through the update, `torch.func.grad` and `torch.vmap`, which is most of the time
of a step on small tensors. A compiled kernel is the same graph, fused by TorchInductor. Graphs have static sizes, so
a stack is cut into blocks of a few widths, and nothing is traced or compiled again as the stack grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from revorder.engines.fused import fused_step
from revorder.engines.maps import Maps
from revorder.engines.memory import ran_out
from revorder.engines.standing import standing_of
from revorder.engines.widths import blocks_of
from revorder.planning.plan import Plan
from revorder.pytrees import Gathering, Tree
from revorder.updates.gradients import GradientUpdate
from revorder.updates.modules import ModuleLoss
from revorder.updates.randomness import TURN

TRACED_WIDTHS = (1, 8, 16, 32, 64, 96, 128, 192, 256)
COMPILED_WIDTHS = (32,)  # measured best of 8 to 128 on a CPU: wide enough for the overhead, small enough for the cache
WORTH_TRACING = 128  # a trace costs about as much time as it saves in so many steps
SERVED = 2  # runs that a kept trace is expected to serve, where batches are known to be alike
LANE = 1 / 16  # what a lane adds to the time of a narrow step, where it is not timed
SETTLED = 3  # batches, before it is guessed how frequent their layouts are

Kernel = Callable[..., None]  # kernel(*state leaves, *batch leaves) writes the next states into the state leaves

# kernels of module losses, which are copies that nothing changes any more, are kept for the next run
_KEPT: WeakKeyDictionary[Any, dict[Any, Kernel | None]] = WeakKeyDictionary()


class NoValues(TorchFunctionMode):
    """Refuses what reads values out of a tensor. Fake tensors have none, and not all of these functions notice."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in (torch.Tensor.tolist, torch.Tensor.numpy, torch.Tensor.__array__):
            raise TypeError(f"it reads values, by {function.__name__}")
        return function(*args, **(kwargs or {}))


class Kernels:
    """Makes and keeps the kernels of one run; `None` where a step is better, or only, done without one."""

    def __init__(self, maps: Maps, compiled: bool, most_lanes: int, uses: Counter[int]):
        """`uses` counts the ticks of the run by the number of states that they advance."""
        self.maps = maps
        self.compiled = compiled
        self.fused = fused_step(maps.update)  # takes any width, and is as fast as a compiled one
        self.sound = self.fused is not None and maps.all_examples(partial(self.fused.suits, ignoring=False))
        self.alike = isinstance(getattr(maps, "batches", None), Gathering | torch.Tensor)  # in their layout
        self.most_lanes = most_lanes
        widths = COMPILED_WIDTHS if compiled else TRACED_WIDTHS
        widest = min(most_lanes, widths[-1])
        self.widths = [*(width for width in widths if width < widest), widest]
        self.uses = self._uses(uses)
        self.kinds: Counter[Any] = Counter()
        self.proved: set[Any] = set()  # keys of the kernels whose step was compared with the plain one in this run
        self.refused: set[Any] = set()  # keys of those that were not the plain step
        self.made: dict[Any, Kernel | None] = {}
        self.options: tuple[Any, ...] | None = None
        if isinstance(maps.update, GradientUpdate) and isinstance(maps.update.loss, ModuleLoss):
            standing = standing_of(maps.update.loss)
            if standing is not None:
                self.made, self.options = _KEPT.setdefault(maps.update.loss, {}), (*_options(maps.update), *standing)
        self.inherited = set(self.made)

    @classmethod
    def of_run(cls, maps: Maps, compiled: bool, start: Tree, plan: Plan) -> Kernels:
        """The kernels for the ticks of a plan."""
        blocks, uses = blocks_of(maps, start, plan), Counter(plan.widths.tolist())
        made, lane = cls(maps, compiled, min(plan.peak_states, blocks.lanes), uses), blocks.lane or LANE
        for width in made.widths[:-1]:
            if made._uses(uses)[width] * (made._next(width) - width) * lane <= WORTH_TRACING:
                made.widths.remove(width)  # the next one in its place costs less time than a trace
        made.uses = made._uses(uses)
        return made

    def blocks(self, count: int) -> list[int]:
        """Widths of blocks that cover `count` lanes: as many widest ones as fit, then the narrowest that suffices."""
        widest = self.most_lanes if self.fused else self.widths[-1]
        full, rest = divmod(count, widest)
        if self.fused:
            return [widest] * full + [rest] * (rest > 0)
        return [widest] * full + [width for width in self.widths if width >= rest][: rest > 0]

    def _uses(self, ticks: Counter[int]) -> Counter[int]:
        """Width -> how many blocks of it there are in ticks of so many lanes."""
        found: Counter[int] = Counter()
        for count, times in ticks.items():
            for width in self.blocks(count):
                found[width] += times
        return found

    def _next(self, width: int) -> int:
        return next(wider for wider in self.widths if wider > width)

    def suits(self, kind: Any, batch: Tree) -> bool:
        """Whether kernels may be used on a batch of a `layout_of` `kind`; counts the kinds of the run's batches."""
        self.kinds[kind] += 1
        return kind is not None and (self.fused is None or self.sound or self.fused.suits(batch))

    def key(self, width: int, kind: Any) -> Any:
        """What a kernel is kept under."""
        return self.options, self.compiled, None if self.fused else width, kind

    def get(self, letter: int, lanes: list[torch.Tensor], structure: Any, batch: Tree, kind: Any) -> Kernel | None:
        """The kernel for these lanes (leaves of a stack of the full width), for states and batches of such layouts."""
        key = self.key(len(lanes[0]), kind)
        if key in self.refused or not (self.fused or self._settled()):  # so that one run is as the next
            return None
        if key not in self.made and self._pays(len(lanes[0]), kind[1]):
            self.made[key] = self._make(letter, lanes, structure, batch)
        return self.made.get(key)

    def drop(self, key: Any) -> None:
        """Give a kernel up that is not the plain step: if it came from an earlier run for a new one, else for good."""
        stale = key in self.inherited
        self.inherited.clear()
        for old in list(self.made) if stale else [key]:
            del self.made[old]
        if not stale:
            self.refused.add(key)
            self.maps.note("a kernel was not the plain step, and is left out")

    def _settled(self) -> bool:
        """Whether it can be guessed how frequent layouts are."""
        return self.alike or self.kinds.total() >= SETTLED or (self.compiled and len(self.kinds) < 2)

    def _pays(self, width: int, kind: Any) -> bool:
        """Whether a kernel is worth its trace, if this kind of batch stays as frequent as it was until now."""
        if self.fused:
            return True
        if self.compiled and len(self.kinds) < 2:
            return True
        looked_at = self.kinds.total()
        served = SERVED if self.options is not None and self.alike else 1
        return self.uses[width] * self.kinds[kind] * served >= WORTH_TRACING * looked_at

    def _make(self, letter: int, lanes: list[torch.Tensor], structure: Any, batch: Tree) -> Kernel | None:
        if self.fused:
            return self.fused.step
        inputs, batch_structure = pytree.tree_flatten(batch)

        def step(*leaves: torch.Tensor) -> None:
            states = pytree.tree_unflatten(leaves[: len(lanes)], structure)
            after = self.maps.stacked(letter, states, pytree.tree_unflatten(leaves[len(lanes) :], batch_structure))
            for old, new in zip(leaves[: len(lanes)], pytree.tree_leaves(after), strict=True):
                old.copy_(new)

        try:
            with TURN, NoValues():  # tracing changes torch for the whole process
                # fake tensors have no values: a step that reads some from a batch is refused, and not frozen;
                # frozen layers and class weights are real, and may be constants of the trace
                graph = make_fx(step, tracing_mode="fake", _allow_non_fake_inputs=True)(*_clones(lanes), *inputs)
            if not self.maps.may_trace:  # tracing was the first time that it drew
                return None
            return torch._inductor.compile(graph, [*_clones(lanes), *inputs]) if self.compiled else graph
        except Exception as error:  # whatever tracing cannot follow is done without it, as exactly
            if ran_out(error):
                raise
            self.maps.note(f"not traced ({str(error).splitlines()[0]})")
            return None


def _options(update: Any) -> tuple[Any, ...]:
    """What distinguishes updates of one loss; without the loss itself, which a kept kernel must not keep alive."""
    return type(update), *(getattr(update, field.name) for field in fields(update) if field.name != "loss")


class Layout:
    """What a kernel depends on. Equal layouts are one object, which is found faster than a long tuple."""


_LAYOUTS: dict[tuple[Any, ...], Layout] = {}


def layout_of(leaves: list[Any]) -> Layout | None:
    """The layout of some leaves; None if not all are tensors, whose values a trace would freeze."""
    if not all(isinstance(leaf, torch.Tensor) for leaf in leaves):
        return None
    parts = tuple((leaf.shape, leaf.stride(), leaf.dtype, leaf.device) for leaf in leaves)
    return _LAYOUTS.get(parts) or _LAYOUTS.setdefault(parts, Layout())


def _clones(leaves: list[torch.Tensor]) -> list[torch.Tensor]:
    return [leaf.clone() for leaf in leaves]
