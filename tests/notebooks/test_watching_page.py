"""The loggers of the page on watching: TensorBoard's own reader and W&B's stand-in have every number of the run."""

from __future__ import annotations

import contextlib
import io
import os

import numpy as np
import pytest
import wandb
from conftest import ROOT
from how_to import blocks
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

import revorder as ro

PAGE = ROOT / "notebooks" / "how-to" / "watching.md"
STEPS = range(10, 61, 10)


def part(word):
    """The part of the page that defines something."""
    (found,) = [block.code for block in blocks(PAGE.read_text(encoding="utf-8")) if word in block.code]
    return found


@pytest.fixture(scope="module")
def problem():
    return ro.problems.digits_mlp(steps=60)


@pytest.fixture
def session(problem, tmp_path, monkeypatch):
    """What the page has defined after its loggers, and where it wrote."""
    monkeypatch.chdir(tmp_path)
    wandb.RUNS.clear()
    found = {"ro": ro, "problem": problem}
    with contextlib.redirect_stdout(io.StringIO()):
        for word in ("def to_tensorboard", "def to_wandb"):
            exec(part(word), found)
    return found


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_every_number_is_there(order, session, problem):
    path = problem.run(order, STEPS)
    events = EventAccumulator(os.path.join("logs", order)).Reload()
    (run,) = [run for run in wandb.RUNS if run.name == order]
    assert run.step_metrics == {"*": "n"} and not run.open
    for name, values in path.metrics.items():
        logged = sorted((event.step, event.value) for event in events.Scalars(name))
        assert [n for n, _ in logged] == path.steps
        assert np.allclose([value for _, value in logged], values, rtol=1e-6)
        assert {row["n"]: row[name] for row in run.history} == dict(zip(path.steps, values, strict=True))


def test_what_was_redone_stands_beside_what_was_void(session, tmp_path):
    for n, again in ((1, False), (2, False), (1, True)):
        reached = ro.Checkpoint("forward", n, None, {"loss": n + 0.5 * again}, n, again)
        with SummaryWriter(str(tmp_path / "redone")) as writer:
            session["to_tensorboard"](writer)(reached)
        session["to_wandb"](wandb.init(mode="offline"))(reached)
    events = EventAccumulator(str(tmp_path / "redone")).Reload()
    read = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert read["loss again"] == [(1, 1.5)] and {n for n, _ in read["loss"]} == {1, 2}
    assert [run.history[0]["again"] for run in wandb.RUNS[-3:]] == [False, False, True]


@pytest.mark.parametrize("word", ["def to_tensorboard", "def to_wandb"])
def test_ten_lines_each(word):
    assert len([line for line in part(word).splitlines() if line.strip()]) <= 10


def test_the_stand_in_is_as_strict_as_what_it_stands_for():
    run = wandb.init(mode="offline")
    run.log({"a": 1.0}, step=3)
    with pytest.raises(AssertionError, match="drops steps that run back"):
        run.log({"a": 1.0}, step=2)
    with pytest.raises(AssertionError):
        run.log({"a": "text"})
    with run:
        pass
    with pytest.raises(AssertionError, match="finished"):
        run.log({"a": 1.0})
