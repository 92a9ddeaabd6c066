"""Variances, covariances and Bernoulli convolutions, each against enumeration, sums or another closed form."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import revorder as ro
from revorder import theory

LEARNING_RATES = [0.1, 0.5, 1.0, 1.6]
GOLDEN = 1 - 2 / (1 + 5**0.5)


@pytest.mark.parametrize("lr", LEARNING_RATES)
def test_stationary_variance_is_that_of_all_sequences(lr):
    # all 2^12 sequences of coin flips with values ±3 (variance 9), plus what later batches add
    values = [0.0]
    for _ in range(12):
        values = [t - lr * (t - x) for t in values for x in (-3.0, 3.0)]
    limit = theory.stationary_variance(lr, 9.0)
    assert np.var(values) == pytest.approx(limit * (1 - (1 - lr) ** 24), abs=1e-12)


@pytest.mark.parametrize("text", ["forward", "backward", "two-sided"])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 7])
def test_reshuffle_variance_is_that_of_all_permutations(text, n):
    x = np.array([0.0, 1.0, 5.0])  # K = 3: 6 permutations an epoch, 216 data orders of three epochs
    weights = theory.batch_weights(ro.order(text).word(n), lr=0.3)
    epochs = itertools.product(itertools.permutations(x), repeat=3)
    finals = [weights @ np.concatenate(made)[:n] for made in epochs]
    assert theory.reshuffle_variance(weights, 3, x.var()) == pytest.approx(np.var(finals), abs=1e-12)


def test_reshuffling_between_epochs_and_at_their_end():
    def variance(text, n):
        return theory.reshuffle_variance(theory.batch_weights(ro.order(text).word(n), 0.1), 10)

    # at an epoch's end both orders have the same law, in its middle they do not
    assert variance("forward", 1000) == pytest.approx(variance("backward", 1000), rel=1e-12)
    assert theory.stationary_variance(0.1) / variance("forward", 1000) == pytest.approx(11, abs=0.2)
    assert variance("forward", 1005) / variance("backward", 1005) == pytest.approx(0.0577 / 0.0132, rel=5e-3)


@pytest.mark.parametrize("lr", LEARNING_RATES)
@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_averaged_variance_is_the_sum_over_all_weights(lr, n):
    # the mean of iterates m+1 … m+n as a weighted sum of 400 + n independent batches of variance 2
    weights = np.zeros(400 + n)
    for k in range(1, n + 1):
        weights[: 400 + k] += theory.batch_weights(range(400 + k), lr) / n
    assert theory.averaged_variance(lr, n, 2.0) == pytest.approx(2 * (weights**2).sum(), rel=1e-10)


def test_averaging_goes_on_but_backward_stops():
    for lr in LEARNING_RATES:
        assert 10**6 * theory.averaged_variance(lr, 10**6, 3.0) == pytest.approx(3, rel=1e-4)
        batches = theory.batches_backward_is_worth(lr)
        assert 5.0 / batches == pytest.approx(theory.stationary_variance(lr, 5.0))
    assert theory.batches_backward_is_worth(0.5) == 3


@pytest.mark.parametrize("lr", LEARNING_RATES)
@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9])
def test_ema_variance_is_the_sum_over_all_weights(lr, decay):
    weights, state = np.zeros(400), np.zeros(400)
    for i in range(400):
        state *= 1 - lr
        state[i] += lr
        weights = decay * weights + (1 - decay) * state
    assert theory.ema_variance(lr, decay, 2.0) == pytest.approx(2 * (weights**2).sum(), rel=1e-10)


def bowl(seed=0, d=3, k=5):
    """Symmetric minibatch Hessians (k, d, d), their mean, and a noise covariance."""
    rng = np.random.default_rng(seed)
    halves = rng.normal(size=(k, d, d))
    hessians = halves @ halves.transpose(0, 2, 1) / d + 0.1 * np.eye(d)
    root = rng.normal(size=(d, d))
    return hessians, hessians.mean(axis=0), root @ root.T


def test_stationary_covariance_is_the_series():
    _, hessian, noise = bowl()
    for lr in (0.05, 0.4):
        step, term = np.eye(3) - lr * hessian, lr**2 * noise
        total = np.zeros((3, 3))
        for _ in range(5000):
            total, term = total + term, step @ term @ step.T
        np.testing.assert_allclose(theory.stationary_covariance(hessian, noise, lr), total, rtol=1e-10)
    assert theory.stationary_covariance(2.0, 3.0, 0.1).shape == (1, 1)
    assert theory.stationary_covariance(1.0, 3.0, 0.1)[0, 0] == pytest.approx(theory.stationary_variance(0.1, 3.0))


def test_minibatch_hessians_add_the_second_moment():
    hessians, hessian, noise = bowl(1)
    lr, sigma = 0.2, np.zeros((3, 3))
    for _ in range(5000):
        sigma = np.mean([(np.eye(3) - lr * h) @ sigma @ (np.eye(3) - lr * h) for h in hessians], axis=0) + lr**2 * noise
    made = theory.stationary_covariance(hessian, noise, lr, hessians)
    np.testing.assert_allclose(made, sigma, rtol=1e-10)
    assert np.trace(made) > 1.01 * np.trace(theory.stationary_covariance(hessian, noise, lr))
    same = theory.stationary_covariance(hessian, noise, lr, [hessian, hessian])
    np.testing.assert_allclose(same, theory.stationary_covariance(hessian, noise, lr), rtol=1e-10)


def test_mandt_is_the_limit_of_small_learning_rates():
    _, hessian, noise = bowl(2)
    made = theory.small_lr_covariance(hessian, noise, 0.1)
    np.testing.assert_allclose(hessian @ made + made @ hessian, 0.1 * noise, atol=1e-12)
    gaps = []
    for lr in (0.1, 0.01, 0.001):
        exact, limit = theory.stationary_covariance(hessian, noise, lr), theory.small_lr_covariance(hessian, noise, lr)
        gaps.append(np.trace(exact) / np.trace(limit) - 1)
    assert 0 < gaps[2] < 2e-3 and gaps[2] < gaps[1] / 8 < gaps[0] / 60


def test_covariances_on_diabetes():
    """Standardised inputs and target, an intercept, loss ½(xθ - y)², batches of 8 drawn with replacement, lr 0.05."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    x, y = (x - x.mean(axis=0)) / x.std(axis=0), (y - y.mean()) / y.std()
    x = np.column_stack([x, np.ones(len(x))])
    hessian = x.T @ x / len(x)
    residual = x @ np.linalg.lstsq(x, y)[0] - y
    noise = (x * residual[:, None] ** 2).T @ x / len(x) / 8
    hessians = hessian + (x[:, :, None] * x[:, None, :] - hessian) / math.sqrt(8)
    traces = [
        np.trace(theory.stationary_covariance(hessian, noise, 0.05)),
        np.trace(theory.small_lr_covariance(hessian, noise, 0.05)),
        np.trace(theory.stationary_covariance(hessian, noise, 0.05, hessians)),
    ]
    assert traces == pytest.approx([0.01614, 0.01573, 0.01680], abs=6e-6)


