"""Whatever ends a run, its exception carries the checkpoints that were reached, and says what to do."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import pytest
import torch
from failing import Failing

import revorder as ro

N = 12
TRUTH = [float(torch.tensor(1.0, dtype=torch.float64) * 0.5**n) for n in range(1, N + 1)]  # all batches are 0


def halve(state, batch):
    return state - 0.5 * (state - batch)


def runs(order="forward", checkpoints=range(1, N + 1), update=halve, **options):
    start, batches = torch.ones((), dtype=torch.float64), torch.zeros(N, dtype=torch.float64)
    return ro.run(update, start, batches, order, checkpoints, progress=False, **options)


class Mine(Exception):
    """A user's own."""


def held(error, count):
    """What an exception carries: so many of the checkpoints, with their states."""
    assert error.trajectory.steps == list(range(1, count + 1))
    assert error.trajectory.states.tolist() == TRUTH[:count]
    note = f"{count} of {N} checkpoints of forward were reached; this exception's `trajectory` has them"
    return [note] == getattr(error, "__notes__", None) or note in str(error)


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
@pytest.mark.parametrize("raised, kind", [
    (Mine("no"), ValueError), (ZeroDivisionError(), ValueError), (TypeError("no"), TypeError),
    (MemoryError(), MemoryError), (torch.OutOfMemoryError("CUDA out of memory."), MemoryError),
    (SystemExit(3), SystemExit), (KeyboardInterrupt(), ro.RunInterrupted),
])  # fmt: skip
@pytest.mark.parametrize("argument", ["metrics", "record"])
def test_a_function_that_fails_late(argument, raised, kind, engine):
    fails = Failing(raised, 9)
    given = {"metrics": {"x": fails}} if argument == "metrics" else {"record": lambda state: (fails(state), state)[1]}
    with pytest.raises(kind) as caught:
        runs(engine=engine, **given)
    assert held(caught.value, 8)


class Batches:
    """Zeros, but for one batch that cannot be had, and one that does not fit."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return N

    def __getitem__(self, number):
        if number == 7:
            raise self.error
        return torch.zeros((), dtype=torch.float64)


@pytest.mark.parametrize("raised, kind", [(OSError("disk"), ValueError), (MemoryError(), MemoryError)])
def test_a_batch_that_cannot_be_had(raised, kind):
    start = torch.ones((), dtype=torch.float64)
    with pytest.raises(kind) as caught:
        ro.run(halve, start, Batches(raised), "forward", range(1, N + 1), engine="replay", progress=False)
    assert held(caught.value, 7)


@pytest.mark.parametrize("kind, batch", [(ValueError, torch.zeros(3, 5)), (ValueError, torch.full((), float("nan")))])
def test_a_batch_that_does_not_fit(kind, batch):
    batches = [torch.zeros((), dtype=torch.float64)] * 7 + [batch.double()] * 5
    with pytest.raises(kind) as caught:
        ro.run(halve, torch.ones((), dtype=torch.float64), batches, "forward", range(1, N + 1), engine="replay",
               progress=False)  # fmt: skip
    assert caught.value.trajectory.states.tolist() == TRUTH[:7]


def test_nothing_reached_is_not_said_to_be_there():
    with pytest.raises(ValueError) as caught:
        runs(metrics={"x": Failing(Mine(), 1)}, engine="replay")
    assert caught.value.trajectory is None and not hasattr(caught.value, "__notes__")


def test_an_inner_run_keeps_its_own():
    def metric(state):
        runs(checkpoints=[1, 2], metrics={"y": Failing(Mine(), 2)}, engine="replay")

    with pytest.raises(ValueError) as caught:
        runs(metrics={"x": metric}, engine="replay")
    assert caught.value.trajectory is None  # the outer one reached nothing
    assert caught.value.__cause__.trajectory.steps == [1]


def full_when_stacked(error):
    def update(state, batch):
        if torch._C._functorch.is_batchedtensor(state) and len(torch._C._functorch.get_unwrapped(state)) > 2:
            raise error
        return halve(state, batch)

    return update


def test_full_memory_is_reported_as_that_by_every_engine():
    update = full_when_stacked(torch.OutOfMemoryError("CUDA out of memory."))
    for engine in ("wavefront", "auto"):
        with pytest.raises(MemoryError, match="memory is too small for a stack of .*replay.*max_states"):
            runs("backward", update=update, engine=engine)
    with pytest.raises(ro.NotBatchableError, match="not on a stack of states"):
        runs("backward", update=full_when_stacked(RuntimeError("refer to a single memory location")),
             engine="wavefront")  # fmt: skip


def test_full_memory_in_a_step_is_not_a_matter_of_shapes():
    def update(state, batch):
        return halve(state, torch.empty(2**60))

    with pytest.raises(MemoryError, match=r"update: it failed on batch 0(.|\n)*too little memory") as caught:
        runs(update=update, engine="replay")
    assert "shapes" not in str(caught.value)


def fails_at(state):
    """A metric for workers: at step 4."""
    if float(state) == TRUTH[3]:
        raise Mine("no")
    return float(state)


def dies_at(state):
    if float(state) == TRUTH[3]:
        time.sleep(1)  # the other part is through by then
        os._exit(1)
    return float(state)


class Single:
    """Words of one letter repeated: they share nothing, so parts are what their number asks for."""

    def word(self, n):
        return [n - 1] * n


@pytest.mark.parametrize("threads", [True, False])
def test_parts_that_were_reached_are_kept(threads):
    pool = ThreadPoolExecutor(2) if threads else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with pool as executor, pytest.raises(ValueError, match="Mine: no") as caught:
        runs(Single(), metrics={"x": fails_at}, engine="replay", executor=executor)
    found = caught.value.trajectory
    assert found.states.tolist() == [TRUTH[n - 1] for n in found.steps] and 4 not in found.steps
    assert found.steps and caught.value.__notes__ == [
        f"{len(found.steps)} of {N} checkpoints of Single were reached; this exception's `trajectory` has them"
    ]


def test_a_worker_that_dies_takes_its_own_part_only():
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with pool as executor, pytest.raises(BrokenProcessPool) as caught:
        runs(Single(), metrics={"x": dies_at}, engine="replay", executor=executor)
    found, (why, reached) = caught.value.trajectory, caught.value.__notes__
    assert found.steps and found.states.tolist() == [TRUTH[n - 1] for n in found.steps]
    assert "a worker ended without a word" in why and f"{len(found.steps)} of {N} checkpoints" in reached


def test_a_bar_that_nobody_can_see_ends_no_run(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)

    def slow(state, batch):
        time.sleep(0.07)
        return halve(state, batch)

    start, batches = torch.ones((), dtype=torch.float64), torch.zeros(N, dtype=torch.float64)
    assert ro.run(slow, start, batches, "forward", [N], engine="replay", progress=True).states.tolist() == [TRUTH[-1]]
