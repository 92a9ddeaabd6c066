"""What an experiment will cost, before it is paid for: evaluations exactly, seconds from a few steps that are timed.

Evaluations, batched calls and states come from the plan, and are exact. The seconds are an ESTIMATE: single steps at
the narrowest and the widest stack of each plan and one call of every metric are timed here, now, on random pixels,
and multiplied. It leaves out the loading of data and the writing of snapshots, and takes the machine to be as busy
later as it is now: right within a factor of two on an idle machine, worthless on one that others use at times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import torch

from revorder.data import cifar, datasets
from revorder.engines.auto import predict, seconds_of
from revorder.engines.maps import Maps
from revorder.engines.memory import free_bytes, state_bytes, states_that_fit
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront
from revorder.experiments.arithmetic import exact_arithmetic
from revorder.experiments.building import build
from revorder.experiments.configs import Config
from revorder.experiments.job import Job, jobs
from revorder.planning.plan import Plan
from revorder.problems import Problem

__all__ = ["Estimate", "OrderCost", "duration", "estimate", "readable", "stand_in"]


def __dir__() -> list[str]:
    return sorted(__all__)


PROBED = 250  # test images that the metrics are timed on; the time for all of them is scaled from it
SHAPES = {  # of one image, and the numbers of training and test images
    "digits": ((1, 8, 8), 1400, 397),
    "fashion-mnist": ((1, 28, 28), 60_000, 10_000),
    "fashion-mnist-as-rgb32": ((3, 32, 32), 60_000, 10_000),
}


@dataclass(frozen=True)
class OrderCost:
    """The cost of one composition order, over all seeds.

    Attributes:
        order: its text.
        jobs, evaluations, launches, seconds: sums; `launches` are the batched calls.
        peak_states: states held at once, in the job that holds most.
    """

    order: str
    jobs: int
    evaluations: int
    launches: int
    peak_states: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """The cost of an experiment whose jobs run one after another; see the module for how far to trust it.

    Attributes:
        orders: the same, order by order.
        jobs, evaluations, launches, seconds: sums over orders and seeds.
        peak_states: states held at once, in the job that holds most.
        state_bytes, snapshot_bytes: sizes of one state, and of the largest snapshot.
        free_bytes: the device's free memory now.
    """

    orders: tuple[OrderCost, ...]
    jobs: int
    evaluations: int
    launches: int
    peak_states: int
    state_bytes: int
    snapshot_bytes: int
    free_bytes: int
    seconds: float

    def __str__(self) -> str:
        rows = [(cost.order, cost) for cost in self.orders] + [("all", self)]
        width = max(len(name) for name, _ in rows + [("order", self)])
        head = f"{'order':{width}}  jobs  evaluations  batched calls  peak states  predicted time"
        lines = [
            f"{name:{width}}  {cost.jobs:4}  {cost.evaluations:11,}  {cost.launches:13,}  {cost.peak_states:11,}  "
            f"{duration(cost.seconds):>14}"
            for name, cost in rows
        ]
        return "\n".join([head, *lines, self.memory])

    @property
    def memory(self) -> str:
        """A sentence: what the states need, and what is free."""
        states = self.peak_states * self.state_bytes
        size = readable(self.state_bytes)
        warning = "" if states <= self.free_bytes // 2 else " (more than half of it: expect it to fail or to crawl)"
        return (
            f"memory: {self.peak_states} x {size} = {readable(states)} for states, {readable(self.free_bytes)} free"
            f"{warning}; snapshots up to {readable(self.snapshot_bytes)}"
        )


def estimate(config: Config, data: datasets.Dataset | None = None, device: str | torch.device = "cpu") -> Estimate:
    """Predict what an experiment costs on this machine, by timing a few steps of it.

    Args:
        config: what would be run.
        data: its data set. None: random pixels of the same shape and number, as if the data were there.
        device: where it would run.

    Raises:
        ValueError: the configuration does not fit the data.
    """
    data = stand_in(config, device) if data is None else data
    probed = replace(data, test=(data.test[0][:PROBED], data.test[1][:PROBED]))
    with exact_arithmetic(config.threads):
        problem = build(config, probed, seed=0)
        at_checkpoint = _metrics_seconds(problem) * len(data.test[0]) / len(probed.test[0])
        every = [job for job in jobs(config) if job.seed == 0]
        costs = tuple(_order_cost(config, problem, name, every, at_checkpoint) for name in config.orders)
    size, peak = state_bytes(problem.start), max(cost.peak_states for cost in costs)
    kept = len(config.checkpoints) * state_bytes(problem.update.params(problem.start)) if config.keep_states else 0
    sums = {field: sum(getattr(cost, field) for cost in costs) for field in ("jobs", "evaluations", "launches")}
    return Estimate(
        costs, **sums, peak_states=peak, state_bytes=size, snapshot_bytes=peak * size + kept,
        free_bytes=free_bytes(torch.device(device)) or 0, seconds=sum(cost.seconds for cost in costs),
    )  # fmt: skip


def stand_in(config: Config, device: str | torch.device = "cpu") -> datasets.Dataset:
    """Random pixels in the shape and number of a configuration's data; they take the memory of one image."""
    records = config.records_per_file
    shape, train, test = SHAPES.get(config.dataset, (cifar.IMAGE, 5 * records, records))
    image = torch.randint(256, (1, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)).to(device)
    image = image / 255 if config.dataset == "digits" else image
    parts = (
        (image.expand(count, *shape), torch.zeros(count, dtype=torch.int64, device=device))
        for count in (min(train, config.train_examples or train), min(test, config.test_examples or test))
    )
    return datasets.Dataset(config.dataset, *parts)


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(0.2), duration(75), duration(8000)
    ('under 1 s', '1 min 15 s', '2 h 13 min')
    """
    if seconds < 1:
        return "under 1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def readable(count: int) -> str:
    """A number of bytes in KiB, MiB or GiB."""
    unit, size = next(
        ((unit, size) for unit, size in (("GiB", 2**30), ("MiB", 2**20)) if count >= size), ("KiB", 2**10)
    )
    return f"{count / size:,.1f} {unit}"


def _order_cost(config: Config, problem: Problem, order: str, every: list[Job], at_checkpoint: float) -> OrderCost:
    plans = [job.plan(config) for job in every if job.order == order]
    engine = Replay() if config.engine == "replay" else Wavefront()
    sweeps = plans
    if config.engine == "wavefront":
        room = states_that_fit(problem.start)
        sweeps = [part for plan in plans for _, part in plan.split(room or plan.peak_states)]
    seconds = sum(predict(engine, Maps(problem.update, problem.batches, plan, None), problem.start, plan)
                  for plan in sweeps)  # fmt: skip
    seconds += at_checkpoint * sum(len(plan.steps) for plan in plans)
    evaluations = sum(plan.cost for plan in sweeps)
    launches = evaluations if config.engine == "replay" else sum(plan.launches for plan in sweeps)
    peak = max(_held(plan) if config.engine == "replay" else plan.peak_states for plan in sweeps)
    times = config.seeds
    return OrderCost(order, len(plans) * times, evaluations * times, launches * times, peak, seconds * times)


def _held(plan: Plan) -> int:
    """States that the replay engine holds at most: the one that advances, and one at every fork above it."""
    trie = plan.trie
    forks = (trie.n_children > 1).astype(int)
    for first, last in zip(trie.level[:-1], trie.level[1:], strict=True):
        forks[first:last] += forks[trie.parent[first:last]]
    return 1 + int(forks.max())


def _metrics_seconds(problem: Problem) -> float:
    return sum(seconds_of(partial(metric, problem.start), problem.start) for metric in problem.metrics.values())
