"""Maps that bend only where a run arrives late: "auto" gives what replay gives, "affine" refuses."""

from __future__ import annotations

import pytest
import torch
from family import distance

import revorder as ro
from revorder.engines import auto
from revorder.errors import NotAffineError

F64 = torch.float64
STEPS = 80
EVERY = range(1, STEPS + 1)
LIMIT = 5.0
SMALL, LARGE = 3, 140  # numbers in a state: up to 128 all matrices are found first


@pytest.fixture(autouse=True)
def auto_takes_the_affine_engine(monkeypatch):
    """However slow this machine is."""
    monkeypatch.setattr(auto, "GOOD_ENOUGH", float("inf"))


def drift(d, steps=STEPS, by=0.2):
    """Batches that lead from 0 beyond 5 in about 30 steps, apart by a little noise."""
    noise = torch.randn(steps, d, generator=torch.Generator().manual_seed(1), dtype=F64)
    return by + 0.02 * noise


def bends(x, b):
    """Affine up to 5, and slower beyond."""
    return torch.where(x.abs() > LIMIT, LIMIT + 0.5 * (x - LIMIT), x) + b


def clamps(x, b):
    return (x + b).clamp(-LIMIT, LIMIT)


def run(update, batches, order="backward", engine="auto", checkpoints=EVERY, d=None):
    start = torch.zeros(d or batches[0].shape[-1], dtype=F64)
    return ro.run(update, start, batches, order, checkpoints, engine=engine, progress=False)


def as_replayed(update, batches, **options):
    made = run(update, batches, **options)
    assert distance(made.states, run(update, batches, engine="replay", **options).states) <= 1e-9
    return made


def ragged(batches):
    """The same drift in batches of different sizes, which cannot be stacked."""
    return [b.expand(1 + i % 3, -1).clone() for i, b in enumerate(batches)]


def on_ragged(update):
    return lambda x, b: update(x, b.mean(0))


@pytest.mark.parametrize("order", ["backward", "two-sided"])
@pytest.mark.parametrize("d", [SMALL, LARGE])
@pytest.mark.parametrize("update", [bends, clamps])
def test_a_bend_that_is_reached_late(update, d, order):
    made = as_replayed(update, drift(d), order=order)
    assert made.engine.startswith("affine")  # else nothing was tested
    assert "is not affine in its state: at" in made.engine
    with pytest.raises(NotAffineError, match="^update: on batch .* is not affine in its state"):
        run(update, drift(d), order, engine="affine")


@pytest.mark.parametrize("order", ["backward", "two-sided"])
def test_a_bend_in_batches_that_cannot_be_stacked(order):
    update, batches = on_ragged(bends), ragged(drift(SMALL))
    made = as_replayed(update, batches, order=order)
    assert "is not affine in its state: at" in made.engine
    with pytest.raises(NotAffineError):
        run(update, batches, order, engine="affine")


@pytest.mark.parametrize("d", [SMALL, LARGE])
def test_a_bend_in_forward_order(d):
    with pytest.raises(NotAffineError):
        run(bends, drift(d), "forward", engine="affine", checkpoints=[STEPS - 1, STEPS])


def on_some(numbers):
    """A map that bends on these batches only; the last number of a batch says which it is."""
    where = torch.tensor(numbers)
    return lambda x, b: torch.where((b[-1].round() == where).any(), bends(x, b[:-1]), x + b[:-1])


@pytest.mark.parametrize("d", [SMALL, LARGE])
def test_a_bend_on_the_batches_that_come_last_only(d):
    """In backward order these maps meet the start never, and only states far away."""
    batches = torch.cat([drift(d), torch.arange(STEPS, dtype=F64)[:, None]], dim=1)
    update = on_some([0, 1, 2])
    made = as_replayed(update, batches, d=d, checkpoints=range(4, STEPS + 1))
    assert "is not affine in its state: at" in made.engine
    with pytest.raises(NotAffineError):
        run(update, batches, d=d, engine="affine", checkpoints=range(4, STEPS + 1))


@pytest.mark.parametrize("d", [SMALL, LARGE])
def test_an_affine_map_is_not_taken_for_one_that_bends(d):
    update = lambda x, b: 0.9 * x + 10 * b
    made = as_replayed(update, drift(d))
    assert made.engine.startswith("affine") and "then" not in made.engine
    assert distance(run(update, drift(d), engine="affine").states, made.states) <= 1e-9


def test_an_affine_map_that_branches_on_the_batch():
    """It cannot be stacked over batches, and need not be."""
    update = lambda x, b: x - 0.3 * (x - b) if b[0] > 0.2 else x - 0.1 * (x - b)
    made = as_replayed(update, drift(SMALL))
    assert distance(run(update, drift(SMALL), engine="affine").states, made.states) <= 1e-12


def test_a_map_that_is_another_one_in_a_stack():
    inside = torch._C._functorch.is_batchedtensor
    update = lambda x, b: x - (0.31 if inside(x) or inside(b) else 0.3) * (x - b)
    as_replayed(update, drift(SMALL))
