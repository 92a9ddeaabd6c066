"""On a second device, a GPU or a simulated one: what is made on the CPU by mistake, or stays there, is refused."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from nights import nightly
from second_device import REAL, lies_there, second_device
from stand_ins import data_of, moved
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.experiments import Config, StoppedError, build, jobs, load
from revorder.experiments.arithmetic import products
from revorder.experiments.catalogue import NAMES, experiment
from revorder.experiments.job import Snapshots, carry_out_job
from revorder.updates import comparators

ENGINES = ["replay", "wavefront"]
PAIRS = [(name, engine) for name in NAMES for engine in ENGINES]  # slow ones once: every model and engine is there
NIGHTLY = [("resnet50-cifar100", "replay"), ("resnet18-fashion-mnist-as-rgb32", "wavefront")]


@pytest.fixture
def there(monkeypatch):
    with second_device(monkeypatch) as device:
        yield device


def stopped(config, job, problem, path, evaluations):
    """Stop a job when it has made so many evaluations."""
    stop = threading.Event()
    snapshots = Snapshots(path, job, 1e9, stop, lambda collected: collected.cost >= evaluations and stop.set())
    with pytest.raises(StoppedError):
        carry_out_job(config, job, problem, snapshots)
    assert path.exists()


def small(name, engine):
    """The smoke profile with fewer steps and examples, and narrow; operations on a second device take milliseconds."""
    few = {"steps": 2, "stride": 1, "width": 2} if "resnet" in name else {"steps": 20, "stride": 5}
    few = {"steps": 6, "stride": 3} if "transformer" in name else few
    return experiment(name, "smoke", engine=engine, threads=1, train_examples=60, test_examples=10, train_measured=10,
                      seeds=1, keep_states=True, **few)  # fmt: skip


@cache
def on_the_cpu(name):
    """The data, and what a job that is not stopped finds, one state at a time."""
    config = small(name, "replay")
    data, (*_, job) = data_of(config), jobs(config)
    with TemporaryDirectory() as folder:
        return data, carry_out_job(config, job, build(config, data, 0), Snapshots(Path(folder) / "here", job, 1e9))


@pytest.mark.parametrize(("name", "engine"), [*(pair for pair in PAIRS if pair not in NIGHTLY), *nightly(*NIGHTLY)])
def test_jobs_stop_there_and_go_on_from_their_files(name, engine, tmp_path, monkeypatch):
    """Metrics and recorded states, before and after the stop, are those of the CPU up to rounding."""
    config = small(name, engine)
    (data, here), (*_, job) = on_the_cpu(name), jobs(config)
    with second_device(monkeypatch) as device, products("ieee"):
        problem = build(config, moved(data, device), 0)
        assert lies_there(problem.start) and lies_there(problem.batches[0])
        stopped(config, job, problem, tmp_path / "there", here.cost // 3)
        resumed = Snapshots(tmp_path / "there", job, 1e9)
        found = carry_out_job(config, job, build(config, moved(data, device), 0), resumed)
    assert resumed.resumed and found.steps == here.steps and found.cost == here.cost
    for metric, values in here.metrics.items():
        assert np.allclose(found.metrics[metric], values, rtol=1e-2 if "accuracy" in metric else 1e-3, atol=1e-6)


def problem_of(device, engine):
    config = Config("small", "smoke", steps=12, stride=3, width=4, train_examples=60, test_examples=20,
                    train_measured=20, engine=engine, precision="float64")  # fmt: skip
    return build(config, load(config, device=device), 0), config.checkpoints


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", ["backward", "two-sided", "shuffled"])
def test_runs_with_metrics_and_records(there, engine, order):
    problem, looks = problem_of(there, engine)
    found = problem.run(order, looks, engine=engine, record=problem.update.params)
    assert lies_there(found.states)
    expected = problem_of("cpu", engine)[0].run(order, looks, engine=engine, record=lambda state: state["params"])
    for name, values in expected.metrics.items():
        assert np.allclose(found.metrics[name], values, atol=1e-12)


WRAPPED = {
    "sgd": lambda sgd: sgd,  # by the hand-written steps of a perceptron
    "heavy ball": lambda sgd: ro.sgd(sgd.loss, 0.1, momentum=0.9),
    "ema": lambda sgd: comparators.ema(sgd, 0.9, 2),
    "swa": lambda sgd: comparators.swa(sgd, 2),
    "lawa": lambda sgd: comparators.lawa(sgd, 2, 2),
    "lookahead": lambda sgd: comparators.lookahead(sgd, 2),
    "schedule-free": lambda sgd: comparators.schedule_free(sgd.loss, 0.1),
    "decay": lambda sgd: comparators.decayed_sgd(sgd.loss, 0.1, 9),
    "nesterov": lambda sgd: ro.sgd(sgd.loss, 0.1, momentum=0.9, nesterov=True),
    "adam": lambda sgd: ro.adam(sgd.loss, 0.1),
}


def compared(name, device, engine):
    data = load(Config("small", train_examples=60), device=device)
    model = ro.models.mlp(64, 4, 10, seed=0).to(device)
    loss, params = ro.module_loss(model, cross_entropy)
    update = WRAPPED[name](ro.sgd(loss, 0.1))
    batches = ro.batches.Minibatches(data.train, ro.batches.reshuffle(60, 4, 9, 0))
    return ro.run(update, update.init(params), batches, "backward", [4, 9], engine=engine, record=update.params,
                  metrics={"size": lambda state: loss(update.params(state), data.test)}, progress=False)  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", WRAPPED)
def test_comparators(there, name, engine):
    found = compared(name, there, engine)
    assert lies_there(found.states)
    assert np.allclose(found.metrics["size"], compared(name, "cpu", engine).metrics["size"], atol=1e-4)


def test_states_that_are_not_finite_and_parts_that_are_put_together(there):
    start = torch.zeros(3, device=there, dtype=torch.float64)
    batches = torch.tensor([1.0, 2.0, torch.inf, 4.0], dtype=torch.float64).to(there)
    found = ro.run(lambda x, b: 0.5 * (x + b), start, batches, "backward", [1, 2, 3, 4], engine="wavefront",
                   on_diverge="mark", metrics={"first": lambda x: x[0]}, progress=False)  # fmt: skip
    assert np.isnan(found.metrics["first"]).tolist() == [False, False, True, True] and lies_there(found.states)
    with pytest.raises(ro.DivergedError) as caught:
        ro.run(lambda x, b: 0.5 * (x + b), start, batches, "forward", [1, 2, 3, 4], engine="replay", progress=False)
    assert caught.value.trajectory.steps == [1, 2] and lies_there(caught.value.trajectory.states)
    merged = ro.run(lambda x, b: 0.5 * (x + b), start, batches[:2], "backward", [1, 2] * 9, progress=False,
                    engine=ro.Wavefront(merge_tol=1e-3))  # fmt: skip
    assert lies_there(merged.states)


def test_many_seeds(there):
    batches = [ro.batches.Minibatches((torch.arange(20.0, dtype=torch.float64).to(there),),
                                      ro.batches.iid(20, 2, 6, seed)) for seed in range(3)]  # fmt: skip
    start = torch.zeros((), dtype=torch.float64).to(there)
    found = ro.run_seeds(lambda x, batch: x - 0.1 * (x - batch[0].mean()), start, batches, "backward", [2, 6],
                         metrics={"theta": lambda x: x}, progress=False)  # fmt: skip
    assert lies_there(found.states) and found.metrics["theta"].shape == (2, 3)


def test_the_device_refuses_what_lies_here(there):
    """Else the tests above would say nothing."""
    far, near = torch.ones(3, device=there), torch.ones(3)
    assert far.device == there and (far + 1).device == there and (far * torch.tensor(2.0)).sum().item() == 6.0
    mixed_up = [lambda: far + near, lambda: torch.cat([far, near]), lambda: torch.stack([near, far]),
                lambda: torch.where(near > 0, far, far), lambda: far[torch.tensor([0])]]  # fmt: skip
    for mixed in mixed_up[: 4 if REAL else 5]:  # a GPU's tensors take an index from here
        with pytest.raises(RuntimeError, match="same device"):
            mixed()
    assert type(far.cpu()) is torch.Tensor and torch.equal(far.cpu(), near)
    far[:2] = 5.0
    assert far.tolist() == [5.0, 5.0, 1.0]
    with pytest.raises(ValueError, match="same device"):
        ro.run(lambda x, b: x + near, far, torch.ones(2).to(there), "forward", [2], progress=False)
