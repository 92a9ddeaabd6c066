"""What an update must leave alone, and what it must not remember: found at once, or while the run goes on."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.engines.purity import Untouched, equal, fresh

F64 = torch.float64
STEPS = 40
ENGINES = ["replay", "wavefront", "auto"]
GENERATOR = np.random.default_rng(0)  # a private one, which no watch on the process's generators sees
SEEN = []


def numbers():
    return torch.rand(STEPS, generator=torch.Generator().manual_seed(1), dtype=F64)


def numbered():
    """Pairs of which the second number says which batch it is."""
    return torch.stack([numbers(), torch.arange(STEPS, dtype=F64)], dim=1)


def run(update, batches=None, start=None, engine="replay", order="backward", checkpoints=(STEPS - 3, STEPS)):
    start = torch.ones((), dtype=F64) if start is None else start
    batches = numbers() if batches is None else batches
    return ro.run(update, start, batches, order, checkpoints, engine=engine, progress=False)


def moved(x, b):
    return x - 0.3 * (x - b) ** 3


def in_state(x, b):
    return x.sub_(0.3 * (x - b) ** 3)


def in_batch(x, b):
    return moved(x, b.mul_(0.99))


def by_data(x, b):
    x.data.mul_(0.9)
    return moved(x, b)


def by_numpy(x, b):
    view = x.numpy()
    view *= 0.9
    return moved(x, b)


def batch_by_numpy(x, b):
    view = b.numpy()
    view *= 0.9
    return moved(x, b)


@pytest.mark.parametrize("update, what", [
    (in_state, "state"), (by_data, "state"), (by_numpy, "state"), (in_batch, "batch"), (batch_by_numpy, "batch"),
])  # fmt: skip
def test_changes_in_place(update, what):
    with pytest.raises(ValueError, match=f"^update: it changed its input {what} in place; return new tensors"):
        run(update)


@pytest.mark.parametrize("engine", ["wavefront", "auto"])
@pytest.mark.parametrize("update", [in_state, in_batch])
def test_changes_in_place_under_other_engines(update, engine):
    with pytest.raises(ValueError, match="^update: it changed its input (state|batch) in place"):
        run(update, engine=engine)


def replaces(state, b):
    state["x"] = moved(state["x"], b)
    return state


def replaces_and_returns_another(state, b):
    after = {"x": moved(state["x"], b)}
    state["x"] = state["x"] * 1
    return after


@pytest.mark.parametrize("update", [replaces, replaces_and_returns_another])
def test_an_entry_of_the_state_that_is_replaced(update):
    with pytest.raises(ValueError, match="^update: it changed its input state in place"):
        run(update, start={"x": torch.ones((), dtype=F64)})


def test_a_list_that_grows_in_the_batch():
    def update(x, batch):
        batch.append(batch[0])
        return moved(x, batch[0])

    with pytest.raises(ValueError, match="^update: it changed its input batch in place"):
        run(update, [[b] for b in numbers()])


def late(change, begins=10):
    """An update that changes its state from some batch on, in forward order."""
    return lambda x, b: (change if b[1] >= begins else moved)(x, b[0])


@pytest.mark.parametrize("change", [in_state, by_data, by_numpy])
def test_changes_that_begin_late(change):
    with pytest.raises(ValueError, match="^update: it changed its input state in place"):
        run(late(change), numbered(), order="forward", checkpoints=[STEPS])


def test_a_counted_change_is_found_at_the_very_call():
    """Not at a spot check: by torch's count of changes."""
    SEEN.clear()

    def update(state, b):
        SEEN.append(int(state["n"]))
        return {"x": (in_state if SEEN[-1] == 17 else moved)(state["x"], b), "n": state["n"] + 1}

    start = {"x": torch.ones((), dtype=F64), "n": torch.tensor(0)}
    with pytest.raises(ValueError, match="in place"):
        run(update, start=start, order="forward", checkpoints=[STEPS])
    assert SEEN[-1] == max(SEEN) == 17


def test_untouched_looks_at_values_only_if_it_is_told_to():
    x = torch.ones(2)
    counted, valued = Untouched(x, (x,)), Untouched(x, (x,), values=True)
    x.data.mul_(2)
    counted.check()
    with pytest.raises(ValueError, match="input state"):
        valued.check()
    x.mul_(2)
    with pytest.raises(ValueError, match="input state"):
        counted.check()


def test_a_fresh_copy_shares_tensors_and_nothing_else():
    data, seen = torch.ones(3), []

    def update(x, b):
        seen.append(b)
        return x - data.sum() * len(seen)

    copied = fresh(update)
    copied(0.0, 1.0)
    assert seen == [] and copied is not update
    assert fresh(update).__closure__ is not None
    cells = dict(zip(copied.__code__.co_freevars, (cell.cell_contents for cell in copied.__closure__), strict=True))
    assert cells["data"] is data and cells["seen"] == [1.0]


def test_a_fresh_copy_of_a_module_loss_has_its_own_hooks_memory():
    model, calls = torch.nn.Linear(1, 1), []
    model.register_forward_hook(lambda module, inputs, output: calls.append(1))
    loss, params = ro.module_loss(model, torch.nn.functional.mse_loss)
    update = ro.sgd(loss, 0.1)
    copied, batch = fresh(update), (torch.ones(2, 1), torch.zeros(2, 1))
    before = len(calls)
    copied(copied.init(params), batch)
    assert len(calls) == before
    update(update.init(params), batch)
    assert len(calls) > before


def test_an_update_that_cannot_be_copied_still_runs():
    lock = threading.Lock()

    def update(x, b):
        with lock:
            return moved(x, b)

    assert fresh(update) is update
    assert equal(run(update).states, run(moved).states)


def test_batches_that_differ_when_they_are_asked_for_again():
    class Noisy:
        def __len__(self):
            return STEPS

        def __getitem__(self, i):
            return torch.tensor(i + GENERATOR.normal(), dtype=F64)

    with pytest.raises(ValueError, match=r"^batches: batch \d+ is not the same when it is asked for again.*augmented"):
        run(moved, Noisy())


def test_equal():
    nan = torch.tensor([float("nan"), 1.0])
    assert equal({"a": nan, "b": 1}, {"a": nan.clone(), "b": 1})
    assert not equal(nan, torch.tensor([0.5, 1.0])) and not equal([nan], [nan, nan])
    assert not equal(torch.ones(2), torch.ones(1, 2)) and not equal(1, 1.0)
    assert not equal(torch.eye(2).to_sparse(), 2 * torch.eye(2).to_sparse())
    assert not equal(nan, torch.tensor([0.0, 1.0]))