def test_cdf_at_one_half_is_uniform():
    x = np.linspace(-0.5, 1.5, 401).reshape(1, 401)
    made = theory.bernoulli_convolution_cdf(x, 0.5)
    assert made.shape == (1, 401)
    np.testing.assert_array_equal(made, np.clip(x, 0, 1))


def test_cdf_at_two_thirds_is_the_cantor_function():
    x = [0, 1 / 4, 1 / 3 + 1e-9, 0.5, 2 / 3 - 1e-9, 3 / 4, 1 / 13, 9 / 13, 1 / 9 + 1e-9, 0.2, 1]
    cantor = [0, 1 / 3, 1 / 2, 1 / 2, 1 / 2, 2 / 3, 1 / 7, 4 / 7, 1 / 4, 1 / 4, 1]
    assert theory.bernoulli_convolution_cdf(x, 2 / 3) == pytest.approx(cantor, abs=1e-9)


@pytest.mark.parametrize("lr", [0.5, 0.6, 2 / 3, 0.9])
def test_cdf_counts_the_enumerated_values(lr):
    values = theory.bernoulli_values(16, lr)
    assert (np.diff(values) > 0).all()
    middle = (values[1:] + values[:-1] + (1 - lr) ** 16) / 2  # in the gap that follows each of the first values
    exact = np.arange(1, 2**16) / 2**16
    made = theory.bernoulli_convolution_cdf(middle, lr)
    assert np.abs(made - exact).max() < (1e-12 if lr > 0.5 else 2**-16)


