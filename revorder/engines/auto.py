"""The automatic engine: measures a few steps, predicts what every engine would take, and lets the fastest run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.affine import Affine
from revorder.engines.kernels import SETTLED, Kernels, layout_of
from revorder.engines.maps import Maps
from revorder.engines.memory import state_bytes
from revorder.engines.replay import Replay
from revorder.engines.short_runs import Short
from revorder.engines.spanning import Spanning
from revorder.engines.stopwatch import seconds_of
from revorder.engines.wavefront import Wavefront
from revorder.engines.widths import blocks_of
from revorder.errors import NotAffineError, NotBatchableError
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, copies

ALONE = "no two states ever need the same batch"
WORTH_PROBING = 2000  # evaluations: shorter runs are over before measuring all engines pays
LARGE = 2**21  # bytes of a state: beyond, a short run gains less by a stack of states than making it takes
GOOD_ENOUGH = 0.5  # seconds: what the affine engine does in less is not compared with anything
COMPILING = 20.0  # seconds, a pessimistic guess
COMPILED_GAIN = 3.0  # what compiling makes of a step on small tensors; convolutions gain less, so it is measured


@dataclass(frozen=True)
class Auto:
    """Chooses among `Replay`, `Wavefront` and `Affine`, and notes in `Trajectory.engine` what it chose and why.

    Short runs are not measured as a whole: see `revorder.engines.short_runs`. Probe steps are on top of
    `Trajectory.cost`; they start from the start state and are thrown away.
    """

    def resolve(self, maps: Maps, start: Tree, plan: Plan) -> Any:
        """The engine for this run."""
        engine, why = self._choose(maps, start, plan)
        maps.note(f"{NAMES[type(engine)]}: {why}")
        return engine

    def _choose(self, maps: Maps, start: Tree, plan: Plan) -> tuple[Any, str]:
        if maps.replay_only:
            return Replay(), "this update handles one state at a time"
        if maps.audit.remembers:
            return Replay(), "this update keeps something between its calls"
        if plan.naive_cost >= WORTH_PROBING:
            if maps.of_one_seed is None and Affine().recognises(maps, start, plan):
                return AffineElseWavefront(), "a linear model with square loss, whose maps have a closed form"
            if Spanning.of_run(maps, start, plan, None) is not None:
                return Wavefront(), f"{_work(plan)} of a perceptron, many batches at once"
        try:
            return self._short(maps, start, plan) if _is_short(plan) else self._long(maps, start, plan)
        except NotBatchableError as error:
            return Replay(), f"the update does not run under torch.vmap: {error.__cause__}"

    def _long(self, maps: Maps, start: Tree, plan: Plan) -> tuple[Any, str]:
        """By what a few steps take."""
        probe = _Probe(maps, start, plan)
        return probe.fastest() if probe.can_measure else (Wavefront(), _work(plan))

    def _short(self, maps: Maps, start: Tree, plan: Plan) -> tuple[Any, str]:
        """By what is known of the plan, or nearly so."""
        if plan.launches == plan.cost:
            return Replay(), ALONE
        if state_bytes(start) > LARGE:
            return Replay(), "states are large, and steps few"
        if Spanning.of_run(maps, start, plan, None) is not None:  # its steps are written by hand
            return Wavefront(), _work(plan)
        why = Short(maps, start, plan, lambda: _Probe(maps, start, plan)).why_replay()
        return (Replay(), why) if why else (Wavefront(), _work(plan))


@dataclass(frozen=True)
class AffineElseWavefront:
    """`Affine`, for an update that was found affine on some batches; the wavefront if a later batch is not."""

    def cost(self, plan: Plan) -> int:
        """The number of products."""
        return Affine().cost(plan)

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any]
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        try:
            yield from Affine().states(maps, start, plan, advanced)
        except NotAffineError as error:  # what was reached is computed once more
            maps.note(f"then wavefront, since {error}")
            yield from Wavefront().states(maps, start, plan, advanced)


NAMES = {Replay: "replay", Wavefront: "wavefront", AffineElseWavefront: "affine"}


def _is_short(plan: Plan) -> bool:
    """Whether a run is over before measuring all engines pays; the affine one may gain from what is not shared."""
    shared = plan.cost < WORTH_PROBING / 2 or (plan.cost < WORTH_PROBING and plan.launches == plan.cost)
    return shared or plan.naive_cost < WORTH_PROBING


def _work(plan: Plan) -> str:
    return f"{plan.cost} evaluations in {plan.launches} batched calls"


def predict(engine: Replay | Wavefront, maps: Maps, start: Tree, plan: Plan) -> float:
    """Seconds that an engine would take for a plan, from a few steps that are timed and thrown away; without metrics.

    Raises:
        NotBatchableError: the wavefront cannot run this update.
    """
    letter = int(plan.letters[plan.words[0][0]])
    if isinstance(engine, Replay):
        return plan.cost * seconds_of(lambda: maps(letter, start), start)
    gathering = plan.launches * seconds_of(lambda: maps.batch(letter), start)
    return gathering + _Probe(maps, start, plan).wavefront(engine.compile)


class _Probe:
    """Times single steps on copies of the start state."""

    def __init__(self, maps: Maps, start: Tree, plan: Plan):
        self.maps, self.start, self.plan = maps, start, plan
        self.letter = int(plan.letters[plan.words[0][0]])
        self.batch = maps.batch(self.letter)
        states = copies(start, 2)
        self.can_measure = not pytree.tree_leaves(states)[0].is_meta
        maps.batched(self.letter, states, self.batch)

    def fastest(self) -> tuple[Any, str]:
        """The engine with the shortest predicted time, and what was predicted."""
        seconds: dict[Any, float] = {}
        product = None
        if self.maps.of_one_seed is None:  # one matrix for all seeds would mix them up
            product = Affine().probe(self.maps, self.start, self.plan)
        if product is not None:
            products = Affine().cost(self.plan)
            seconds[AffineElseWavefront()] = product * products
            if product * products < GOOD_ENOUGH:
                return (
                    AffineElseWavefront(),
                    f"{products} products, predicted from probe steps {product * products:.2g} s",
                )
        seconds[Replay()] = predict(Replay(), self.maps, self.start, self.plan)
        seconds[Wavefront()] = self.wavefront()
        best = min(seconds, key=seconds.__getitem__)
        said = ", ".join(f"{NAMES[type(engine)]} {took:.2g} s" for engine, took in seconds.items())
        worth_compiling = seconds[best] > COMPILING + seconds[best] / COMPILED_GAIN
        if best == Wavefront() and self.maps.may_trace and worth_compiling and self.compiling_pays():
            return Wavefront(compile=True), f"{_work(self.plan)}, compiled; predicted from probe steps: {said}"
        return best, f"{_work(self.plan)}; predicted from probe steps: {said}"

    def wavefront(self, compiled: bool = False) -> float:
        """A step of w lanes takes about a + b·w; measured at the narrowest and the widest block of this run."""
        spanning = Spanning.of_run(self.maps, self.start, self.plan, None)
        if spanning is not None:
            seconds = spanning.seconds(self.start, self.letter, Counter(self.plan.widths.tolist()))
            if seconds is not None:
                return seconds
        blocks = blocks_of(self.maps, self.start, self.plan)
        if blocks.alone is not None and blocks.one_by_one and not compiled:
            return self.plan.cost * blocks.alone
        kernels = self._kernels(compiled)
        narrow, wide = min(kernels.uses), max(kernels.uses)
        shorter, longer = self._step(kernels, narrow), self._step(kernels, wide)
        each = max(longer - shorter, 0.0) / max(wide - narrow, 1)
        return sum(blocks * (shorter + each * (width - narrow)) for width, blocks in kernels.uses.items())

    def _kernels(self, compiled: bool) -> Kernels:
        return Kernels.of_run(self.maps, compiled, self.start, self.plan)

    def _step(self, kernels: Kernels, width: int) -> float:
        """Seconds of one step of so many lanes, with a kernel if the run would use one."""
        states = copies(self.start, width)
        lanes, structure = pytree.tree_flatten(states)
        inputs = pytree.tree_leaves(self.batch)
        layouts = layout_of(pytree.tree_leaves(self.start)), layout_of(inputs)
        kernel = None
        kernels.kinds[layouts[1]] = SETTLED
        if self.maps.may_trace and layouts[0] is not None and kernels.suits(layouts[1], self.batch):
            kernel = kernels.get(self.letter, lanes, structure, self.batch, layouts)
        if kernel is None:
            return seconds_of(lambda: self.maps.stacked(self.letter, states, self.batch), states)
        with torch.inference_mode():
            return seconds_of(lambda: kernel(*lanes, *inputs), states)

    def compiling_pays(self) -> bool:
        """Whether the compiled step is faster, state by state, than the widest traced one; pays for compiling it."""
        plain, compiled = self._kernels(compiled=False), self._kernels(compiled=True)
        width, compiled_width = max(plain.uses), max(compiled.uses)
        return self._step(compiled, compiled_width) / compiled_width < self._step(plain, width) / width
