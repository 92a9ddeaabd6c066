"""How much memory is free where torch keeps what it once had, and what is said where memory is too small."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from large_states import NUMBERS, carried_out, case, injected
from second_device import MEMORY, second_device, simulated_only

import revorder as ro
from revorder.engines import memory, widths
from revorder.engines.maps import Maps
from revorder.engines.wavefront import Wavefront
from revorder.engines.widths import best, blocks_of
from revorder.experiments.timing import Clock, Steps
from revorder.problems import Problem

STATE = 8 * NUMBERS


@pytest.fixture
def there(monkeypatch):
    with second_device(monkeypatch) as device:
        yield device


@simulated_only
def test_the_simulated_driver_does_not_know_what_torch_keeps(there):
    """Else the next tests would say nothing."""
    before = torch.cuda.mem_get_info()[0]
    made = torch.zeros(NUMBERS, dtype=torch.float64, device=there)
    view = made[: NUMBERS // 2]
    del made
    assert torch.cuda.memory_allocated() == STATE  # a view keeps it
    del view
    assert torch.cuda.memory_allocated() == 0 and torch.cuda.mem_get_info()[0] == before - STATE
    torch.cuda.empty_cache()
    assert torch.cuda.mem_get_info()[0] == before


@simulated_only
def test_free_is_also_what_torch_keeps(there):
    before = memory.free_bytes(there)
    made = torch.zeros(NUMBERS, dtype=torch.float64, device=there)
    assert memory.free_bytes(there) == before - STATE
    del made
    assert memory.free_bytes(there) == before


@simulated_only
def test_timing_leaves_as_much_room_as_it_found(there, monkeypatch):
    """Whole stacks were made to time widths; they were no longer free afterwards, and the run was cut into sweeps."""
    monkeypatch.setattr(MEMORY, "total", 130 * STATE)
    injected(monkeypatch)(lambda width: 1.0 + width / 10)
    maps, start, plan = case()
    maps.batches, start, maps.plain = maps.batches.to(there), start.to(there), True
    room = memory.states_that_fit(start)
    assert room == 64 >= plan.peak_states == 60
    parts, split = [], type(plan).split
    monkeypatch.setattr(type(plan), "split", lambda plan, most: (parts.append(most), split(plan, most))[1])
    handed, notes = carried_out(Wavefront(), (maps, start, plan))
    assert parts == [room] and len(handed) == 1 and "up to 9 states a call, found by timing" in notes
    assert maps.blocks.lanes == 9


@simulated_only
def test_what_timing_needed_is_handed_back(there, monkeypatch):
    injected(monkeypatch)(lambda width: 1.0 + width / 10)
    maps, start, plan = case()
    maps.batches, start = maps.batches.to(there), start.to(there)
    assert blocks_of(maps, start, plan).lanes == 9
    assert torch.cuda.memory_reserved() == torch.cuda.memory_allocated()


@pytest.mark.parametrize("error", [
    MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("cuBLAS error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
])  # fmt: skip
def test_errors_that_are_about_memory(error):
    assert memory.ran_out(error)


@pytest.mark.parametrize("error", [
    ValueError("out of memory"), RuntimeError("vmap: It looks like you're calling .item()"),
    RuntimeError("more than one element of the written-to tensor refers to a single memory location"),
    RuntimeError("unsupported memory format option Preserve"),
])  # fmt: skip
def test_errors_that_are_not(error):
    assert not memory.ran_out(error)


def test_torch_says_so_in_one_of_these_ways():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert memory.ran_out(caught.value)


def branching(x, b):
    return x if x.sum().item() > 1e9 else x - 0.1 * (x - b)


def vmapped_only(error):
    """An update that fails with this error on a stack of more than two states, when it is traced by torch.vmap."""

    def update(x, b):
        if torch._C._functorch.is_batchedtensor(x) and len(torch._C._functorch.get_unwrapped(x)) > 2:
            raise error
        return x - 0.1 * (x - b)

    return update


@pytest.mark.parametrize("numbers", [8, NUMBERS])
@pytest.mark.parametrize("steps", [10, 60])
def test_what_cannot_be_stacked_is_refused_in_long_runs_as_in_short_ones(numbers, steps):
    """Long ones walked instead, and said that more states a call were no faster."""
    batches, start = torch.rand(steps, dtype=torch.float64), torch.ones(numbers, dtype=torch.float64)
    run = branching, start, batches, "backward", range(1, steps + 1)
    with pytest.raises(ro.NotBatchableError, match="it runs on one state but not on a stack"):
        ro.run(*run, engine="wavefront", progress=False)
    assert "replay" in ro.run(*run, progress=False).engine


def test_a_wide_call_that_does_not_fit_is_said_to(monkeypatch):
    """One that fails for another reason ends the run, though narrower ones go well."""
    monkeypatch.setattr(widths, "seconds_of", lambda call, stack: call() is None or 1.0)
    full = case(update=vmapped_only(torch.OutOfMemoryError("CUDA out of memory.")))
    assert blocks_of(*full).full and "more were no faster, or did not fit into memory" in blocks_of(*full).said()
    with pytest.raises(ro.NotBatchableError, match="no such thing"):
        blocks_of(*case(update=vmapped_only(TypeError("no such thing"))))


@pytest.mark.parametrize("took, said", [
    ({1: 1.0, 2: None}, "one state a call, depth-first: more were no faster, or did not fit into memory"),
    ({1: 1.0, 2: 2.0, 4: 4.0, 9: 9.0}, "one state a call, depth-first: more were no faster"),
    ({1: 1.0, 2: 1.0, 4: 1.0, 9: 1.0}, "up to 9 states a call, found by timing"),
    ({1: 1.0, 2: 1.0, 4: None}, "up to 2 states a call: more were no faster, or did not fit into memory"),
    ({1: None}, ""),
])  # fmt: skip
def test_what_is_said_of_widths(took, said):
    assert best(took.__getitem__, [1, 2, 4, 9], 64).said(walks=True) == said


def test_a_run_without_room_says_so_and_not_that_it_cannot_be_stacked():
    maps, start, plan = case(update=vmapped_only(torch.OutOfMemoryError("CUDA out of memory.")))
    states = start.repeat(3, 1)
    with pytest.raises(MemoryError, match=r"memory is too small for a stack of 3 states .*max_states"):
        maps.batched(int(plan.words[0][0]), states, maps.batch(0))


def test_a_price_is_refused_as_the_run_is():
    _, start, plan = case()
    maps = Maps(branching, torch.rand(60, 1, dtype=torch.float64), plan, None)
    steps = Steps(Problem(branching, start, maps.batches, {}), maps, Clock())
    steps.batch, steps.share = maps.batch(0), 1.0
    steps._cut, steps._alone = (lambda count: steps.batch), (lambda: 1e-4)
    with pytest.raises(ro.NotBatchableError):
        steps(2)
    steps.maps = Maps(vmapped_only(MemoryError()), maps.batches, plan, None)
    steps.maps.stacked = lambda *given: (_ for _ in ()).throw(torch.OutOfMemoryError("out of memory"))
    assert steps(4) is None and np.isfinite(steps.between(4, 4))