def test_cdf_of_a_coin_is_right_continuous():
    x = [-1e-300, 0.0, 0.5, 1 - 1e-16, 1.0, math.inf, -math.inf]
    assert theory.bernoulli_convolution_cdf(x, 1.0).tolist() == [0, 0.5, 0.5, 0.5, 1, 1, 0]
    assert isinstance(theory.bernoulli_convolution_cdf(0, 1), float)


def test_cdf_at_the_root_of_one_half_is_trapezoidal():
    """c² = ½: the terms with even and with odd number are two uniform laws, on [0, 2h] and [0, 2hc]."""
    lr = 1 - math.sqrt(0.5)
    long, short = 2 * lr, 2 * lr * (1 - lr)
    x = np.linspace(-0.1, 1.1, 1001)
    ramp = lambda t: np.maximum(t, 0) ** 2 / 2
    exact = (ramp(x) - ramp(x - long) - ramp(x - short) + ramp(x - long - short)) / (long * short)
    assert np.abs(theory.bernoulli_convolution_cdf(x, lr) - exact).max() < 1e-9


@pytest.mark.parametrize("lr", [0.02, 0.1, GOLDEN, 0.4563, 0.45, 0.499])
def test_cdf_of_overlapping_pieces_lies_in_the_bracket(lr):
    values, left = np.sort(theory.bernoulli_values(20, lr)), (1 - lr) ** 20
    x = np.random.default_rng(0).random(2000)
    made = theory.bernoulli_convolution_cdf(x, lr)
    below, above = (np.searchsorted(values, at, side="right") / 2**20 for at in (x - left, x))
    assert (made >= below - 1e-5).all() and (made <= above + 1e-5).all()


@pytest.mark.parametrize("lr", [1e-4, 0.003, 0.019, 0.02, 0.1, 0.3, GOLDEN, 0.4563, 0.49, 0.7])
def test_cdf_is_self_similar_symmetric_and_has_the_right_moments(lr):
    c, x = 1 - lr, np.linspace(0, 1, 20001)
    cdf = lambda at: theory.bernoulli_convolution_cdf(at, lr)
    made = cdf(x)
    assert (np.diff(made) >= 0).all() and made[0] >= 0 and made[-1] <= 1
    assert np.abs(made - (cdf(x / c) + cdf((x - lr) / c)) / 2).max() < 1e-5
    if lr < 0.5:
        assert np.abs(made + cdf(1 - x) - 1).max() < 1e-5
        moments = [0.5**k - np.trapezoid(k * (x - 0.5) ** (k - 1) * made, x) for k in (2, 4)]  # by parts
        second = lr / (4 * (2 - lr))
        fourth = 3 * second**2 - lr**4 / 8 / (1 - c**4)  # cumulants of independent terms add; a coin's fourth is -1/8
        assert moments == pytest.approx([second, fourth], rel=1e-3, abs=1e-9)


def test_cdf_meets_the_normal_law_where_it_takes_over():
    x = np.linspace(0.45, 0.55, 1001)
    below, above = (theory.bernoulli_convolution_cdf(x, lr) for lr in (0.99999999e-4, 1e-4))
    assert 0 < np.abs(below - above).max() < 1e-5


@pytest.mark.parametrize("lr", [1e-4, 0.001, 0.003])
def test_cdf_for_small_learning_rates_is_edgeworths(lr):
    z = np.linspace(-5, 5, 1001)
    spread, excess = math.sqrt(lr / (4 * (2 - lr))), -2 * lr  # excess kurtosis -2h + O(h²)
    normal = np.array([math.erfc(-at / math.sqrt(2)) / 2 for at in z])
    expected = normal - excess / 24 * (z**3 - 3 * z) * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    made = theory.bernoulli_convolution_cdf(0.5 + spread * z, lr)
    assert np.abs(made - expected).max() < 1e-6 < np.abs(made - normal).max()


@pytest.mark.parametrize("lr", [0.1, 0.5, 2 / 3, 1.0])
def test_bernoulli_values_are_all_backward_iterates(lr):
    literal = []
    for bits in itertools.product((0, 1), repeat=6):
        state = 0.0
        for bit in reversed(bits):
            state -= lr * (state - bit)
        literal.append(state)
    np.testing.assert_allclose(theory.bernoulli_values(6, lr), literal, atol=1e-15)
