"""Short runs: replay or wavefront, from what is known without trying both.

Everything is counted in steps of one state, as replay makes them. A call under torch.vmap costs a few of them, however
few states it advances; a traced one costs less, after a trace. So the plan says which engine is the faster one, with a
few batches, which say whether a trace would serve many calls. Only where a wrong guess would be felt are a step and a
call timed. The first gradient under torch.vmap in a process counts as well, which imports much of torch.
"""

from __future__ import annotations

import sys
import timeit
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from revorder.engines.kernels import SERVED, WORTH_TRACING, Kernels, layout_of
from revorder.engines.maps import Maps
from revorder.engines.stopwatch import finished
from revorder.engines.widths import candidates
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, copies

CALL, TRACED_CALL = 2.5, 1.3  # steps that a call costs besides its states: under torch.vmap, and traced
TRACE = 110.0  # steps that a trace takes
LANE, WORK = 0.05, 1.2  # steps that a state adds to a call: where a step is overhead only, and where it is work only
LOADING = 1.1  # seconds, of the first gradient under torch.vmap in a process
OVERHEAD = 1.5e-5  # seconds of a step for each call of torch in it, without its work
FELT = 0.3  # seconds: where replay takes less, nothing but a step is timed
MOST_TIMES, LONG_ENOUGH = 5, 0.02  # timings of one call, and their seconds together
LANES = 4  # of the call that is timed
LOOKED_AT = 8  # batches, of which it is asked whether they are alike

FEW, LOADED, IN_VAIN = (
    "few states share their batches",
    "it is over before torch.vmap has been loaded",
    "a call for several states takes as long as they do one by one",
)

_FOUND: dict[tuple[Any, ...], str] = {}  # by kind of run: so that a run that is repeated gives the same last digits


@dataclass(frozen=True)
class Short:
    """A run that is too short to try both engines on it.

    Attributes:
        batched: makes sure that the update runs under torch.vmap at all; may raise NotBatchableError.
    """

    maps: Maps
    start: Tree
    plan: Plan
    batched: Callable[[], Any]

    @property
    def letter(self) -> int:
        """Of the batch on which it is tried."""
        return int(self.plan.letters[self.plan.words[0][0]])

    def why_replay(self) -> str:
        """Why replay is the faster one; empty where the wavefront is. Found once in a process for runs of one kind."""
        if _FOUND.get(kind := self._kind()) == "":
            self.batched()
        if kind not in _FOUND:
            _FOUND[kind] = self._why_replay()
        return _FOUND[kind]

    def _kind(self) -> tuple[Any, ...]:
        """What runs that are alike have in common: states, batches, updates and plans of one form."""
        plan, update = self.plan, self.maps.update
        forms = layout_of(pytree.tree_leaves(self.start)), *layouts(self.maps, plan)
        return *forms, type(update), self.maps.may_trace, plan.cost, plan.launches, plan.naive_cost

    def _why_replay(self) -> str:
        calls = calls_of(self.maps, self.start, self.plan)
        if calls.steps(0.0) >= self.plan.cost:
            return FEW
        if pytree.tree_leaves(self.start)[0].is_meta:
            self.batched()
            return ""
        step = self._seconds(lambda: self.maps(self.letter, self.start))
        if not is_loaded() and self._is_over(calls, step):
            return LOADED
        self.batched()
        if step * self.plan.cost < FELT or self._gains(calls, step):
            return ""
        return IN_VAIN

    def _is_over(self, calls: Calls, step: float) -> bool:
        """Whether replay takes less than the wavefront, with what torch.vmap would load first."""
        if step * self.plan.cost > 10 * LOADING:  # then it is timed
            return False
        seen = self._looked_at()
        work = max(0.0, 1 - OVERHEAD * seen.calls / step)
        return seen.gradients and step * self.plan.cost < step * calls.steps(work) + LOADING

    def _looked_at(self) -> Looking:
        """One more step, to see what it asks torch for."""
        batch, looking = self.maps.batch(self.letter), Looking()

        def apply() -> Tree:
            with looking:
                return self.maps.apply(self.letter, self.start, batch)

        self.maps.blamed(self.letter, self.start, batch, apply)
        return looking

    def _gains(self, calls: Calls, step: float) -> bool:
        """Whether the wavefront takes less, now that a call is timed; torch.vmap has been used before."""
        states, batch = copies(self.start, LANES), self.maps.batch(self.letter)
        took = self._seconds(lambda: self.maps.batched(self.letter, states, batch)) / step
        light, heavy = call_of(LANES, 0.0), call_of(LANES, 1.0)
        work = min(max((took - light) / (heavy - light), 0.0), 1.0)
        return calls.steps(work) * took / call_of(LANES, work) < self.plan.cost

    def _seconds(self, call: Callable[[], Any]) -> float:
        """The shortest of some timings; of few where one takes long, and is not so easily disturbed."""
        took: list[float] = []
        while len(took) < MOST_TIMES and sum(took) < LONG_ENOUGH:
            took += timeit.repeat(finished(call, self.start), number=1, repeat=1)
        return min(took)


