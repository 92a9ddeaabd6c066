"""Commutators and Lie brackets: order of the error, sign, and exactness on quadratics."""

from __future__ import annotations

import torch
from smooth import LRS, gap, norm, pick, quartic, slope, tanh_mlp

import revorder as ro
from revorder.diagnostics import commutator, lie_bracket


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


def test_brackets_stay_on_their_device():
    theta, window = torch.zeros(3, device="meta"), torch.zeros(4, 3, device="meta")
    assert lie_bracket(quartic, theta, window[0], window[1], 0.1).is_meta
