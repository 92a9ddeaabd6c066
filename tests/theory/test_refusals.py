"""What closed forms refuse: the error names the argument, what it got and what is accepted; the border is inside."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from revorder import theory
from revorder.theory import checks

NAN = [0.5, np.nan]
EYE = np.eye(2)
SPREAD = np.diag([3.8**0.5, 0.0])  # in one direction only: the other stays stable
ANGLE = 0.5 * np.eye(2)[None]  # one map of the plane that halves

BAD_VALUES = [
    (lambda: theory.error_bound(1.0, 3, 1.0), "rate: got 1.0, but the bound is not applicable"),
    (lambda: theory.error_bound(math.inf, 3, 1.0), "rate: .*not applicable"),
    (lambda: theory.error_bound(math.nan, 3, 1.0), "rate: got nan"),
    (lambda: theory.error_bound(0.5, -1, 1.0), "n: got -1"),
    (lambda: theory.error_bound(0.5, 1, -1.0), "first_move: got -1.0"),
    (lambda: theory.error_bound(0.5, 1, math.inf), "first_move: got inf"),
    (lambda: theory.steps_needed(1.5, 1.0, 1.0), "rate: .*not applicable"),
    (lambda: theory.steps_needed(0.5, 1.0, 0.0), "tol: got 0.0"),
    (lambda: theory.steps_needed(0.5, -1.0, 1.0), "first_move: got -1.0"),
    (lambda: theory.a_posteriori_bound(1, 1.0), "rate: .*not applicable"),
    (lambda: theory.a_posteriori_bound(0.5, math.nan), "last_move: got nan"),
    (lambda: theory.batch_weights([], 0.1), "word: got an empty word"),
    (lambda: theory.batch_weights([0, -1], 0.1), "word: got -1"),
    (lambda: theory.batch_weights([0], 0.0), "lr: got 0.0"),
    (lambda: theory.binary_fraction([0] * 54), "bits: got 54"),
    (lambda: theory.binary_fraction([]), "bits: got shape"),
    (lambda: theory.binary_fraction([0, 2]), "bits: got 2, but each must be 0 or 1"),
    (lambda: theory.bits_of(-0.1, 3), "fraction: got -0.1"),
    (lambda: theory.bits_of(0.5, 0), "n: got 0"),
    (lambda: theory.cycle_points([1.0, 1.0], [0.0, 1.0]), "spectral radius 1"),
    (lambda: theory.backward_limit([2.0, -0.6], [0.0, 1.0]), "spectral radius 1.2"),
    (lambda: theory.cycle_points([0.5], [0.0, 1.0]), r"got shapes \(1,\) and \(2,\)"),
    (lambda: theory.cycle_points(np.zeros((2, 3, 3)), np.zeros((2, 2))), "must be"),
    (lambda: theory.backward_limit([], []), "must be"),
    (lambda: theory.lyapunov_exponent([]), "slopes: got shape"),
    (lambda: theory.lyapunov_exponent([math.nan]), "slopes: .*without NaN"),
    (lambda: theory.lyapunov_exponent([1.0, 2.0], [1.0]), "probabilities: got shape"),
    (lambda: theory.lyapunov_exponent([1.0, 2.0], [0.5, 0.4]), "probabilities: .*sum to 1"),
    (lambda: theory.lyapunov_exponent([1.0, 2.0], [1.5, -0.5]), "probabilities: .*>= 0"),
    (lambda: theory.tail_index([2.0, 0.5]), "slopes: got Lyapunov exponent 0"),
    (lambda: theory.tail_index([1.0]), "needs a negative one"),
    (lambda: theory.chaos_game_dimension(3, 1.0), "ratio: got 1.0"),
    (lambda: theory.chaos_game_points([[0.0], [1.0]], -1), "depth: got -1"),
    (lambda: theory.chaos_game_points([[0.0], [1.0]], 18), "at most 177147 points"),
    (lambda: theory.chaos_game_points([0.0, 1.0], 3), "corners: got shape"),
    (lambda: theory.chaos_game_points([[0.0], [1.0]], 3, 0.0), "ratio: got 0.0"),
    (lambda: theory.lyapunov_exponent([[1.0], [1.0, 2.0]]), "slopes: got rows of different lengths"),
    (lambda: theory.stationary_variance(2.0), r"lr: got 2.0, but it must be in \(0, 2\)"),
    (lambda: theory.stationary_variance(0.5, -1.0), "variance: got -1.0"),
    (lambda: theory.reshuffle_variance([1.0], 1), "epoch: got 1"),
    (lambda: theory.reshuffle_variance([[1.0]], 2), "weights: got shape"),
    (lambda: theory.reshuffle_variance([1.0], 2, math.nan), "variance: got nan"),
    (lambda: theory.averaged_variance(0.1, 0), "n: got 0"),
    (lambda: theory.averaged_variance(0.0, 3), "lr: got 0.0"),
    (lambda: theory.averaged_variance(0.1, 3, -1.0), "variance: got -1.0"),
    (lambda: theory.ema_variance(2.5, 0.1), "lr: got 2.5"),
    (lambda: theory.batches_backward_is_worth(math.nan), "lr: got nan"),
    (lambda: theory.bernoulli_convolution_cdf(0.5, 1.5), r"lr: got 1.5, .*beyond 1 the law leaves \[0, 1\]"),
    (lambda: theory.bernoulli_convolution_cdf(0.5, 0.0), "lr: got 0.0"),
    (lambda: theory.bernoulli_convolution_cdf([math.nan], 0.5), "x: .*NaN"),
    (lambda: theory.bernoulli_values(21, 0.5), "n: got 21"),
    (lambda: theory.bernoulli_values(2, -0.5), "lr: got -0.5"),
    (lambda: theory.stationary_covariance(EYE, np.eye(3), 0.1), r"noise: got shape \(3, 3\)"),
    (lambda: theory.stationary_covariance(np.ones((2, 3)), EYE, 0.1), "hessian: got shape"),
    (lambda: theory.stationary_covariance([[1, 1], [0, 1]], EYE, 0.1), "hessian: .*not symmetric"),
    (lambda: theory.stationary_covariance(EYE, [[1, 1], [0, 1]], 0.1), "noise: .*not symmetric"),
    (lambda: theory.stationary_covariance(EYE, -EYE, 0.1), "noise: got eigenvalue -1"),
    (lambda: theory.stationary_covariance(4 * EYE, EYE, 0.5), "largest eigenvalue of hessian is 4: lr must be < 0.5"),
    (lambda: theory.stationary_covariance(np.diag([1.0, 0.0]), EYE, 0.5), "hessian: got smallest eigenvalue 0"),
    (lambda: theory.stationary_covariance(1.0, 1.0, -0.1), "lr: got -0.1"),
    (lambda: theory.stationary_covariance(1.0, 1.0, 0.1, [1.0, 2.0]), "hessians: got a mean"),
    (lambda: theory.stationary_covariance(EYE, EYE, 0.1, EYE), r"hessians: got shape \(2, 2\)"),
    (lambda: theory.stationary_covariance(EYE, EYE, 0.1, [[[1, 1], [0, 1]]]), "hessians: .*not symmetric"),
    (lambda: theory.stationary_covariance(np.eye(61), np.eye(61), 0.1, [np.eye(61)]), "d <= 60"),
    (lambda: theory.stationary_covariance(1.0, 1.0, 1.0, [-1.0, 3.0]), "growing by 4 a step.*infinite"),
    (lambda: theory.small_lr_covariance(-1.0, 1.0, 0.1), "hessian: got smallest eigenvalue -1"),
    (lambda: theory.small_lr_covariance(1.0, 1.0, 0.0), "lr: got 0.0"),
    (lambda: theory.bits_of(1.0, 3), r"fraction: got 1.0, but it must be in \[0, 1\)$"),
    (lambda: theory.ema_variance(0.1, 1.0), r"decay: got 1.0, but it must be in \[0, 1\)$"),
    (lambda: theory.cycle_points(NAN, [0.0, 0.5]), "slopes: got .*finite, without NaN$"),
    (lambda: theory.cycle_points([0.5, 0.5], NAN), "shifts: got .*finite, without NaN$"),
    (lambda: theory.cycle_points(0.5, 0.5), r"slopes, shifts: got shapes \(\) and \(\)"),
    (lambda: theory.cycle_points([], []), r"slopes, shifts: got shapes \(0,\) and \(0,\)"),
    (lambda: theory.cycle_points([0.5, 0.5], [0.1]), r"slopes, shifts: got shapes \(2,\) and \(1,\)"),
    (lambda: theory.cycle_points(np.zeros((1, 2, 2, 2)), np.zeros((1, 2, 2))), "slopes, shifts: got shapes"),
    (lambda: theory.tail_index([-1.5, 0.5], NAN), "probabilities: got .*finite, without NaN$"),
    (lambda: theory.tail_index([-1.5, 0.5], [0.5, 0.6]), "probabilities: got"),
    (lambda: theory.tail_index([-1.5, 0.5], [1.5, -0.5]), "probabilities: got"),
    (lambda: theory.chaos_game_points([[np.nan]], 1), "corners: got .*finite, without NaN$"),
    (lambda: theory.chaos_game_points([0.0, 1.0], 1), r"corners: got shape \(2,\)"),
    (lambda: theory.chaos_game_points(np.zeros((0, 2)), 1), r"corners: got shape \(0, 2\)"),
    (lambda: theory.chaos_game_points(np.zeros((3, 2)), -1), "depth: got -1, but it must be an integer >= 0$"),
    (
        lambda: theory.chaos_game_points(np.zeros((3, 2)), 12),
        r"depth: got 12, but 3\^depth may be at most 177147 points",
    ),
    (lambda: theory.chaos_game_points(np.zeros((3, 2)), 1, 1.0), r"ratio: got 1.0, but it must be in \(0, 1\)$"),
    (
        lambda: theory.bernoulli_values(2, 1.5),
        r"lr: got 1.5, but it must be in \(0, 1\]; beyond 1 the law leaves \[0, 1\]$",
    ),
    (lambda: theory.stationary_covariance(EYE, EYE, 0.5, [1.0, 1.0]), r"hessians: got shape \(2,\)"),
    (lambda: theory.stationary_covariance(EYE, EYE, 0.5, [np.eye(3)] * 3), r"hessians: got shape \(3, 3, 3\)"),
    (lambda: theory.stationary_covariance(EYE, EYE, 0.5, np.zeros((0, 2, 2))), r"hessians: got shape \(0, 2, 2\)"),
    (
        lambda: theory.stationary_covariance(EYE, EYE, 0.5, [EYE + SPREAD, EYE - SPREAD]),  # (1-h)² + h²·3.8
        "hessians: got second moments growing by 1.2 a step",
    ),
    (lambda: theory.stationary_covariance(1.0, 1.0, 1.0, [2.0, 0.0]), "second moments growing by 1 a step"),
    (lambda: theory.chaos_game_dimension(0), "corners: got 0, but it must be an integer >= 1$"),
    (lambda: checks.positive("x", 0), "x: got 0, but it must be finite and > 0$"),
    (lambda: checks.positive("x", np.inf), "x: got inf, but it must be finite and > 0$"),
    (lambda: checks.not_negative("x", -1), "x: got -1, but it must be finite and >= 0$"),
    (lambda: checks.whole("x", 0, 1), "x: got 0, but it must be an integer >= 1$"),
    (lambda: checks.whole("x", 9, 1, 8), "x: got 9, but it must be an integer >= 1 and <= 8$"),
    (lambda: theory.error_bound(-0.1, 3, 1.0), r"rate: got -0.1, but it must be in \[0, 1\)$"),
    (lambda: theory.stationary_covariance([[1.0]], [[1.0]], 0.1, [np.nan]), "hessians: got .*without NaN$"),
]
BAD_TYPES = [
    (lambda: theory.error_bound("0.5", 1, 1.0), "rate: got '0.5'"),
    (lambda: theory.error_bound(0.5, 1.0, 1.0), "n: got 1.0, but it must be an integer"),
    (lambda: theory.error_bound(0.5, True, 1.0), "n: got True"),
    (lambda: theory.error_bound(0.5, 1, None), "first_move: got None"),
    (lambda: theory.steps_needed(0.5, 1.0, [1.0]), "tol: got"),
    (lambda: theory.batch_weights([0.5], 0.1), "word: got 0.5"),
    (lambda: theory.batch_weights([0], True), "lr: got True"),
    (lambda: theory.binary_fraction("101"), "bits: got '101'"),
    (lambda: theory.bits_of(None, 3), "fraction: got None"),
    (lambda: theory.cycle_points(["a"], [1.0]), "slopes: got"),
    (lambda: theory.lyapunov_exponent([1j]), "slopes: got"),
    (lambda: theory.chaos_game_dimension(2.5), "corners: got 2.5"),
    (lambda: theory.stationary_variance("0.1"), "lr: got '0.1'"),
    (lambda: theory.reshuffle_variance([1.0], 2.0), "epoch: got 2.0"),
    (lambda: theory.reshuffle_variance("ab", 2), "weights: got 'ab'"),
    (lambda: theory.averaged_variance(0.1, 3.0), "n: got 3.0"),
    (lambda: theory.bernoulli_convolution_cdf("x", 0.5), "x: got 'x'"),
    (lambda: theory.bernoulli_values(2.0, 0.5), "n: got 2.0"),
    (lambda: theory.stationary_covariance(None, 1.0, 0.1), "hessian: got None"),
    (lambda: theory.stationary_covariance(1.0, 1.0, [0.1]), "lr: got"),
]


@pytest.mark.parametrize(("bad", "says"), BAD_VALUES)
def test_values_that_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        bad()


@pytest.mark.parametrize(("bad", "says"), BAD_TYPES)
def test_types_that_are_refused(bad, says):
    with pytest.raises(TypeError, match=says):
        bad()


def test_what_is_just_allowed():
    assert theory.bits_of(0.0, 3).tolist() == [0, 0, 0]
    assert theory.chaos_game_points(np.zeros((3, 2)), 11).shape == (3**11, 2)
    assert theory.chaos_game_points([[2.0, 3.0]], 0).tolist() == [[2.0, 3.0]]
    assert theory.chaos_game_dimension(1) == 0
    assert theory.ema_variance(0.1, 0.0) == pytest.approx(theory.stationary_variance(0.1))


def test_rounding_is_forgiven_in_proportion():
    """A covariance without noise, or in one direction only, is one; so is what is off by a trillionth of its size."""
    for noise in (np.zeros((2, 2)), np.diag([1.0, 0.0]), 1e6 * np.diag([1.0, -1e-12])):
        assert theory.stationary_covariance(EYE, noise, 0.5) == pytest.approx(noise / 3, rel=1e-9, abs=1e-5)
    nearly = 1e6 * (EYE + np.array([[0.0, 1e-10], [0.0, 0.0]]))
    assert theory.stationary_covariance(nearly, EYE, 5e-7) == pytest.approx(25e-14 / 0.75 * EYE)
    off = np.stack([nearly, nearly + 1e-4 * EYE])
    assert theory.stationary_covariance(nearly, EYE, 5e-7, off) == pytest.approx(25e-14 / 0.75 * EYE)


def test_as_many_dimensions_as_are_allowed(monkeypatch):
    monkeypatch.setattr("revorder.theory.covariance.MOST_DIMENSIONS", 2)
    same = [EYE, EYE]
    assert theory.stationary_covariance(EYE, EYE, 0.5, same) == pytest.approx(EYE / 3)
    with pytest.raises(ValueError, match="with d <= 2"):
        theory.stationary_covariance(np.eye(3), np.eye(3), 0.5, [np.eye(3)])


def test_limits_of_what_is_counted():
    assert theory.bernoulli_values(1, 0.5).tolist() == [0.0, 0.5]
    assert theory.bernoulli_convolution_cdf([-np.inf, -3.0, 4.0, np.inf], 2 / 3).tolist() == [0, 0, 1, 1]


def test_a_slope_of_zero_warns_of_nothing():
    """E|a|^κ = 1 with a = 0 or 2: κ = 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert theory.tail_index([0.0, 2.0]) == pytest.approx(1.0)


def test_one_map_of_the_plane():
    """The fixed point of θ ↦ θ/2 + v is 2v, as an array; of a number, it is a float."""
    assert theory.cycle_points(ANGLE, [[1.0, 3.0]]).tolist() == [[2.0, 6.0]]
    limit = theory.backward_limit(ANGLE, [[1.0, 3.0]])
    assert isinstance(limit, np.ndarray) and limit.tolist() == [2.0, 6.0]
    assert type(theory.backward_limit([0.5], [1.0])) is float


def test_the_cdf_at_half_is_exact_at_its_jumps():
    """Uniform on [0, 1] at learning rate ½: F(x) = x, also where the digits branch and beyond the ends."""
    x = [-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0]
    assert theory.bernoulli_convolution_cdf(x, 0.5).tolist() == [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


def test_arrays_become_float64():
    assert checks.array("x", np.float32([1, 2])).dtype == np.float64
