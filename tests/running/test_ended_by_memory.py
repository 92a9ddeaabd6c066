"""A memory that is too small is reported as that, with what to do and what was reached, and by no other engine."""

from __future__ import annotations

import errno
import sys

import numpy as np
import pytest
import torch
from processes import printed
from torch.nn.functional import cross_entropy, mse_loss

import revorder as ro
from revorder.engines import memory

N = 40
SMALL = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes. Error code 12"
FULL = [
    MemoryError(),
    np._core._exceptions._ArrayMemoryError((2**40,), np.dtype("f8")),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError(f"[enforce fail at alloc_cpu.cpp:127] err == 0. {SMALL} (Cannot allocate memory)"),
    RuntimeError("std::bad_alloc"),
    RuntimeError("RESOURCE_EXHAUSTED: 8 bytes"),
    RuntimeError("CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
]
NAMES = [f"{type(error).__name__} {number}" for number, error in enumerate(FULL)]


def halve(state, batch):
    return state - 0.5 * (state - batch)


class Calls:
    """A count that copies of an update share: those that a run compares its steps with count as well."""

    made = 0

    def __deepcopy__(self, memo):
        return self


class Batches:
    """Batches, of which one cannot be had."""

    def __init__(self, data, error, number):
        self.data, self.error, self.number = data, error, number

    def __len__(self):
        return len(self.data)

    def __getitem__(self, number):
        if number == self.number:
            raise self.error
        return self.data[number]


def says_so(error, cause, argument):
    """That memory is too small, what to do, and what it came from."""
    assert type(error) is MemoryError and error.__cause__ is cause
    assert str(error).startswith(f"{argument}: ") and str(error).count("there is too little memory: take smaller") == 1
    assert "shapes" not in str(error)


def runs(update, start, batches, order="forward", **options):
    return ro.run(update, start, batches, order, range(1, N + 1), progress=False, **options)


def simple():
    return halve, torch.ones((), dtype=torch.float64), torch.zeros(N, dtype=torch.float64)


def of_model(model, criterion, targets):
    loss, params = ro.module_loss(model, criterion)
    update = ro.sgd(loss, 0.1)
    return update, update.init(params), [(torch.rand(6, 12), targets) for _ in range(N)]


def perceptron():
    return of_model(ro.models.mlp(12, 8, 3), cross_entropy, torch.tensor([0, 1, 2, 0, 1, 2]))


def linear():
    return of_model(torch.nn.Linear(12, 1), mse_loss, torch.rand(6, 1))


FITTING = [
    (simple, "replay"), (simple, "wavefront"), (simple, "auto"), (perceptron, "replay"), (perceptron, "wavefront"),
    (perceptron, ro.Wavefront(fast=True)), (perceptron, "auto"), (linear, "auto"), (linear, ro.Wavefront(max_states=3)),
]  # fmt: skip


@pytest.mark.parametrize("error", FULL, ids=NAMES)
def test_however_it_is_said(error):
    update, start, batches = simple()
    with pytest.raises(MemoryError) as caught:
        runs(update, start, Batches(batches, error, 30), engine="replay")
    says_so(caught.value, error, "batches")
    assert caught.value.trajectory.steps == list(range(1, 31))


@pytest.mark.parametrize("case, engine", FITTING)
def test_a_late_batch_under_every_engine(case, engine):
    update, start, batches = case()
    error = torch.OutOfMemoryError("CUDA out of memory.")
    with pytest.raises(MemoryError) as caught:
        runs(update, start, Batches(batches, error, 30), engine=engine)
    says_so(caught.value, error, "batches")
    whole = runs(update, start, batches, engine=engine)
    for n in range(1, 31):
        found, right = (torch.cat([leaf.flatten() for leaf in leaves(path.state(n))]) for path in (
            caught.value.trajectory, whole))  # fmt: skip
        assert torch.allclose(found, right)


def leaves(tree):
    return torch.utils._pytree.tree_leaves(tree)


@pytest.mark.parametrize("case, engine", [(simple, "affine"), (linear, "affine")])
def test_a_late_batch_under_affine_which_reaches_all_at_the_end(case, engine):
    update, start, batches = case()
    error = MemoryError()
    with pytest.raises(MemoryError) as caught:
        runs(update, start, Batches(batches, error, 30), engine=engine)
    says_so(caught.value, error, "batches")
    assert caught.value.trajectory is None


@pytest.mark.parametrize("engine", ["replay", "wavefront", "auto", "affine"])
@pytest.mark.parametrize("error", FULL[2:5], ids=NAMES[2:5])
def test_an_update_that_runs_out_is_asked_no_more(engine, error):
    """Not by another engine either."""
    calls = Calls()

    def update(state, batch):
        calls.made += 1
        if calls.made > 3:
            raise error
        return halve(state, batch)

    with pytest.raises(MemoryError) as caught:
        runs(update, *simple()[1:], order="backward", engine=engine)
    assert str(caught.value).count("there is too little memory") == 1 and caught.value.__cause__ is error
    assert calls.made in (4, 5)  # one state alone says whether the update or the stack is too large


def test_an_error_raised_from_it_is_as_good():
    update, start, batches = simple()
    error = RuntimeError("no batch")
    error.__cause__ = MemoryError()
    with pytest.raises(MemoryError, match="no batch") as caught:
        runs(update, start, Batches(batches, error, 30), engine="replay")
    says_so(caught.value, error, "batches")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("std::bad_alloc")])
