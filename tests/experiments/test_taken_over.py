"""A run that has lost its folder, its lock or its workers' words says so, and writes nothing into what is another's."""

from __future__ import annotations

import os
import pickle
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from results import differences

import revorder as ro
from revorder.experiments import StoppedError, experiment, run
from revorder.experiments.sending import travelling


@pytest.fixture
def tiny():
    return experiment("mlp-digits", "smoke").replace(seeds=2, steps=60, stride=10, engine="replay", threads=1)


def at(count, do):
    """A watcher that does something once, after so many evaluations."""
    left = [do]

    def watch(progress):
        if left and progress.evaluations >= count:
            left.pop()()

    return watch


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("revorder.experiments.leaves.EVERY", 0.0)


def test_a_run_whose_lock_was_deleted_gives_way_to_the_one_that_took_its_place(tiny, tmp_path, impatient):
    out = tmp_path / "out"

    def second():
        (out / "lock").unlink()
        run(tiny, out, resume=True)

    with pytest.raises(StoppedError, match="the run in .* has ended"):
        run(tiny, out, watcher=at(30, second))
    assert differences(run(tiny, out, resume=True), run(tiny, tmp_path / "whole")) == []


@pytest.mark.parametrize("way", ["moved", "deleted"])
def test_a_folder_that_goes_away_is_named(tiny, tmp_path, way, impatient):
    out, moved = tmp_path / "out", tmp_path / "moved"

    def go():
        out.rename(moved) if way == "moved" else shutil.rmtree(out)

    with pytest.raises(StoppedError, match="the run in .*out has lost its folder; go on with it where it is now"):
        run(tiny, out, watcher=at(100, go), interval=0)
    assert not out.exists()
    if way == "moved":
        found = run(tiny, moved, resume=True)
        assert found.card()["jobs"]["forward-seed0"]["resumed"] or found.card()["jobs"]["backward-seed0"]["resumed"]
        assert differences(found, run(tiny, tmp_path / "whole")) == []


class Two(Exception):
    """One that cannot be made again from what it says."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


def fails(job):
    with travelling(-1):
        raise Two(job, "another")


def test_an_error_that_cannot_travel_says_what_it_was_and_leaves_the_pool_alone():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=ro.start_worker) as pool:
        with pytest.raises(RuntimeError, match="in a worker: .*Two: 1 and another"):
            pool.submit(fails, 1).result()
        assert pool.submit(abs, -1).result() == 1


@pytest.mark.parametrize("error", [type("Local", (Exception,), {})("x"), ValueError(lambda: 0)])
def test_whatever_cannot_be_made_again_is_told(error):
    with pytest.raises(RuntimeError, match=f"in a worker: .*{type(error).__name__}"), travelling(-1):
        raise error


def test_what_can_travel_is_itself_without_what_it_carries():
    error = ValueError("x")
    error.trajectory = object()
    with pytest.raises(ValueError) as caught, travelling(-1):
        raise error
    assert (
        caught.value is error and not hasattr(error, "trajectory") and pickle.loads(pickle.dumps(error)).args == ("x",)
    )


def test_in_the_process_of_the_run_errors_are_left_alone():
    error = Two(1, 2)
    for parent in (None, os.getpid()):
        with pytest.raises(Two) as caught, travelling(parent):
            raise error
        assert caught.value is error
