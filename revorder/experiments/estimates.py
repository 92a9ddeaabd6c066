"""What an experiment will cost, before it is paid for: evaluations exactly, seconds from a few steps that are timed.

Evaluations come from the plan, and are exact. Calls and states are those of the blocks in which the engine would let
states advance, which it finds by timing (see `revorder.engines.widths`), as is done here. The seconds are an ESTIMATE:
steps of one and of several states, and one pass of the metrics, are timed here, now, on random pixels, and multiplied.
Where all of that would take more than a few seconds, fewer examples are timed. All is timed with the configuration's
threads, which are those of every job, wherever it is carried out. It leaves out the loading of data and the writing of
snapshots, and takes the machine to be as busy later as it is now: right within a factor of two on an idle machine,
worthless on one that others use at times. How busy it was is looked at, and said.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import torch

from revorder.data import cifar, datasets
from revorder.engines.maps import Maps
from revorder.engines.memory import free_bytes, state_bytes
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.building import build, is_at_hand, load
from revorder.experiments.busyness import Busyness, Look
from revorder.experiments.configs import Config
from revorder.experiments.job import jobs
from revorder.experiments.pricing import OrderCost, order_cost
from revorder.experiments.timing import Clock, Steps, metrics_seconds

__all__ = ["Estimate", "OrderCost", "duration", "estimate", "readable", "stand_in"]


def __dir__() -> list[str]:
    return sorted(__all__)


SHAPES = {  # of one image, and the numbers of training and test images
    "digits": ((1, 8, 8), 1400, 397),
    "fashion-mnist": ((1, 28, 28), 60_000, 10_000),
    "fashion-mnist-as-rgb32": ((3, 32, 32), 60_000, 10_000),
}


@dataclass(frozen=True)
class Estimate:
    """The cost of an experiment whose jobs run one after another; see the module for how far to trust it.

    Attributes:
        orders: the same, order by order.
        jobs, evaluations, launches, seconds: sums over orders and seeds.
        peak_states: states held at once, in the job that holds most.
        state_bytes, snapshot_bytes: sizes of one state, and of the largest snapshot.
        free_bytes: the device's free memory now.
        each: seconds of every job, as they begin one after another.
        threads: of torch, with which it was timed, and with which every job computes.
        busyness: how busy others kept the machine while it was timed.
        workers: how many jobs could run beside each other, each on cores of its own; 1 on a GPU.
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
    each: tuple[float, ...]
    threads: int
    busyness: Busyness
    workers: int

    def __str__(self) -> str:
        rows = [(cost.order, cost) for cost in self.orders] + [("all", self)]
        width = max(len(name) for name, _ in rows + [("order", self)])
        head = f"{'order':{width}}  jobs  evaluations  batched calls  peak states  predicted time"
        lines = [
            f"{name:{width}}  {cost.jobs:4}  {cost.evaluations:11,}  {cost.launches:13,}  {cost.peak_states:11,}  "
            f"{duration(cost.seconds):>14}"
            for name, cost in rows
        ]
        return "\n".join([head, *lines, self.memory, *self.timing])

    def shared(self, workers: int) -> float:
        """Seconds until so many workers of an executor have carried out all jobs, if none waits for others' cores."""
        ends = [0.0] * workers
        for seconds in self.each:
            heapq.heapreplace(ends, ends[0] + seconds)
        return max(ends)

    @property
    def timing(self) -> list[str]:
        """What the time holds for: the threads, workers beside each other, and a machine that others use."""
        each = f"{self.threads} thread{'s'[: self.threads > 1]}"
        said = [f"time: of one job after another, each with {each}, as was timed"]
        if self.workers > 1:
            best = duration(self.shared(self.workers))
            said[0] += f"; {self.workers} workers of an executor side by side, with {each} each: {best} at best"
        return said + [str(self.busyness)] * self.busyness.hinders(self.threads)

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


Told = Callable[[float, str], object]  # (share that is done, what is timed now)


def estimate(
    config: Config, data: datasets.Dataset | None = None, device: str | torch.device = "cpu", told: Told | None = None
) -> Estimate:
    """Predict what an experiment costs on this machine, by timing a few steps of it for a few seconds.

    Args:
        config: what would be run.
        data: its data set. None: random pixels of the same shape and number, as if the data were there.
        device: where it would run.
        told: is told how far it is, from 0 to 1, and what is timed now.

    Raises:
        ValueError: the configuration does not fit the data.
    """
    stages, orders = iter(range(len(config.orders) + 3)), config.orders

    def tell(what: str) -> None:
        if told is not None:
            told(next(stages) / (len(orders) + 2), what)

    tell("making the model")
    data = stand_in(config, device) if data is None else data
    with arithmetic_of(config):
        problem, every = build(config, data, seed=0), [job for job in jobs(config) if job.seed == 0]
        clock, others = Clock(), Look()
        plans = {name: [job.plan(config) for job in every if job.order == name] for name in orders}
        steps, costs = Steps(problem, Maps(problem.update, problem.batches, plans[orders[0]][0], None), clock), []
        tell("timing the metrics")
        look = metrics_seconds(problem, clock)
        for name in orders:
            tell(f"timing steps for {name} order")
            costs.append(order_cost(config, problem, name, plans[name], steps, look))
    tell("done")
    busyness, one = others.seen(), {cost.order: cost.seconds / cost.jobs for cost in costs}
    on_cpu = torch.device(device).type == "cpu"
    size, peak = state_bytes(problem.start), max(cost.peak_states for cost in costs)
    kept = len(config.checkpoints) * state_bytes(problem.update.params(problem.start)) if config.keep_states else 0
    sums = {field: sum(getattr(cost, field) for cost in costs) for field in ("jobs", "evaluations", "launches")}
    return Estimate(
        tuple(costs), **sums, peak_states=peak, state_bytes=size, snapshot_bytes=peak * size + kept,
        free_bytes=free_bytes(torch.device(device)) or 0, seconds=sum(cost.seconds for cost in costs),
        each=tuple(one[job.order] for job in jobs(config)), threads=config.threads, busyness=busyness,
        workers=min(busyness.side_by_side(config.threads), sums["jobs"]) if on_cpu else 1,
    )  # fmt: skip


def stand_in(config: Config, device: str | torch.device = "cpu") -> datasets.Dataset:
    """Random pixels in the shape and number of a configuration's data, in the memory of one image; a text is itself."""
    if is_at_hand(config):
        return load(config, device=device)
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
