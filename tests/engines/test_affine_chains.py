"""Chains of affine maps by doubling, against the recursion; which of two ways a linear model goes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from family import distance

import revorder as ro
from revorder.engines import affine, chains, doubling
from revorder.engines.affine import Affine
from revorder.engines.chains import Chain, chain_of
from revorder.engines.maps import Maps
from revorder.errors import NotAffineError

F64 = torch.float64
STEPS = 130  # more steps together than are all looked at
EVERY = range(1, STEPS + 1)


def random_maps(count, rows, d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    matrices = 0.5 * torch.randn(count, d, d, generator=generator, dtype=F64)
    return matrices, torch.randn(count, rows, d, generator=generator, dtype=F64)


def along(matrices, moves, word):
    """The difference from the start after a word, the first one applied first; T(s_0 + u) - s_0 = M u + v."""
    reached = torch.zeros_like(moves[0])
    for i in word:
        reached = reached @ matrices[i].T + moves[i]
    return reached


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13, 16])
@pytest.mark.parametrize("rows, d", [(1, 3), (2, 2)])
@pytest.mark.parametrize("small", [0, 3])
def test_doubling_reaches_what_the_recursion_reaches(count, rows, d, small, monkeypatch):
    monkeypatch.setattr(doubling, "SMALL", small)  # products by torch, or by NumPy
    matrices, moves = random_maps(count, rows, d)
    reached, _ = doubling.joined(matrices, moves[:, None])
    for n in range(1, count + 1):
        torch.testing.assert_close(reached[n - 1], along(matrices, moves, range(n - 1, -1, -1)), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13, 16])
@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("small", [0, 3])
def test_states_that_enter_are_met_in_words_of_several_lengths(count, every, small, monkeypatch):
    monkeypatch.setattr(doubling, "SMALL", small)
    matrices, moves = random_maps(count, 2, 3)
    entered = doubling.entered(doubling.joined(matrices, moves[:, None])[1], count, every)
    for i in range(count):
        met = [along(matrices, moves, range(n - 1, i, -1)) for n in range(i + 1, count + 1)]
        torch.testing.assert_close(entered[i, 0], met[-1], atol=1e-12, rtol=1e-12)
        torch.testing.assert_close(entered[i, -1], met[0], atol=0, rtol=0)
        for state in entered[i]:
            assert min((state - other).norm() for other in met) <= 1e-12


def test_blocks_of_several_ticks_are_joined_as_their_ticks_are():
    matrices, moves = random_maps(6, 1, 3)
    pairs = matrices[0::2] @ matrices[1::2]
    inside = torch.stack([moves[0::2], moves[1::2] @ matrices[0::2].mT + moves[0::2]], 1)
    torch.testing.assert_close(doubling.joined(pairs, inside)[0][:6], doubling.joined(matrices, moves[:, None])[0][:6])


@pytest.mark.parametrize("order, checkpoints, labels, letters", [
    ("backward", [2, 4, 2], None, [0, 1, 2, 3]),
    ("backward", [1, 4], [0, 1, 0, 1], [0, 1, 0, 1]),
    ("forward", [3], None, [2, 1, 0]),
    ("forward", [2, 3], None, None),
    ("forward", [1, 2], [0, 0], [0, 0]),
    ("two-sided", [2, 3], None, None),
])  # fmt: skip
def test_words_with_one_ending_are_a_chain(order, checkpoints, labels, letters):
    chain = chain_of(ro.plan(order, checkpoints, labels))
    assert (chain is None) == (letters is None)
    if chain is not None:
        assert chain.letters.tolist() == letters and chain.lengths.tolist() == checkpoints


def run(update, batches, checkpoints=EVERY, engine="affine", d=3, **options):
    return ro.run(update, torch.ones(d, dtype=F64), batches, "backward", checkpoints, engine=engine, progress=False,
                  **options)  # fmt: skip


def pulled(x, b):
    return x - 0.2 * (b @ x - 1) * b


def drift(d=3):
    return 0.1 + 0.5 * torch.randn(STEPS, d, generator=torch.Generator().manual_seed(1), dtype=F64)


@pytest.mark.parametrize("batches", [drift(), list(drift())])
@pytest.mark.parametrize("labels", [None, [i % 7 for i in range(STEPS)]])
def test_any_affine_update_by_doubling(batches, labels, monkeypatch):
    monkeypatch.setattr(affine, "_walk", None)
    if labels is not None:
        batches = [batches[i] for i in labels]
    checkpoints = [STEPS, 3, *range(1, STEPS), 3]
    made = run(pulled, batches, checkpoints, labels=labels)
    first_steps = STEPS if labels is None else len(set(labels))
    assert made.cost == STEPS and f"checked {631 + first_steps} steps" in made.engine
    assert distance(made.states, run(pulled, batches, checkpoints, "replay", labels=labels).states) <= 1e-12


def test_batches_of_several_shapes_by_doubling(monkeypatch):
    monkeypatch.setattr(affine, "_walk", None)
    monkeypatch.setattr(affine, "MANY", 50)
    batches = [b.expand(1 + (i >= 100), -1) for i, b in enumerate(drift())]
    mean = lambda x, b: pulled(x, b.mean(0))
    assert distance(run(mean, batches).states, run(mean, batches, engine="replay").states) <= 1e-12


@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_bend_late_in_a_long_run_is_refused(last):
    """Far from the start, on one batch that acts last; in every word that is long."""
    numbers = torch.arange(STEPS, dtype=F64)[:, None]
    update = lambda x, b: x + 0.2 - torch.where((b == last) & (x > 10), 0.1 * (x - 10), 0)
    with pytest.raises(NotAffineError, match=f"on batch {last}, .* at a state of the run x"):
        run(update, numbers)


@pytest.mark.parametrize("d, steps, rows, doubles", [
    (11, range(1, 1001), 1, True), (11, range(1, 8001), 1, True), (101, range(1, 1001), 1, True),
    (501, range(1, 1001), 1, False), (101, [1000], 1, False), (785, range(1, 2001), 10, False),
])  # fmt: skip
def test_the_way_with_less_arithmetic_is_taken(d, steps, rows, doubles):
    lengths = np.array(steps)
    square = SimpleNamespace(batch=8, theta=torch.zeros(rows, d))
    width, pays, work = chains._ways(square, Chain(np.arange(lengths.max()), lengths, int(lengths.sum())))
    assert pays is doubles and 2 * width <= lengths.max() and 1e6 < work < 1e12


def test_closed_forms_are_recognised_without_timing():
    plan, batches = ro.plan("backward", [3, 5]), [(torch.ones(2, 4), torch.ones(2, 1))] * 5

    def recognised(criterion, plan=plan, **options):
        loss, params = ro.module_loss(torch.nn.Linear(4, 1), criterion)
        update = ro.sgd(loss, 0.1, **options)
        return Affine().recognises(Maps(update, batches, plan, None), update.init(params), plan)

    assert recognised(torch.nn.functional.mse_loss)
    assert not recognised(torch.nn.functional.smooth_l1_loss)
    assert not recognised(torch.nn.functional.mse_loss, momentum=0.5)
    assert not recognised(torch.nn.functional.mse_loss, plan=ro.plan("forward", [3, 5]))
