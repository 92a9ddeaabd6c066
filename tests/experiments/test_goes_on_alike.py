"""What a stop must not change: how many states advance in one call, what is checked, and what is said of the run."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from revorder.engines import widths
from revorder.engines.audit import Audit
from revorder.engines.memory import MOST_LANES
from revorder.engines.places import Place
from revorder.engines.tally import Tally
from revorder.engines.widths import Blocks
from revorder.experiments import Config, StoppedError, build, jobs, load, run
from revorder.experiments.job import Snapshots, carry_out_job
from revorder.experiments.resuming import check_wavefront

CONFIG = Config("large", "smoke", optimizer="adam", lr=0.01, width=300, steps=30, stride=1, seeds=1, train_measured=0,
                orders=["backward"], train_examples=100, test_examples=20)  # fmt: skip
LONG = Config("long", "smoke", steps=600, stride=200, seeds=1, width=4, orders=["backward-window:3"],
              train_measured=0, train_examples=100, test_examples=20)  # fmt: skip
NINE = [9, 0.1, 0.5, False]


@pytest.fixture(scope="module")
def data():
    return load(CONFIG)


def timed(monkeypatch, *found):
    """Timing finds these, one after the other."""
    left = list(found)
    monkeypatch.setattr(widths, "best", lambda *given: Blocks(*left.pop(0)))
    return left


def stopped(config, path, *evaluations, resume=False):
    """Stop a run after so many evaluations, and as often as there are numbers; then let it come to its end."""
    for after in evaluations:
        stop = threading.Event()
        with pytest.raises(StoppedError):
            run(
                config,
                path,
                resume=resume,
                stop=stop,
                watcher=lambda p, n=after, s=stop: p.evaluations >= n and s.set(),
            )
        resume = True
    return run(config, path, resume=True)


def test_lanes_that_were_found_are_said_and_stand_in_the_card(monkeypatch, tmp_path):
    timed(monkeypatch, NINE)
    folder = run(CONFIG, tmp_path / "r")
    engine = folder.finished()["backward", 0].engine
    assert "up to 9 states a call, found by timing" in engine
    assert folder.card()["jobs"]["backward-seed0"]["engine"] == engine


def test_who_goes_on_takes_the_lanes_of_the_snapshot(monkeypatch, tmp_path):
    left = timed(monkeypatch, NINE, NINE, [4, 0.2, 0.5, False])
    whole = run(CONFIG, tmp_path / "whole").finished()["backward", 0]
    found = stopped(CONFIG, tmp_path / "r", 200).finished()["backward", 0]
    assert left == [[4, 0.2, 0.5, False]]  # nobody asked again
    assert np.array_equal(found.metrics["test loss"], whole.metrics["test loss"])
    assert "up to 9 states" in found.engine and "up to 4" not in found.engine


@pytest.mark.parametrize("blocks", [
    [0, None, None, False], [MOST_LANES + 1, None, None, False], [True, None, None, False], [9, "a", None, False],
    [9, -1.0, None, False], [9, float("inf"), 1.0, False], [9, None, None, 1], [9, None, False], 9, [], {},
])  # fmt: skip
def test_damaged_lanes_are_refused(data, blocks):
    (job,), problem = jobs(CONFIG), build(CONFIG, data, 0)
    plan = job.plan(CONFIG)
    states = [leaf.repeat(plan.peak_states, *[1] * leaf.ndim) for leaf in widths.pytree.tree_leaves(problem.start)]
    position = {"part": 0, "ticks": 1, "max_states": 30}
    for fine in ({}, {"blocks": NINE}, {"blocks": [1, None, None, False]}):
        check_wavefront(Place(position | fine, states), plan, problem.start)
    with pytest.raises((ValueError, TypeError)):
        check_wavefront(Place(position | {"blocks": blocks}, states), plan, problem.start)


@pytest.fixture
def looked_at(monkeypatch):
    """The numbers of the calls that are checked along a run."""
    seen, check = [], Audit.check

    def noted(audit, *given, first=False, **options):
        if not first:
            seen.append(audit.calls)
        return check(audit, *given, first=first, **options)

    monkeypatch.setattr(Audit, "check", noted)
    monkeypatch.setattr("revorder.engines.replay.EVERY_STEP", 50)
    monkeypatch.setattr("revorder.engines.sweep.EVERY_CALL", 50)
    return seen


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
@pytest.mark.parametrize("stops", [(300,), (60, 61, 500, 595)])
def test_checks_are_those_of_the_whole_run(engine, stops, looked_at, tmp_path, data):
    """After a stop, those that were due near the end were looked for at the beginning, and never came."""
    config = LONG.replace(engine=engine, optimizer="adam", lr=0.01)  # no perceptron of ours: tick by tick
    whole = run(config, tmp_path / "whole").finished()["backward-window:3", 0]
    expected, calls = len(looked_at), sorted(looked_at)
    assert expected >= 12
    looked_at.clear()
    found = stopped(config, tmp_path / "r", *stops).finished()["backward-window:3", 0]
    kernels = 2 * len(stops) if engine == "wavefront" else 0  # new kinds of batches are looked at in every session
    assert set(calls) <= set(looked_at) and len(looked_at) <= expected + kernels
    checked = [int(run.engine.split("checked ")[1].split()[0]) for run in (whole, found)]
    assert checked[0] <= checked[1] <= checked[0] + 4 * len(stops)  # the first step again, in every session


def test_perceptrons_are_checked_in_the_last_call_after_a_stop(looked_at, tmp_path):
    config = LONG.replace(orders=["backward"])
    run(config, tmp_path / "whole")
    expected, calls = len(looked_at), set(looked_at)
    looked_at.clear()
    stopped(config, tmp_path / "r", 700)
    assert expected > 5 and max(looked_at) == max(calls) and abs(len(looked_at) - expected) <= 1


def test_what_was_said_before_the_stop_is_said_after_it(tmp_path, data):
    (job,), path, stop = jobs(LONG), tmp_path / "s", threading.Event()
    problem = build(LONG, data, 0)
    snapshots = Snapshots(path, job, 1e9, stop, lambda collected: collected.cost > 300 and stop.set())
    with pytest.raises(StoppedError):
        carry_out_job(LONG, job, problem, snapshots)
    snapshots.maps.note("then again without kernels, since the moon was full")
    snapshots._save(Snapshots(path, job, 1e9).place)
    found = carry_out_job(LONG, job, build(LONG, data, 0), Snapshots(path, job, 1e9))
    assert "the moon was full" in found.engine and "wavefront" in found.engine


@pytest.mark.parametrize("kept", [
    {}, {"checked": -1, "gap": 0.0, "inexact": False}, {"checked": 1.5, "gap": 0.0, "inexact": False},
    {"checked": 1, "gap": float("nan"), "inexact": False}, {"checked": 1, "gap": 0.0, "inexact": 1}, [], None,
])  # fmt: skip
def test_damaged_tallies_are_refused(kept):
    with pytest.raises((ValueError, KeyError, TypeError)):
        Tally().go_on(kept)


def test_a_tally_goes_on():
    one, other = Tally(), Tally()
    one.add(3, 1e-3)
    one.inexact = True
    other.add(2, 1e-4)
    other.go_on(json.loads(json.dumps(one.kept())))
    assert (other.checked, other.gap, other.inexact) == (5, 1e-3, True)
