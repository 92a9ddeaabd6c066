"""Bad input names the argument, what it got and what is accepted; boundary values are on their side."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from family import ORDERS

import revorder as ro
from revorder import theory
from revorder.errors import did_you_mean
from revorder.theory import checks

NAN = [0.5, np.nan]
EYE = np.eye(2)
SPREAD = np.diag([3.8**0.5, 0.0])  # in one direction only: the other stays stable
ANGLE = 0.5 * np.eye(2)[None]  # one map of the plane that halves

SAID = [
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
    (lambda: ro.order("backward-window:" + 19 * "9"), "order: got"),
    (lambda: theory.chaos_game_dimension(0), "corners: got 0, but it must be an integer >= 1$"),
]


@pytest.mark.parametrize("call, says", SAID)
def test_errors_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()


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
    assert ro.order("backward-window:" + 18 * "9").word(3)
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


def test_only_a_near_name_is_suggested():
    assert did_you_mean("bakward", ["backward", "forward"]) == "; did you mean 'backward'?"
    assert did_you_mean("zzz", ["backward", "forward"]) == ""


INTEGER = r"n: got -1, but it must be an integer >= 0$"


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_words_have_a_length(order):
    with pytest.raises(ValueError, match=INTEGER):
        order.word(-1)


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: ro.BackwardTail(-1), "start: got -1, but it must be an integer >= 0$"),
        (lambda: ro.BackwardBlocks(0), "size: got 0, but it must be an integer >= 1$"),
        (lambda: ro.Shuffled(-1), "seed: got -1, but it must be an integer >= 0$"),
        (lambda: checks.positive("x", 0), "x: got 0, but it must be finite and > 0$"),
        (lambda: checks.positive("x", np.inf), "x: got inf, but it must be finite and > 0$"),
        (lambda: checks.not_negative("x", -1), "x: got -1, but it must be finite and >= 0$"),
        (lambda: checks.whole("x", 0, 1), "x: got 0, but it must be an integer >= 1$"),
        (lambda: checks.whole("x", 9, 1, 8), "x: got 9, but it must be an integer >= 1 and <= 8$"),
        (lambda: theory.error_bound(-0.1, 3, 1.0), r"rate: got -0.1, but it must be in \[0, 1\)$"),
        (lambda: theory.bernoulli_convolution_cdf(0.5, 1.5), "lr: got 1.5, .*beyond 1 the law leaves"),
        (lambda: theory.stationary_covariance([[1.0]], [[1.0]], 0.1, [np.nan]), "hessians: got .*without NaN$"),
    ],
)
def test_other_errors_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_arrays_become_float64():
    assert checks.array("x", np.float32([1, 2])).dtype == np.float64
