"""Commutators and Lie brackets: order of the error, sign, exactness on quadratics, and the windowed correction."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils import _pytree as pytree

import revorder as ro
from revorder.diagnostics import commutator, lie_bracket
from revorder.updates.lie import window_correction

LRS = [0.1 * 2.0**-k for k in range(5)]


def tanh_mlp():
    """Loss, params and batches (a stack) of an MLP with smooth activations, in float64."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    loss, params = ro.module_loss(model, cross_entropy)
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(8, 4, 5, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 3, (8, 4), generator=generator)
    return loss, params, (inputs, targets)


def pick(batches, i):
    return pytree.tree_map(lambda leaf: leaf[i], batches)


def norm(tree):
    return float(torch.cat([leaf.flatten() for leaf in pytree.tree_leaves(tree)]).norm())


def gap(a, b):
    return norm(pytree.tree_map(torch.sub, a, b))


def slope(errors):
    return float(np.polynomial.Polynomial.fit(np.log(LRS), np.log(errors), 1).convert().coef[1])


def test_commutator_differs_from_the_bracket_by_the_third_order():
    loss, params, batches = tanh_mlp()
    a, b = pick(batches, 0), pick(batches, 1)
    errors, sizes = [], []
    for lr in LRS:
        update = ro.sgd(loss, lr)
        found = commutator(update, update.init(params), a, b)
        errors.append(gap(found, lie_bracket(loss, params, a, b, lr)))
        sizes.append(norm(found))
    assert 2.9 < slope(errors) < 3.1
    assert 1.9 < slope(sizes) < 2.1


def test_the_wrong_sign_would_be_seen():
    loss, params, batches = tanh_mlp()
    a, b = pick(batches, 0), pick(batches, 1)
    update = ro.sgd(loss, 0.01)
    found = commutator(update, update.init(params), a, b)
    right, wrong = lie_bracket(loss, params, a, b, 0.01), lie_bracket(loss, params, b, a, 0.01)
    assert gap(found, right) < 0.1 * norm(found) < gap(found, wrong)


def test_commutator_names_the_map_that_comes_last_first():
    """T_a = halve, T_b = add one: T_a(T_b(2)) = 1.5 and T_b(T_a(2)) = 2."""
    found = commutator(lambda s, f: f(s), torch.tensor(2.0), lambda s: s / 2, lambda s: s + 1)
    assert found.item() == -0.5


def test_bracket_of_two_quadratics_is_exact():
    """∇L_i = H_i θ - c_i: the commutator is lr² (H_a (H_b θ - c_b) - H_b (H_a θ - c_a)) without remainder."""
    generator = torch.Generator().manual_seed(2)
    roots = torch.randn(2, 4, 4, generator=generator, dtype=torch.float64)
    hessians = roots @ roots.mT
    shifts = torch.randn(2, 4, generator=generator, dtype=torch.float64)
    theta = torch.randn(4, generator=generator, dtype=torch.float64)

    def loss(params, batch):
        hessian, shift = batch
        return 0.5 * params @ hessian @ params - shift @ params

    update = ro.sgd(loss, 0.3)
    a, b = (hessians[0], shifts[0]), (hessians[1], shifts[1])
    g_a, g_b = hessians[0] @ theta - shifts[0], hessians[1] @ theta - shifts[1]
    by_hand = 0.3**2 * (hessians[0] @ g_b - hessians[1] @ g_a)
    assert torch.allclose(lie_bracket(loss, theta, a, b, 0.3), by_hand, rtol=1e-12)
    assert torch.allclose(commutator(update, update.init(theta), a, b), by_hand, rtol=1e-9)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_windowed_correction_leaves_an_error_of_third_order(width):
    loss, params, batches = tanh_mlp()
    window = pick(batches, slice(0, width))
    errors, uncorrected = [], []
    for lr in LRS:
        update = ro.sgd(loss, lr)
        forward, backward = (_composed(update, params, batches, word) for word in (range(width), range(width)[::-1]))
        corrected = pytree.tree_map(torch.add, forward, window_correction(loss, params, window, lr))
        errors.append(gap(corrected, backward))
        uncorrected.append(gap(forward, backward))
    assert 2.9 < slope(errors) < 3.1
    assert 1.9 < slope(uncorrected) < 2.1


