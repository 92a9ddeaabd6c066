"""Carrying spans out: the steps of perceptrons that take many batches at once, looked at as any other step is."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.engines.audit import EVERY_CALL, Disagreement
from revorder.engines.linear import joined
from revorder.engines.maps import Maps
from revorder.engines.memory import MOST_LANES, ran_out
from revorder.engines.perceptrons import Perceptron, perceptron_of
from revorder.engines.span_steps import SpanKernel, SpanStep, lanes_of
from revorder.engines.spans import MOST_TICKS, Span, spans
from revorder.engines.stopwatch import shortest
from revorder.engines.windows import kernels_for
from revorder.planning.plan import Plan
from revorder.pytrees import Tree

LOOKED_AT = 3  # ticks of a span that is looked at: the plain steps of so many are made beside it
LANES = 64  # at most, to time a step
LISTED = 64  # batches that are stacked one by one for a span, where no gather has them all


@dataclass(eq=False)
class Spanning:
    """The spans of one run: which kernel carries them out, and which of them are looked at.

    Attributes:
        kernels: the preferred one first; none is left when all have been wrong.
        dtype: of the states, and so of the inputs.
        sound: whether the formulas are for all batches.
        seeds: how many runs a state consists of; None if it is one.
        proved: whether the first kernel has been looked at.
    """

    maps: Maps
    perceptron: Perceptron
    kernels: Sequence[SpanKernel]
    dtype: torch.dtype
    sound: bool
    seeds: int | None
    proved: bool = False

    @classmethod
    def of_run(cls, maps: Maps, start: Tree, plan: Plan, fast: bool | None) -> Spanning | None:
        """What there is for a run; None if nothing."""
        found = cls._of_run(maps, start, plan, fast)
        if fast and found is None:
            maps.note("not by numba, which is for perceptrons under SGD")
        return found

    @classmethod
    def _of_run(cls, maps: Maps, start: Tree, plan: Plan, fast: bool | None) -> Spanning | None:
        perceptron = perceptron_of(maps.of_one_seed or maps.update)
        leaves = pytree.tree_leaves(start)
        seeds = None if maps.of_one_seed is None else len(leaves[0])
        if perceptron is None or not maps.may_trace or leaves[0].is_meta:
            return None
        if [tuple(leaf.shape[seeds is not None :]) for leaf in leaves] != _shapes(perceptron):
            return None
        if len({leaf.dtype for leaf in leaves}) != 1 or not leaves[0].is_floating_point():
            return None
        sound = maps.all_examples(partial(perceptron.suits, ignoring=False))
        if seeds is not None and not sound:
            return None
        kernels = kernels_for(perceptron, leaves[0], plan, fast, seeds or 1)
        return cls(maps, perceptron, kernels, leaves[0].dtype, sound, seeds)

    def seconds(self, start: Tree, letter: int, widths: Counter[int]) -> float | None:
        """About how long a run takes whose ticks have these `widths`; from trying, with a few lanes and with many.

        A tick of w lanes takes about a + b·w. None where ticks go one by one: no kernel works, or is for the batch.
        """
        stacked = self._batches([letter] * LOOKED_AT)
        narrow, wide = min(widths), max(1, min(max(widths), LANES))
        shorter, longer = (self._seconds_of(start, lanes, stacked) for lanes in (narrow, wide))
        if shorter is None or longer is None:
            return None
        each = max(longer - shorter, 0.0) / max(wide - narrow, 1)
        return sum(ticks * (shorter + each * (width - narrow)) / LOOKED_AT for width, ticks in widths.items())

    def _seconds_of(self, start: Tree, lanes: int, stacked: Any) -> float | None:
        if stacked is None or not self.kernels:
            return None
        leaves, structure = pytree.tree_flatten(start)
        copied = [lanes_of(leaf, lanes, self.seeds) for leaf in leaves]
        step = SpanStep([], [0] * lanes, copied, structure, stacked, self.seeds)
        try:
            return shortest(partial(step.run, self.kernels[0]))
        except Disagreement as error:  # it cannot be compiled here, say
            if ran_out(error):
                raise
            self.kernels = self.kernels[1:]
            return self._seconds_of(start, lanes, stacked)

    def calls(self, plan: Plan) -> int:
        """How many calls a run will make, those of ticks that no span takes included; its own audit is not moved."""
        audit, made, proved = self.maps.audit, 0, self.proved
        audit.spread(plan.launches, EVERY_CALL)
        for span in spans(plan.ticks, self.room):
            apart = sum(-(-len(tick.slots) // MOST_LANES) for tick in span.ticks)
            made += 1 if span.is_neat and self.kernels else apart
            self.proved, audit.calls = self.proved or span.is_neat, audit.calls + len(span.ticks)
        self.proved, audit.calls = proved, 0
        return made

    def room(self) -> int:
        """How many ticks the next span may have: up to the next that is looked at, and few if it is that one."""
        audit = self.maps.audit
        if not self.kernels:
            return 1
        if not self.proved or audit.calls in audit.due:
            return LOOKED_AT
        due = sorted(audit.due)
        following = bisect_left(due, audit.calls)
        most = MOST_TICKS if self.sound else LISTED
        return min(most, due[following] - audit.calls) if following < len(due) else most

    def carry_out(self, span: Span, leaves: list[torch.Tensor], structure: Any) -> bool:
        """Whether a kernel carried the span out, in place, on the leaves of a stack (slots, ...)."""
        stacked = self._batches(span.letters) if self.kernels else None
        if stacked is None:
            return False
        lanes = [leaf[span.first : span.last] for leaf in leaves]
        step = SpanStep(span.letters, span.begins, lanes, structure, stacked, self.seeds)
        calls = self.maps.audit.calls
        if not self.proved:
            self._prove(step)
        elif any(call in self.maps.audit.due for call in range(calls, calls + len(span.ticks))):
            self.maps.audit.check(*self._looked_at(step))
        else:
            step.run(self.kernels[0])
        self.maps.audit.calls += len(span.ticks) if self.kernels else 0
        return bool(self.kernels)

    def _prove(self, step: SpanStep) -> None:
        """The first use of a kernel; one that is wrong is dropped, and what it did is undone."""
        kept = [lane.clone() for lane in step.lanes]
        while self.kernels and not self.proved:
            self.proved = self._holds(step)
            if self.proved:
                self.maps.note(self.kernels[0].name)
                return
            self.maps.note("a step for many batches was not the plain step, and is left out")
            self.kernels = self.kernels[1:]
            for own, old in zip(step.lanes, kept, strict=True):
                own.copy_(old)

    def _holds(self, step: SpanStep) -> bool:
        """Whether the first kernel makes the plain step; not so where it could not even be compiled, say."""
        try:
            return self.maps.audit.holds(*self._looked_at(step))
        except Disagreement as error:
            if ran_out(error):
                raise
            return False

    def _looked_at(self, step: SpanStep) -> tuple[Any, ...]:
        """Carry a span out, and say what an audit wants to know of one of its lanes."""
        kernel, lane = self.kernels[0], self.maps.audit.lane(len(step.begins))
        letters, before = step.letters_of(lane), step.state(lane)
        step.run(kernel)
        return letters, self.maps.asked(letters), before, step.state(lane), partial(step.again, kernel, lane)

    def _batches(self, letters: list[int]) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Inputs (ticks, B, features) and targets of some batches; None if the formulas are not for all of them."""
        if self.sound:
            found = self.maps.gathered(letters)
        else:
            each = [self.maps.batch(letter) for letter in letters]
            found = joined(each) if all(map(self.perceptron.suits, each)) else None
        if found is None or found[0].dtype != self.dtype:
            return None
        inputs, targets = found
        return inputs.flatten(2 if self.seeds is None else 3), targets


def _shapes(perceptron: Perceptron) -> list[tuple[int, ...]]:
    """Of the leaves of one state."""
    layers: list[tuple[int, ...]] = []
    for fan_in, fan_out in zip(perceptron.sizes[:-1], perceptron.sizes[1:], strict=True):
        layers += [(fan_out, fan_in), (fan_out,)]
    return layers * (1 + bool(perceptron.momentum))
