"""How engine="auto" chooses on short runs: by the plan, by whether batches are alike, and by what is loaded already."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from family import CASES, distance, long, run
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines import auto, short_runs
from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.short_runs import FEW, IN_VAIN, LOADED, Calls, Short, call_of, calls_of, shares
from revorder.engines.wavefront import Wavefront

THIRDS = [100, 200, 300]  # backward: two states a tick


def network(batches):
    """(update, start, batches) of a small network that takes examples of any length."""
    layers = nn.Conv1d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3)
    loss, params = ro.module_loss(nn.Sequential(*layers), cross_entropy, seed=0)
    update = ro.sgd(loss, 0.1)
    return update, update.init(params), batches


def of_lengths(lengths):
    random = torch.Generator().manual_seed(0)
    return [(torch.randn(2, 3, 10 + length, generator=random), torch.tensor([0, 2])) for length in lengths]


UNLIKE, ALIKE = of_lengths(i % 151 for i in range(300)), of_lengths([0] * 300)


def chosen(update, start, batches, order, checkpoints):
    """What is chosen for a run, and why."""
    plan = ro.plan(order, checkpoints)
    return auto.Auto()._choose(Maps(update, batches, plan, None), start, plan)


@pytest.fixture(autouse=True)
def nothing_found_yet(monkeypatch):
    monkeypatch.setattr(short_runs, "_FOUND", {})


@pytest.fixture
def timed(monkeypatch):
    """Sets how long a step and a call for four states take, and whether torch.vmap has been loaded."""

    def set_(step=1e-4, call=3e-4, loaded=True):
        times = iter([step, call])
        short_runs._FOUND.clear()
        monkeypatch.setattr(Short, "_seconds", lambda self, call: next(times))
        monkeypatch.setattr(short_runs, "is_loaded", lambda: loaded)

    return set_


@pytest.mark.parametrize("order, checkpoints", [
    ("backward", THIRDS),
    ("backward", [299, 300]),
    ("two-sided", THIRDS),
    (ro.Shuffled(3), THIRDS),
    (ro.Shuffled(3), range(1, 31)),
    (ro.BackwardBlocks(2), range(1, 150)),
], ids=str)  # fmt: skip
def test_few_states_whose_batches_are_unlike_are_replayed(timed, order, checkpoints):
    timed()
    assert chosen(*network(UNLIKE), order, checkpoints) == (Replay(), FEW)


@pytest.mark.parametrize("batches", [UNLIKE, ALIKE], ids=["unlike", "alike"])
@pytest.mark.parametrize("order, checkpoints", [
    ("backward", range(1, 31)),
    ("backward", range(291, 301)),
    (ro.BackwardBlocks(8), range(1, 31)),
], ids=str)  # fmt: skip
def test_many_states_share_a_call_whether_batches_are_alike_or_not(timed, batches, order, checkpoints):
    timed()
    assert chosen(*network(batches), order, checkpoints)[0] == Wavefront()


def test_few_states_share_a_trace_if_it_serves_enough_calls(timed):
    timed()
    assert chosen(*network(ALIKE), "backward", THIRDS)[0] == Wavefront()
    assert chosen(*network(ALIKE), "backward", [30, 60, 90]) == (Replay(), FEW)  # it would not be made
    assert chosen(*network(ALIKE), ro.Shuffled(3), THIRDS) == (Replay(), FEW)  # twice as many calls for the same states
    mostly_alike = of_lengths([5, *[0] * 299])  # seven of the eight that are looked at
    assert chosen(*network(mostly_alike), "backward", THIRDS)[0] == Wavefront()
    of_ten_kinds = of_lengths([0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 30)
    assert chosen(*network(of_ten_kinds), "backward", THIRDS) == (Replay(), FEW)


def test_what_is_random_is_not_traced(timed):
    timed()
    case = long("dropout", 300)
    case.update(case.start, case.batches[0], key=0)  # it is found by trying, as a run does before anything else
    assert chosen(case.update, case.start, case.batches, "backward", THIRDS) == (Replay(), FEW)
    assert chosen(case.update, case.start, case.batches, "backward", range(1, 31))[0] == Wavefront()


def test_a_trace_that_is_kept_need_not_be_made(timed):
    case, plan = long("CNN with BatchNorm", 150), ro.plan("backward", [50, 100, 150])
    maps = Maps(case.update, case.batches, plan, None)
    before = calls_of(maps, case.start, plan)
    assert (before.traced, before.traces, before.states) == (150, 1, 300)
    run(case, "backward", [50, 100, 150], engine="wavefront")
    assert calls_of(maps, case.start, plan) == Calls(0, 150, 0, 300)
    timed()
    assert chosen(case.update, case.start, case.batches, "backward", [50, 100, 150])[0] == Wavefront()


def test_forward_runs_are_replayed_however_many_their_checkpoints(timed, monkeypatch):
    """No two states need the same batch: 45150 evaluations without sharing are 300 with it."""
    monkeypatch.setattr(auto._Probe, "fastest", lambda self: pytest.fail("measured"))
    assert chosen(*network(UNLIKE), "forward", range(1, 301)) == (Replay(), auto.ALONE)


@pytest.mark.parametrize("step, engine, why", [
    (1e-3, Replay(), LOADED),  # 0.5 s, less than loading takes
    (2.2e-3, Replay(), LOADED),
    (3.5e-3, Wavefront(), "465 evaluations in 30 batched calls"),  # 1.6 s
])  # fmt: skip
def test_a_process_that_has_not_loaded_what_gradients_need_waits_for_it(timed, monkeypatch, step, engine, why):
    monkeypatch.setattr(short_runs, "OVERHEAD", 1.0)  # nothing of a step is work
    timed(step, 3 * step, loaded=False)
    assert chosen(*network(ALIKE), "backward", range(1, 31)) == (engine, why)
    timed(step, 3 * step)
    assert chosen(*network(ALIKE), "backward", range(1, 31))[0] == Wavefront()


def test_steps_that_are_mostly_work_do_not_load_it(timed, monkeypatch):
    timed(5e-3, loaded=False)
    monkeypatch.setattr(short_runs, "OVERHEAD", 0.0)
    assert chosen(*network(ALIKE), "backward", range(1, 31)) == (Replay(), LOADED)


def test_an_update_without_gradients_has_nothing_to_load(timed):
    timed(loaded=False)
    case = CASES["plain tensor"]()
    assert chosen(case.update, case.start, case.batches, "backward", [7, 8, 9])[0] == Wavefront()
    timed(loaded=False)
    inner = CASES["CNN with BatchNorm"]()
    wrapped = lambda state, batch: inner.update(state, batch)  # noqa: E731 - what a learner writes
    assert chosen(wrapped, inner.start, inner.batches, "backward", [7, 8, 9]) == (Replay(), LOADED)


def test_a_perceptron_needs_no_vmap(timed, monkeypatch):
    timed(loaded=False)
    monkeypatch.setattr(auto, "_Probe", lambda *rest: pytest.fail("tried under torch.vmap"))
    case = CASES["MLP"]()
    assert chosen(case.update, case.start, case.batches, "backward", [1, 2, 3])[0] == Wavefront()


@pytest.mark.parametrize("step, call, engine", [
    (1e-2, 2.9e-2, Wavefront()),  # a call for four states takes hardly more than for one
    (1e-2, 6.0e-2, Replay()),  # four states take longer together
    (1e-4, 6.0e-4, Wavefront()),  # the same, but nobody would feel it
])  # fmt: skip
def test_what_would_be_felt_is_timed(timed, step, call, engine):
    timed(step, call)
    found, why = chosen(*network(ALIKE), "backward", range(1, 31))
    assert found == engine and (why == IN_VAIN) is (engine == Replay())


def test_a_run_that_is_repeated_is_carried_out_as_before(timed, monkeypatch):
    """Whatever was loaded or timed meanwhile: engines differ in the last digits."""
    asked = "backward", range(1, 31)
    timed(1e-3, loaded=False)
    assert chosen(*network(ALIKE), *asked) == (Replay(), LOADED)
    monkeypatch.setattr(short_runs, "is_loaded", lambda: True)
    assert chosen(*network(ALIKE), *asked) == (Replay(), LOADED)
    monkeypatch.setattr(Short, "_seconds", lambda *rest: 1e-4)
    assert chosen(*network(ALIKE), "backward", range(1, 30)) != (Replay(), LOADED)
    assert chosen(*network(UNLIKE), *asked) != (Replay(), LOADED)
    timed(1e-2, 2.9e-2)
    assert chosen(*network(ALIKE), *asked)[0] == Wavefront()
    monkeypatch.setattr(Short, "_seconds", lambda *rest: pytest.fail("timed again"))
    assert chosen(*network(ALIKE), *asked)[0] == Wavefront()


def test_what_calls_take():
    """2.5 steps and 0.05 a state without work; 1.2 a state with nothing else."""
    assert call_of(4, 0.0) == pytest.approx(2.7)
    assert call_of(4, 1.0) == pytest.approx(4.8)
    assert Calls(0, 100, 1, 200).steps(0.0) == pytest.approx(110 + 130 + 10)
    assert Calls(10, 0, 0, 20).steps(0.5) == pytest.approx(12.5 + 0.5 + 12)


def test_batches_with_other_things_than_tensors_have_no_share():
    plan = ro.plan("backward", [4])
    batches = [(torch.zeros(2), 1), torch.zeros(2), torch.zeros(3), torch.zeros(2)]
    assert shares(Maps(lambda x, b: x, batches, plan, None), plan) == [0.5, 0.25]


def test_a_step_is_timed_until_it_is_long_enough(monkeypatch):
    short, calls = Short(None, torch.zeros(1), None, None), []
    assert short._seconds(lambda: calls.append(1)) < short_runs.LONG_ENOUGH
    assert len(calls) == short_runs.MOST_TIMES
    monkeypatch.setattr(short_runs, "LONG_ENOUGH", 0.0)
    assert pytest.raises(ValueError, short._seconds, lambda: None)


def test_what_does_not_batch_is_replayed_though_it_is_short():
    update = lambda x, b: x - 0.1 if x > 0 else x  # noqa: E731
    engine, why = chosen(update, torch.tensor(1.0), torch.rand(9), "backward", range(1, 10))
    assert engine == Replay() and why.startswith("the update does not run under torch.vmap: ")


@pytest.mark.parametrize("batches", [UNLIKE, ALIKE], ids=["unlike", "alike"])
def test_states_are_those_of_replay_whatever_is_chosen(batches):
    update, start, batches = network(batches)
    ends = [
        ro.run(update, start, batches, "backward", [20, 40, 60], engine=engine, progress=False).states
        for engine in ("auto", "replay")
    ]
    assert distance(*ends) < 1e-5


FIRST_CALL = """
import sys, torch, revorder as ro
loss, params = ro.module_loss(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.GELU()), torch.nn.functional.mse_loss)
update, batches = ro.sgd(loss, 0.1), [(torch.ones(1, 2), torch.zeros(1, 2))] * 12
made = ro.run(update, update.init(params), batches, "backward", range(1, 13), progress=False)
print("torch._dynamo" in sys.modules, made.engine)
"""


def test_the_first_call_of_a_process_does_not_load_what_takes_longer_than_the_run():
    done = subprocess.run([sys.executable, "-c", FIRST_CALL], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"False replay: {LOADED}")
