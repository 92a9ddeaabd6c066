"""Batched calls are priced as they are really made: counted in a run, for every way that the wavefront has."""

from __future__ import annotations

from collections import Counter

import pytest

from revorder.engines import spanning, steps
from revorder.engines.span_steps import SpanStep
from revorder.engines.spanning import Spanning
from revorder.experiments import build, jobs
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.catalogue import experiment
from revorder.experiments.estimates import estimate, stand_in
from revorder.experiments.job import Snapshots, carry_out_job

SMALL = {"orders": ["backward"], "seeds": 1, "threads": 1, "train_measured": 0, "engine": "wavefront"}


@pytest.fixture
def made(monkeypatch):
    """Counts calls, by the class of what carries them out."""
    found = Counter()

    def counted(kind, when):
        original = kind.carry_out

        def carry_out(self, *given):
            done = original(self, *given)
            found[kind.__name__] += type(self) is kind and when(done)
            return done

        monkeypatch.setattr(kind, "carry_out", carry_out)

    counted(steps.Step, lambda done: True)
    counted(steps.KernelStep, lambda done: True)
    counted(Spanning, bool)
    return found


def really(config, tmp_path):
    (job,) = jobs(config)
    with arithmetic_of(config):
        problem = build(config, stand_in(config), 0)
        return carry_out_job(config, job, problem, Snapshots(tmp_path / "snapshot", job, 1e9))


@pytest.mark.parametrize("changes", [
    {"steps": 500}, {"steps": 90, "stride": 1}, {"steps": 90, "stride": 1, "data_order": "iid"},
    {"steps": 300, "optimizer": "adam", "lr": 0.003}, {"steps": 300, "orders": ["two-sided"]},
    {"steps": 300, "orders": ["backward-window:7"]}, {"steps": 90, "stride": 1, "orders": ["shuffled:1"]},
    {"steps": 300, "stride": 1, "optimizer": "adam", "lr": 0.003},
])  # fmt: skip
def test_of_perceptrons(changes, made, tmp_path):
    config = experiment("mlp-digits", "laptop", **(SMALL | changes))
    price = estimate(config)
    found = really(config, tmp_path)
    assert price.launches == made.total() and price.evaluations == found.cost
    assert (made["Spanning"] > 0) == (config.optimizer == "sgd")


def test_of_compiled_steps(made, tmp_path, monkeypatch):
    """At most 32 states go into one; no compiler is needed to count them."""
    monkeypatch.setattr("torch._inductor.compile", lambda graph, inputs: graph)
    config = experiment("mlp-digits", "laptop", **SMALL, steps=90, stride=1, optimizer="adam", lr=0.01, compile=True)
    price = estimate(config)
    really(config, tmp_path)
    assert price.launches == made.total() == sum(-(-width // 32) for width in range(1, 91))


def test_where_no_span_kernel_works(made, tmp_path, monkeypatch):
    """The price ended in an IndexError; the run goes tick by tick."""

    def fails(self, kernel, *given):
        raise spanning.Disagreement("it cannot be compiled here")

    monkeypatch.setattr(SpanStep, "_advance", fails)
    config = experiment("mlp-digits", "laptop", **SMALL, steps=100)
    price = estimate(config)
    found = really(config, tmp_path)
    assert price.launches == made.total() == 100 and price.evaluations == found.cost
    assert "is left out" in found.engine


def test_counting_leaves_the_run_alone():
    config = experiment("mlp-digits", "laptop", **SMALL, steps=500)
    problem, plan = build(config, stand_in(config), 0), jobs(config)[0].plan(config)
    made = Spanning.of_run(spanning.Maps(problem.update, problem.batches, plan, None), problem.start, plan, None)
    assert made.calls(plan) == made.calls(plan) < plan.launches
    assert made.maps.audit.calls == 0 and not made.proved