def _composed(update, params, batches, word):
    state = update.init(params)
    for number in word:
        state = update(state, pick(batches, number))
    return state["params"]


def test_windowed_correction_is_the_sum_of_all_brackets():
    loss, params, batches = tanh_mlp()
    window = pick(batches, slice(0, 4))
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    brackets = [lie_bracket(loss, params, pick(batches, i), pick(batches, j), 0.1) for i, j in pairs]
    total = pytree.tree_map(lambda *leaves: torch.stack(leaves).sum(0), *brackets)
    assert gap(window_correction(loss, params, window, 0.1), total) < 1e-12 * norm(total)


def test_lie_corrected_forward_follows_the_backward_blocks():
    """Over several windows: the corrected run is closer to the backward blocks than the forward one, by one order."""
    loss, params, batches = tanh_mlp()
    listed = [pick(batches, i) for i in range(8)]
    errors, plain = [], []
    for lr in LRS:
        sgd, lie = ro.sgd(loss, lr), ro.lie_corrected(loss, lr)
        wanted = ro.run(sgd, sgd.init(params), listed, "backward-blocks:4", [8], progress=False).state(8)["params"]
        forward = ro.run(sgd, sgd.init(params), listed, "forward", [8], progress=False).state(8)["params"]
        windows = ro.batches.Windows(listed, 4)
        got = ro.run(lie, lie.init(params), windows, "forward", [2], progress=False).state(2)["params"]
        errors.append(gap(got, wanted))
        plain.append(gap(forward, wanted))
    assert 2.9 < slope(errors) < 3.1
    assert 1.9 < slope(plain) < 2.1


def test_lie_corrected_counts_what_it_costs():
    """2w - 1 gradients and w Hessian-vector products, counted by hand on the scalar loss."""
    calls = []

    def loss(theta, x):
        calls.append(1)
        return 0.25 * (theta - x) ** 4

    update = ro.lie_corrected(loss, 0.1)
    assert [update.cost(w) for w in (1, 2, 5)] == [3, 7, 19]
    state = update.init(torch.tensor(0.0, dtype=torch.float64))
    update(state, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    assert len(calls) == 3 + 2  # three forward steps; the gradients and the products in one batched call each


def test_lie_corrected_runs_under_every_engine_alike():
    loss, params, batches = tanh_mlp()
    update = ro.lie_corrected(loss, 0.1)
    windows = ro.batches.Windows([pick(batches, i) for i in range(8)], 2)
    found = [
        ro.run(update, update.init(params), windows, "backward", [2, 4], engine=engine, progress=False).states["params"]
        for engine in ("replay", "wavefront")
    ]
    assert gap(*found) < 1e-12


def test_lie_corrected_refuses_buffers_and_randomness():
    norm_loss, _ = ro.module_loss(ro.models.small_cnn(width=3), cross_entropy)
    dropout_loss, _ = ro.module_loss(ro.models.mlp(4, 3, 2, dropout=0.5), cross_entropy)
    for loss in (norm_loss, dropout_loss):
        with pytest.raises(ValueError, match="loss: got"):
            ro.lie_corrected(loss, 0.1)
    with pytest.raises(ValueError, match="lr: got"):
        ro.lie_corrected(lambda theta, x: theta, -1)


def test_brackets_stay_on_their_device():
    def quartic(theta, x):
        return ((theta - x) ** 4).sum()

    theta, window = torch.zeros(3, device="meta"), torch.zeros(4, 3, device="meta")
    assert lie_bracket(quartic, theta, window[0], window[1], 0.1).is_meta
    assert ro.lie_corrected(quartic, 0.1)({"params": theta, "buffers": {}}, window)["params"].is_meta


def test_windows():
    windows = ro.batches.Windows(torch.arange(7), 3)
    assert len(windows) == 2
    assert windows[1].tolist() == [3, 4, 5]
    with pytest.raises(IndexError):
        windows[2]
    for width in (0, 8):
        with pytest.raises(ValueError, match="width"):
            ro.batches.Windows(torch.arange(7), width)