def test_in_a_callback_it_is_the_callbacks(error):
    def fail(reached):
        if reached.step == 3:
            raise error

    with pytest.raises(ro.CallbackError) as caught:
        runs(*simple(), engine="replay", on_checkpoint=fail)
    assert caught.value.__cause__ is error and caught.value.trajectory.steps == [1, 2, 3]


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit])
def test_whoever_leaves_for_want_of_memory_leaves(kind):
    def metric(state):
        raise kind(3) from MemoryError()

    with pytest.raises(kind):
        runs(*simple(), engine="replay", metrics={"x": metric})


@pytest.mark.parametrize("text", [
    "refer to a single memory location", "the memory format is not supported", "allocation of classes is wrong",
])  # fmt: skip
def test_what_only_speaks_of_memory_is_none(text):
    update, start, batches = simple()
    with pytest.raises(ValueError, match=text) as caught:
        runs(update, start, Batches(batches, RuntimeError(text), 5), engine="replay")
    assert "too little memory" not in str(caught.value)


def test_a_record_that_is_too_large_is_refused_when_it_is_first_seen(monkeypatch):
    calls = []

    def record(state):
        calls.append(state)
        return torch.zeros(2**18)

    monkeypatch.setattr(memory, "states_that_fit", lambda state: N - 1)
    with pytest.raises(MemoryError, match=f"checkpoints: {N} states of 1.0 MiB.*holds {N - 1}; keep less"):
        ro.run(*simple(), "forward", [*range(1, N), N - 1], engine="replay", progress=False, record=record)
    assert len(calls) == 1


REALLY = """
import resource, psutil, torch, revorder as ro
torch.set_num_threads(1)
large, small = torch.ones(2**21), torch.ones(())  # 8 MiB

def halve(state, batch):
    return state - 0.5 * (state - batch * torch.zeros(2**28 if batch == 1 else 1).sum())  # 1 GiB

def few(state):
    return state[:2]

def run(start, order="backward", engine="replay", room=150, at=None, **options):
    batches = torch.zeros(40)
    if at is not None:
        batches[at] = 1
    used = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (used + room * 2**20, resource.RLIM_INFINITY))
    try:
        ro.run(halve, start, batches, order, range(1, 41), engine=engine, progress=False, **options)
    except MemoryError as error:
        kept = error.trajectory
        print(str(error).partition(":")[0], 0 if kept is None else len(kept.steps), "too little memory" in str(error))
        assert isinstance(error.__cause__, RuntimeError) and (kept is None or len(kept.steps) == len(kept.states))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

ro.run(halve, torch.ones(4), torch.zeros(9), "backward", [5, 9], engine="wavefront", progress=False)
run(large)
run(large, engine="auto")
run(large, engine="wavefront", record=few)
run(small, order="forward", room=300, at=30)
run(small, order="forward", engine="auto", room=300, at=30)
run(large, order="forward", room=480, at=30)  # there is no room for copies of what was reached either
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold to the limit")
def test_real_allocations_that_fail():
    assert printed("-c", REALLY).splitlines() == [
        "checkpoints, engine 0 True", "checkpoints, engine 0 True", "checkpoints, engine 0 True",
        "update 30 True", "update 30 True", "update 30 True",
    ]  # fmt: skip
