"""What a predicted time holds for: the threads of the run, workers beside each other, and a machine that others use."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from processes import printed
from second_device import second_device

from revorder.engines.maps import Maps
from revorder.engines.spanning import Spanning
from revorder.engines.windows import Windows
from revorder.experiments import busyness, estimate, estimates, experiment, jobs
from revorder.experiments.arithmetic import most_threads, torch_threads
from revorder.experiments.busyness import Busyness, Look
from revorder.experiments.cli import main
from revorder.experiments.measures import Measures
from revorder.experiments.timing import Clock
from revorder.widgets.live import price_table

DIGITS = experiment("mlp-digits", "smoke")


class System:
    """A machine of so many cores, of which others use some, and on which we take two seconds for every look."""

    def __init__(self, cores, others, ours=1.0):
        self.cores, self.share, self.ours, self.clock = cores, (others + ours) / cores, ours, 0.0

    def perf_counter(self):
        self.clock += 2.0
        return self.clock

    def process_time(self):
        return self.ours * self.clock

    def cpu_percent(self):
        return 100.0 * self.share

    def cpu_count(self):
        return self.cores

    def getloadavg(self):
        return (6.2, 3.0, 1.0)


@pytest.fixture
def on(monkeypatch):
    def machine(*given):
        system = System(*given)
        monkeypatch.setattr(busyness, "psutil", system)
        monkeypatch.setattr(busyness, "time", system)

    return machine


@pytest.mark.parametrize("ours", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("others", [0.0, 0.7, 1.6])
def test_others_are_all_but_ourselves(on, others, ours):
    on(4, others, ours)
    seen = Look().seen()
    assert (seen.cores, seen.load) == (4, 6.2) and seen.others == pytest.approx(others)


@pytest.mark.parametrize(
    ("others", "threads", "cores", "hinders"),
    [(0.1, 2, 2, False), (0.9, 1, 2, False), (0.9, 2, 2, True), (1.6, 1, 2, True), (10.0, 1, 64, False),
     (0.2, 1, 1, False), (0.3, 1, 1, True), (0.1, 4, 2, False)],
)  # fmt: skip
def test_others_hinder_where_fewer_cores_are_left_than_threads_ask_for(others, threads, cores, hinders):
    """A machine at rest does not, even if more threads are asked for than it has cores."""
    assert Busyness(others, cores, 1.0).hinders(threads) is hinders


def test_the_real_machine_is_looked_at():
    look, numbers = Look(), torch.ones(100, 100)
    for _ in range(200):
        numbers @ numbers
    seen = look.seen()
    assert 0 <= seen.others <= seen.cores and seen.load >= 0


BUSY = "the machine is busy (others use 1.7 of its 2 cores, load 6.2): times may be longer"


@pytest.mark.parametrize(("others", "said"), [(1.7, True), (0.0, False)])
def test_the_command_line_and_the_panel_say_that_the_machine_is_busy(on, others, said):
    on(2, others)
    assert (BUSY in CliRunner().invoke(main, ["plan", "mlp-digits", "--profile", "smoke"]).output) is said
    assert (f". T{BUSY[1:]}." in price_table(estimate(DIGITS), "mlp-digits")) is said


def threads_seen(monkeypatch, config):
    """The threads with which steps and metrics are made while a price is told."""
    seen = set()
    for owner, name in ((Maps, "apply"), (Maps, "stacked"), (Measures, "outputs")):
        made = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given, made=made: seen.add(torch.get_num_threads()) or made(*given))
    price = estimate(config)
    return seen, price


@pytest.mark.parametrize(("name", "outside"), [("mlp-digits", 1), ("resnet18-cifar10", 3)])
def test_everything_is_timed_with_the_threads_of_the_jobs(monkeypatch, name, outside):
    if most_threads() < 3:
        pytest.skip("OpenMP is limited here")
    monkeypatch.setattr(estimates, "Clock", lambda: Clock(0.05))
    config = experiment(name, "smoke", threads=2)
    with torch_threads(outside):
        seen, price = threads_seen(monkeypatch, config)
    assert seen == {2} == {price.threads}
    assert "each with 2 threads, as was timed" in str(price)


@pytest.mark.parametrize(("name", "threads"), [("resnet18-cifar10", 2), ("mlp-digits", 1), ("tiny-transformer", 1)])
def test_a_command_line_takes_the_threads_of_omp_for_resnets(name, threads):
    """As the README says."""
    if most_threads() < 2:
        pytest.skip("OpenMP is limited here")
    code = f"from revorder.experiments import experiment; print(experiment({name!r}, 'smoke').threads)"
    assert int(printed("-c", code, env=os.environ | {"OMP_NUM_THREADS": "2"})) == threads


@pytest.mark.parametrize(("cores", "threads", "workers"), [(1, 1, 1), (2, 1, 2), (2, 2, 1), (7, 2, 3), (64, 1, 4)])
def test_workers_beside_each_other_are_as_many_as_the_cores_allow(on, cores, threads, workers):
    on(cores, 0.0)
    price = estimate(DIGITS.replace(threads=threads))
    assert price.jobs == 4 and price.workers == workers
    each = f"{threads} thread{'s' * (threads > 1)}"
    assert (f"{workers} workers of an executor side by side, with {each} each: " in str(price)) is (workers > 1)
    assert ("executor" in price_table(price, "")) is (workers > 1)


def test_on_a_gpu_workers_would_share_it(on, monkeypatch):
    on(8, 0.0)
    with second_device(monkeypatch) as device:
        price = estimate(DIGITS.replace(engine="replay"), device=device)
    assert price.jobs > 1 == price.workers and "executor" not in str(price)


def test_a_perceptron_without_its_fast_steps_has_a_price_too(monkeypatch):
    """They are dropped where they fail; and ticks go one by one where batches are not for them."""
    monkeypatch.setattr(Windows, "_block", lambda *given: [][0])
    failing = estimate(DIGITS)
    monkeypatch.setattr(Spanning, "_batches", lambda self, letters: None)
    for price in (failing, estimate(DIGITS)):
        assert all(0 < cost.seconds < 60 for cost in price.orders)


def test_shared_is_when_the_last_worker_is_ready():
    """Workers take the jobs in turn: brute force, a hundredth of a second at a time."""
    price = estimate(DIGITS.replace(seeds=3, parts=2))
    assert len(price.each) == len(jobs(DIGITS.replace(seeds=3, parts=2)))
    assert price.shared(1) == pytest.approx(price.seconds) and price.shared(99) == pytest.approx(max(price.each))
    rng = np.random.default_rng(0)
    for workers in (2, 3, 5):
        each = [int(n) for n in rng.integers(1, 30, 12)]
        object.__setattr__(price, "each", tuple(map(float, each)))
        waiting, busy, now = list(each), [], 0
        while waiting or busy:
            while waiting and len(busy) < workers:
                busy.append(now + waiting.pop(0))
            now += 1
            busy = [end for end in busy if end > now]
        assert price.shared(workers) == now
