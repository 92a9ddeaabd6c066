"""What one composition order costs: its plans are exact, its seconds come from a few steps that are timed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from revorder.engines.auto import predict
from revorder.engines.kernels import COMPILED_WIDTHS
from revorder.engines.maps import Maps
from revorder.engines.memory import MOST_LANES, states_that_fit, untimed_lanes
from revorder.engines.perceptrons import perceptron_of
from revorder.engines.spanning import Spanning
from revorder.engines.wavefront import Wavefront
from revorder.engines.widths import Blocks, best, candidates
from revorder.experiments.configs import Config
from revorder.experiments.timing import Steps
from revorder.planning.plan import Plan
from revorder.problems import Problem


@dataclass(frozen=True)
class OrderCost:
    """The cost of one composition order, over all seeds.

    Attributes:
        order: its text.
        jobs, evaluations, launches, seconds: sums; `launches` are the calls of a step that are really made, each for
            one state or for several, and for perceptrons under many batches.
        peak_states: states held at once, in the job that holds most.
    """

    order: str
    jobs: int
    evaluations: int
    launches: int
    peak_states: int
    seconds: float


@dataclass(frozen=True)
class Part:
    """The cost of one plan."""

    evaluations: int
    launches: int
    peak_states: int
    seconds: float


def order_cost(config: Config, problem: Problem, order: str, plans: list[Plan], steps: Steps, look: float) -> OrderCost:
    """The cost of all seeds, from the `plans` of one; `look` are the seconds of the metrics at a checkpoint."""
    parts = [part for plan in plans for part in _parts(config, problem, plan, steps)]
    seconds = sum(part.seconds for part in parts) + look * sum(len(plan.steps) for plan in plans)
    times = config.seeds
    return OrderCost(
        order, len(plans) * times, sum(part.evaluations for part in parts) * times,
        sum(part.launches for part in parts) * times, max(part.peak_states for part in parts), seconds * times,
    )  # fmt: skip


def _parts(config: Config, problem: Problem, plan: Plan, steps: Steps) -> list[Part]:
    maps = Maps(problem.update, problem.batches, plan, None)
    blocks = None if config.engine == "replay" else _blocks(maps, problem, plan, steps)
    if blocks is None or (blocks.one_by_one and not config.compile):
        return [Part(plan.cost, plan.cost, held(plan), plan.cost * steps.between(1, 1))]
    sweeps = [sweep for _, sweep in plan.split(states_that_fit(problem.start) or plan.peak_states)]
    return [_sweep(config, maps, problem, sweep, blocks, steps) for sweep in sweeps]


def _blocks(maps: Maps, problem: Problem, plan: Plan, steps: Steps) -> Blocks:
    """As the engine would choose them; a hand-written step has no blocks of its own."""
    untimed = MOST_LANES if perceptron_of(problem.update) is not None else untimed_lanes(problem.start)
    widths = candidates(maps, problem.start, plan)
    return best(steps, widths, untimed) if widths else Blocks(untimed)


def _sweep(config: Config, maps: Maps, problem: Problem, plan: Plan, blocks: Blocks, steps: Steps) -> Part:
    if config.compile and maps.may_trace:
        blocks = replace(blocks, lanes=min(blocks.lanes, COMPILED_WIDTHS[-1]))
    if perceptron_of(problem.update) is not None or untimed_lanes(problem.start) == MOST_LANES:
        seconds = predict(Wavefront(), maps, problem.start, plan)
    else:
        seconds = _seconds(plan.widths, blocks, steps)
    return Part(plan.cost, _calls(maps, problem, plan, blocks), plan.peak_states, seconds)


def _calls(maps: Maps, problem: Problem, plan: Plan, blocks: Blocks) -> int:
    spanning, letter = Spanning.of_run(maps, problem.start, plan, None), int(plan.letters[plan.words[0][0]])
    if spanning is None or spanning.seconds(problem.start, letter, Counter(plan.widths.tolist())) is None:
        return blocks.calls(plan.widths)
    return spanning.calls(plan)


def _seconds(widths: np.ndarray, blocks: Blocks, steps: Steps) -> float:
    """Of ticks that advance so many states, cut into blocks."""
    widest = min(blocks.lanes, int(widths.max()))
    full, rest = np.divmod(widths, widest)
    lone, ticks = np.unique(rest[rest > 0], return_counts=True)
    seconds = float(full.sum()) * steps.between(widest, widest)
    return seconds + sum(int(n) * steps.between(int(width), widest) for width, n in zip(lone, ticks, strict=True))


def held(plan: Plan) -> int:
    """States held at most where one advances at a time: that one, and one at every fork above it."""
    trie = plan.trie
    forks = (trie.n_children > 1).astype(int)
    for first, last in zip(trie.level[:-1], trie.level[1:], strict=True):
        forks[first:last] += forks[trie.parent[first:last]]
    return 1 + int(forks.max())
