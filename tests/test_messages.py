"""Bad input names the argument, what it got and what is accepted; boundary values are on their side."""

from __future__ import annotations

import numpy as np
import pytest
from family import ORDERS

import revorder as ro
from revorder import theory
from revorder.orders import did_you_mean
from revorder.theory import checks

NAN = [0.5, np.nan]
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