class Looking(TorchFunctionMode):
    """Counts calls of torch, and sees whether a gradient is among them."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.gradients = 0, False

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls += 1
        self.gradients |= function in (torch.autograd.grad, torch.Tensor.requires_grad_)
        return function(*args, **(kwargs or {}))


def is_loaded() -> bool:
    """Whether a gradient was computed under torch.vmap before, or something else has loaded what that needs."""
    return "torch._dynamo" in sys.modules


def call_of(lanes: int, work: float) -> float:
    """What a call under torch.vmap takes, in steps, if so much of a step is work, and not overhead."""
    return Calls(1, 0.0, 0, lanes).steps(work)


@dataclass(frozen=True)
class Calls:
    """The batched calls of a run: how many are not traced, how many are, how many traces are made; states in all."""

    plain: float
    traced: float
    traces: int
    states: int

    def steps(self, work: float) -> float:
        """What they take, in steps of one state, if so much of a step is `work`, and not overhead."""
        overhead = (CALL * self.plain + TRACED_CALL * self.traced) * (1 - work) + TRACE * self.traces
        return overhead + self.states * (LANE * (1 - work) + WORK * work)


def calls_of(maps: Maps, start: Tree, plan: Plan) -> Calls:
    """The calls of a run; where `Kernels` would trace some, those are counted apart."""
    if not maps.may_trace or plan.launches * SERVED < WORTH_TRACING or candidates(maps, start, plan):
        return Calls(plan.launches, 0.0, 0, plan.cost)
    kernels, traced, traces = Kernels.of_run(maps, False, start, plan), 0.0, 0
    served = SERVED if kernels.options is not None and kernels.alike else 1
    for share, (width, uses) in product(shares(maps, plan), kernels.uses.items()):
        if kernels.fused or uses * share * served >= WORTH_TRACING:
            traced, traces = traced + uses * share, traces + (not is_made(kernels, width))
    return Calls(max(plan.launches - traced, 0.0), traced, traces, plan.cost)


def is_made(kernels: Kernels, width: int) -> bool:
    """Whether nothing need be traced: a kernel of a width is kept from an earlier run, or written by hand."""
    return bool(kernels.fused) or any(kernels.key(width, key[-1]) == key for key in kernels.inherited)


def shares(maps: Maps, plan: Plan) -> list[float]:
    """Of the layouts of batches that a trace may be for, how frequent each of them is, as far as a few batches say."""
    found = layouts(maps, plan)
    return [count / len(found) for kind, count in Counter(found).items() if kind is not None]


def layouts(maps: Maps, plan: Plan) -> list[Any]:
    """Of a few batches, over all that occur."""
    some = plan.used[np.linspace(0, len(plan.used) - 1, min(LOOKED_AT, len(plan.used)), dtype=np.int64)]
    return [layout_of(pytree.tree_leaves(maps.batch(letter))) for letter in some.tolist()]
