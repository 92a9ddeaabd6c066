"""Perfect samples against exact laws, and their certificate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from coins import ZERO, coin, draws, halfway

import revorder as ro
from revorder.diagnostics import compare_laws, perfect_sample
from revorder.theory import bernoulli_convolution_cdf, stationary_covariance, steps_needed

SEEDS = range(5)


@pytest.mark.parametrize("lr", [1 / 2, 2 / 3])
def test_draws_have_the_exact_law(lr):
    for seed in SEEDS:
        assert compare_laws(draws(lr, seed), lambda x: bernoulli_convolution_cdf(x, lr)).p_value > 0.01


def test_draws_of_another_law_would_be_told_apart():
    assert compare_laws(draws(2 / 3, 0), lambda x: bernoulli_convolution_cdf(x, 1 / 2)).p_value < 1e-6


def test_too_shallow_draws_would_be_told_apart():
    assert compare_laws(draws(1 / 2, 0, tol=0.3), lambda x: bernoulli_convolution_cdf(x, 1 / 2)).p_value < 1e-6


def test_a_sample_is_the_backward_iterate_of_its_own_batches():
    drawn = []

    def recorded(generator):
        drawn.append(coin(generator))
        return drawn[-1]

    got = perfect_sample(halfway, ZERO, recorded, rate=0.5, tol=1e-3, n_samples=1, seed=3, first_move=0.5)
    depth = steps_needed(0.5, 0.5, 1e-3)
    assert len(drawn) == depth
    assert got[0] == ro.run(halfway, ZERO, drawn, "backward", [depth], progress=False).state(depth)


def test_a_smaller_tolerance_refines_each_sample():
    rough, fine = draws(1 / 2, 0, 300, tol=1e-2), draws(1 / 2, 0, 300, tol=1e-12)
    assert 1e-4 < (rough - fine).abs().max() <= 1e-2


def test_more_samples_do_not_change_the_first_ones():
    assert torch.equal(draws(1 / 2, 0, 500)[:100], draws(1 / 2, 0, 100))
    assert not torch.equal(draws(1 / 2, 0, 100), draws(1 / 2, 1, 100))


def regression(d=5, lr=0.2):
    """θ ← θ - lr (H θ - x): H and noise covariance S known, x uniform in a box turned by a matrix."""
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64)).Q
    hessian = turn @ torch.diag(torch.linspace(0.8, 4, d, dtype=torch.float64)) @ turn.T
    mixing = torch.randn(d, d, generator=generator, dtype=torch.float64)
    noise = mixing @ mixing.T / 3  # the covariance of mixing @ u for u uniform in [-1, 1]^d

    def draw(source):
        return mixing @ (2 * torch.rand(d, generator=source, dtype=torch.float64) - 1)

    first_move = lr * float(mixing.abs().sum())  # |lr x| for every x
    return (lambda theta, x: theta - lr * (hessian @ theta - x)), draw, hessian, noise, 1 - 0.8 * lr, first_move


def covariance_errors(states, expected):
    """How far every entry of the sample's second moments is from the expected one, in standard errors."""
    products = np.einsum("ni,nj->nij", states, states)
    return np.abs(products.mean(0) - expected) / (products.std(0) / np.sqrt(len(states)))


def test_draws_have_the_lyapunov_covariance_in_five_dimensions():
    lr = 0.2
    update, draw, hessian, noise, rate, first_move = regression(lr=lr)
    start = torch.zeros(5, dtype=torch.float64)
    states = perfect_sample(update, start, draw, rate=rate, tol=1e-6, n_samples=2000, seed=0, first_move=first_move)
    expected = stationary_covariance(hessian.numpy(), noise.numpy(), lr)
    assert covariance_errors(states.numpy(), expected).max() < 3
    assert covariance_errors(states.numpy(), 1.2 * expected).max() > 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 1.0}, "not applicable"),
        ({"rate": 1.3}, "not applicable"),
        ({"tol": 0.0}, "tol"),
        ({"n_samples": 0}, "n_samples"),
        ({"first_move": 0.1}, "moved the start by 0.5"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        draws(1 / 2, 0, **{"n_samples": 50, **changes})


def test_random_updates_draw_from_keys_of_their_own():
    """Noise that is drawn inside T, from the key: samples must differ, and come again with the same seed."""

    def noisy(theta, batch, key=None):
        return theta / 2 + torch.rand((), generator=torch.Generator().manual_seed(hash(key) % 2**31)).double() / 2

    noisy.keyless = False
    first = perfect_sample(noisy, ZERO, coin, rate=0.5, tol=1e-3, n_samples=20, seed=0, first_move=0.5)
    again = perfect_sample(noisy, ZERO, coin, rate=0.5, tol=1e-3, n_samples=20, seed=0, first_move=0.5)
    assert torch.equal(first, again)
    assert len(set(first.tolist())) == 20
