"""Prices: told within a few seconds, on a clock of the test's own; calls are those that a run really makes."""

from __future__ import annotations

import io
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from revorder.engines import widths
from revorder.engines.maps import Maps
from revorder.engines.widths import Blocks
from revorder.experiments import build, estimates, jobs, pricing, timing
from revorder.experiments.catalogue import experiment
from revorder.experiments.estimates import estimate, stand_in
from revorder.experiments.job import Snapshots, carry_out_job
from revorder.experiments.progress import pricing as told_on
from revorder.experiments.timing import QUICK, SECONDS, Clock, Steps, metrics_seconds

LIKE = torch.zeros(1)
SMOKE = experiment("resnet18-cifar10", "smoke", threads=1)


class Machine:
    """A machine on which a call takes what it says."""

    def __init__(self, seconds=SECONDS):
        self.time, self.calls = 0.0, Counter()
        self.clock = Clock(seconds, lambda: self.time)

    def takes(self, seconds):
        """A call of so many seconds for each number of examples."""

        def call(count=1):
            self.calls[count] += 1
            self.time += seconds(count)

        return call


def test_a_quick_call_is_made_four_times_and_the_first_does_not_count():
    machine = Machine()
    took = iter([0.4, 0.02, 0.01, 0.03])
    assert machine.clock(machine.takes(lambda count: next(took)), LIKE) == pytest.approx(0.01)


def test_a_slow_call_is_timed_once_and_no_more_when_time_is_spent():
    machine = Machine()
    assert machine.clock(machine.takes(lambda count: 7.0), LIKE) == 7.0 and machine.calls == {1: 2}
    assert machine.clock.left <= 0
    assert machine.clock(machine.takes(lambda count: 0.1), LIKE) == pytest.approx(0.1) and machine.calls == {1: 4}
    assert machine.clock(machine.takes(lambda count: 0.1), LIKE, sure=False) == pytest.approx(0.1)
    assert machine.calls == {1: 5}


@pytest.mark.parametrize("each", [0.0001, 0.004, 0.3])
def test_what_grows_along_a_line_is_known_at_its_end(each):
    """Half a hundredth of a second, and so much for each of 32 examples."""
    machine = Machine(60.0)
    seconds, count, took = machine.clock.grown(machine.takes(lambda count: 0.005 + each * count), 32, LIKE)
    assert took == pytest.approx(0.005 + each * count)
    if count > 2:
        assert seconds == pytest.approx(0.005 + 32 * each)
        assert count == 32 or 2 * took >= QUICK
    else:
        assert seconds == pytest.approx(32 / 2 * took)  # from one point: in proportion
    assert max(machine.calls) == count <= 32


def test_one_example_is_all_there_may_be():
    assert Machine().clock.grown(lambda count: None, 1, LIKE)[1] == 1


@pytest.fixture
def steps():
    problem = build(SMOKE, stand_in(SMOKE), 0)
    plan = jobs(SMOKE)[1].plan(SMOKE)
    return lambda clock: Steps(problem, Maps(problem.update, problem.batches, plan, None), clock)


def test_each_width_is_timed_once_on_as_many_examples_as_are_quick(steps):
    machine, examples = Machine(60.0), []
    made = steps(machine.clock)
    made.maps.apply = lambda letter, state, batch: machine.takes(lambda n: 0.03 * n)(len(batch[0]))
    made.maps.stacked = lambda letter, states, batch: (
        examples.append(len(batch[0])) or machine.takes(lambda n: 0.02 * n)(examples[-1])
    )
    assert made(1) == pytest.approx(0.12) and made.count == 2  # 4 examples would take 0.12 s
    assert made(3) == pytest.approx(0.08) == made(3)
    assert set(examples) == {2} and len(examples) == 4
    assert made.between(2, 3) == pytest.approx(0.1)
    machine.time = 1e9
    assert made(4) is None and made.between(4, 4) == pytest.approx(4 * 0.12)  # at worst one after the other


