"""Jobs of the wavefront that advance one state at a time go on from their files; damaged places are refused."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from revorder.engines import widths
from revorder.engines.places import Place
from revorder.engines.widths import Blocks
from revorder.experiments import Config, StoppedError, build, jobs, load, run
from revorder.experiments.resuming import check_wavefront

CONFIG = Config("large", "smoke", optimizer="adam", lr=0.01, width=300, steps=30, stride=1, seeds=1, train_measured=0,
                orders=["backward"], train_examples=100, test_examples=20)  # fmt: skip


@pytest.fixture
def one_by_one(monkeypatch):
    monkeypatch.setattr(widths, "best", lambda *given: Blocks(1, 1.0, 1.0))


@pytest.mark.usefixtures("one_by_one")
def test_a_job_that_walks_goes_on_to_the_same_bits(tmp_path):
    whole = run(CONFIG, tmp_path / "whole").finished()["backward", 0]
    assert "one state a call, depth-first" in whole.engine and whole.cost == 465
    stop, seen = threading.Event(), []

    def watcher(progress):
        seen.append(int(progress.collected.done.sum()))
        if progress.evaluations == 200:
            stop.set()

    with pytest.raises(StoppedError, match="after 200 evaluations"):
        run(CONFIG, tmp_path / "r", stop=stop, watcher=watcher)
    assert seen[-1] == 7  # of words of 30, 29, … batches: each checkpoint is there as soon as its word is done
    found = run(CONFIG, tmp_path / "r", resume=True).finished()["backward", 0]
    assert found.cost == 465 and np.array_equal(found.metrics["test loss"], whole.metrics["test loss"])


@pytest.mark.parametrize("position", [
    {"waiting": [[0, 0]]}, {"waiting": [[466, 0]]}, {"waiting": [[1, 1]]}, {"waiting": [[1, 0], [1, 0]]},
    {"part": 0, "ticks": 31, "max_states": 30}, {"part": 1, "ticks": 1, "max_states": 30},
    {"part": 0, "ticks": 1, "max_states": 0},
])  # fmt: skip
def test_places_that_there_are_not_are_refused(position):
    (job,), problem = jobs(CONFIG), build(CONFIG, load(CONFIG), 0)
    with pytest.raises(ValueError):
        check_wavefront(Place(position, [problem.start]), job.plan(CONFIG), problem.start)
    check_wavefront(Place({"waiting": [[1, 0], [465, 0]]}, [problem.start]), job.plan(CONFIG), problem.start)