def test_metrics_are_timed_on_some_examples_and_priced_for_all():
    machine, problem = Machine(60.0), build(SMOKE, stand_in(SMOKE), 0)
    measures = problem.metrics["test loss"].function
    measures.outputs = lambda state, inputs: machine.takes(lambda n: 0.001 * n)(len(inputs))
    assert metrics_seconds(problem, machine.clock) == pytest.approx(0.2)  # 100 test and 100 training images
    assert machine.calls.keys() == {2, 4, 8, 16, 32, 64}


def test_a_price_ends_when_its_time_is_spent(monkeypatch):
    """However slow a machine is, each thing is timed on two examples, and no wide call at all."""
    machine = Machine()
    monkeypatch.setattr(estimates, "Clock", lambda: machine.clock)
    wide, slow = [], machine.takes(lambda count: 2.0)
    monkeypatch.setattr(timing, "finished", lambda call, like: slow)
    monkeypatch.setattr(Maps, "stacked", lambda *given: wide.append(1))
    price = estimate(experiment("resnet18-cifar10", "laptop", threads=1))
    assert machine.time == 4 * 2.0 and not wide  # the metrics and one step, each after a call that does not count
    assert price.evaluations == 3 * (160 + 2640)
    assert price.seconds == pytest.approx(3 * (2800 * 2.0 * 8 / 2 + 64 * 2.0 * 1500 / 2))


@pytest.mark.parametrize("lane, lanes", [(1.0, 1), (0.01, 13)])
def test_calls_are_those_that_the_engine_makes(monkeypatch, lane, lanes, tmp_path):
    """The laptop profile of ResNet-18, with widths that are timed as told, and steps that do nothing."""
    config = experiment("resnet18-cifar10", "laptop", threads=1, train_examples=50, test_examples=10, train_measured=0,
                        orders=["backward"], seeds=1, width=8)  # fmt: skip
    monkeypatch.setattr(pricing, "best", lambda steps, chosen, untimed: widths.best(told, chosen, untimed))
    told = lambda width: 1.0 + lane * (width - 1)  # noqa: E731
    price = estimate(config)
    (job,) = jobs(config)
    expected = 2640 if lanes == 1 else Blocks(lanes).calls(job.plan(config).widths)
    assert price.launches == expected and price.peak_states == (2 if lanes == 1 else 32)
    problem, made = build(config, stand_in(config), 0), []
    monkeypatch.setattr(widths, "timer", lambda *run: told)
    monkeypatch.setattr(Maps, "__call__", lambda self, letter, state: made.append(1) or state)
    monkeypatch.setattr(Maps, "batched", lambda self, letter, states, batch: made.append(1) or states)
    monkeypatch.setattr(Maps, "may_trace", False)
    monkeypatch.setattr("revorder.engines.trial.begin", lambda *run: None)
    monkeypatch.setattr("revorder.engines.audit.Audit.is_due", lambda self: False)
    monkeypatch.setattr("revorder.engines.sweep.Sweep._lane", lambda *tick: -1)
    carry_out_job(config, job, problem, Snapshots(tmp_path / "snapshot", job, 1e9))
    assert len(made) == expected


def test_a_price_says_how_far_it_is():
    said = []
    estimate(experiment("mlp-digits", "smoke"), told=lambda done, what: said.append((done, what)))
    assert [done for done, _ in said] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert said[2][1] == "timing steps for forward order" and said[-1][1] == "done"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_it_is_a_bar_that_goes(monkeypatch):
    stream, log = Terminal(), io.StringIO()
    for place in (stream, log):
        with told_on(place) as told:
            told(0.5, "timing the metrics")
    assert "timing the metrics:  50%" in stream.getvalue() and stream.getvalue().endswith("\r")
    assert log.getvalue() == ""


def test_the_price_of_a_run_in_blocks_is_that_of_its_blocks():
    steps = SimpleNamespace(between=lambda width, widest: 10.0 * width)
    assert pricing._seconds(np.array([1, 4, 5]), Blocks(4), steps) == 10.0 + 40.0 + 50.0
    assert pricing._seconds(np.array([3, 3]), Blocks(64), steps) == 60.0
