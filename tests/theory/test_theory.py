"""Bounds, weights, cycles, slopes and fractals, each against literal composition or enumeration."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import revorder as ro
from revorder import theory

ORDERS = [
    "forward",
    "backward",
    "backward-window:3",
    "backward-tail:3",
    "backward-blocks:3",
    "two-sided",
    "shuffled:1",
]
rates = st.floats(0.0, 0.95)
seeds = st.integers(0, 2**32 - 1)


def compose(maps, word, start):
    """Literal composition: the maps of the word, first applied first."""
    state = start
    for number in word:
        state = maps[number](state)
    return state


def never_beyond_the_bound(maps, rate, start, first_move, size=abs):
    """|B_far - B_n| <= bound(n) + bound(far) for every n; the maps' own rounding is 1e-12."""
    far = len(maps)
    limit = compose(maps, range(far - 1, -1, -1), start)
    slack = theory.error_bound(rate, far, first_move) + 1e-12 * (1 + first_move / (1 - rate))
    for n in range(far):
        gone = size(limit - compose(maps, range(n - 1, -1, -1), start))
        assert gone <= theory.error_bound(rate, n, first_move) + slack


@settings(max_examples=400)
@given(rates, seeds, st.floats(-5, 5))
def test_bound_on_affine_maps_of_one_number(rate, seed, start):
    rng = np.random.default_rng(seed)
    slopes, shifts = rng.choice([-rate, rate], 30), rng.uniform(-1, 1, 30)
    maps = [lambda t, a=a, b=b: a * t + b for a, b in zip(slopes, shifts, strict=True)]
    worst = max(abs((a - 1) * start + b) for a in (-rate, rate) for b in (-1, 1))
    never_beyond_the_bound(maps, rate, start, worst)


@settings(max_examples=400)
@given(rates, seeds, st.floats(-5, 5), st.sampled_from([np.sin, np.tanh, lambda t: np.clip(t, -1, 1)]))
def test_bound_on_nonlinear_maps(rate, seed, start, bend):
    offsets = np.random.default_rng(seed).uniform(-2, 2, 30)
    maps = [lambda t, b=b: rate * bend(t + b) + b for b in offsets]
    worst = max(abs(step(start) - start) for step in maps)  # these 30 maps are all that come
    never_beyond_the_bound(maps, rate, start, worst)


@settings(max_examples=300)
@given(rates, seeds)
def test_bound_on_affine_maps_of_the_plane(rate, seed):
    rng = np.random.default_rng(seed)
    turns = [np.linalg.qr(rng.normal(size=(2, 2)))[0] * rate for _ in range(20)]
    maps = [lambda t, m=m, b=b: m @ t + b for m, b in zip(turns, rng.normal(size=(20, 2)), strict=True)]
    start = rng.normal(size=2)
    worst = max(np.linalg.norm(step(start) - start) for step in maps)
    never_beyond_the_bound(maps, rate, start, worst, np.linalg.norm)


def test_bound_is_reached_when_every_batch_pulls_the_same_way():
    # T(θ) = ρθ + 1 from 0: |B_∞ - B_n| = ρⁿ/(1-ρ) exactly, so no smaller bound is right
    for rate, n in itertools.product((0.0, 0.3, 0.9), (0, 1, 7)):
        state = compose([lambda t, r=rate: r * t + 1] * n, range(n), 0.0)
        assert theory.error_bound(rate, n, 1.0) == pytest.approx(1 / (1 - rate) - state, abs=1e-13)
    assert theory.error_bound(0.5, np.int64(3), 2) == 0.5


@given(st.floats(0, 0.999999), st.floats(0, 1e6), st.floats(1e-12, 10))
def test_steps_needed_is_the_smallest(rate, first_move, tol):
    n = theory.steps_needed(rate, first_move, tol)
    assert theory.error_bound(rate, n, first_move) <= tol
    assert n == 0 or theory.error_bound(rate, n - 1, first_move) > tol


def test_steps_needed_at_the_edges():
    assert theory.steps_needed(0.5, 0.5, 2**-10) == 10
    assert theory.steps_needed(0.0, 3.0, 1.0) == 1
    assert theory.steps_needed(0.9, 0.0, 1e-300) == 0
    assert theory.steps_needed(1 - 2**-53, 1.0, 5e-324) > 10**18


def test_a_posteriori_bound_holds_for_one_map_and_fails_for_backward():
    bits = np.random.default_rng(0).integers(2, size=(2000, 50))
    steps = np.cumsum(bits * 2.0 ** -np.arange(1, 51), axis=1)
    n = 10
    moves, left = steps[:, n] - steps[:, n - 1], steps[:, -1] - steps[:, n]
    failed = np.mean([gone > theory.a_posteriori_bound(0.5, move) for gone, move in zip(left, moves, strict=True)])
    assert 0.4 < failed < 0.6
    for rate, start in itertools.product((0.1, 0.5, 0.9), (-2.0, 0.5, 3.0)):
        for step in (lambda t, r=rate: r * np.sin(t) + 1, lambda t, r=rate: r * t + 1, lambda t, r=rate: 1 - r * t):
            path = [compose([step] * k, range(k), start) for k in range(400)]
            for k in range(1, 20):
                bound = theory.a_posteriori_bound(rate, abs(path[k] - path[k - 1]))
                assert abs(path[-1] - path[k]) <= bound + 1e-12
    assert theory.a_posteriori_bound(0.75, 1.0) == 3.0  # reached by θ → ¾θ + 1


@pytest.mark.parametrize("text", ORDERS)
@pytest.mark.parametrize("lr", [0.1, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("n", [1, 2, 7, 10])
def test_batch_weights_are_those_of_literal_composition(text, lr, n):
    x, start, word = np.random.default_rng(n).normal(size=n), 1.3, ro.order(text).word(n)
    final = compose([lambda t, x=x_i: t - lr * (t - x) for x_i in x], word, start)
    weights = theory.batch_weights(word, lr)
    assert weights.shape == (n,)
    assert (1 - lr) ** n * start + weights @ x == pytest.approx(final, abs=1e-13)


def test_batch_weights_of_repeats_and_gaps():
    weights = theory.batch_weights([3, 0, 3], lr=0.25)
    assert weights.tolist() == [0.25 * 0.75, 0, 0, 0.25 + 0.25 * 0.75**2]


def test_binary_digits_are_exact():
    rng = np.random.default_rng(1)
    for n in (1, 2, 30, 53):
        for bits in rng.integers(2, size=(50, n)):
            fraction = theory.binary_fraction(bits)
            assert Fraction(fraction) == sum(Fraction(int(b), 2 ** (i + 1)) for i, b in enumerate(bits))
            assert theory.bits_of(fraction, n).tolist() == bits.tolist()
            word = ro.Backward().word(n)
            assert compose([lambda t, b=b: t - (t - b) / 2 for b in bits.tolist()], word, 0.0) == fraction
    assert theory.bits_of(0.0, 3).dtype == np.int64
    assert theory.bits_of(5e-324, 1080).sum() == 1


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 60))
def test_bits_are_the_floor_of_the_scaled_fraction(fraction, n):
    digits = math.floor(Fraction(fraction) * 2**n)
    assert "".join(map(str, theory.bits_of(fraction, n))) == f"{digits:0{n}b}"


def test_cycles_of_numbers():
    rng = np.random.default_rng(2)
    slopes, shifts = rng.uniform(-0.9, 0.9, 5), rng.normal(size=5)
    check_cycles(slopes, shifts, [lambda t, a=a, b=b: a * t + b for a, b in zip(slopes, shifts, strict=True)], 0.7)


def test_cycles_of_matrices_that_expand_one_by_one():
    rng = np.random.default_rng(6)
    slopes, shifts = rng.normal(size=(3, 2, 2)) * 0.6, rng.normal(size=(3, 2))
    assert max(np.linalg.norm(a, 2) for a in slopes) > 1
    check_cycles(
        slopes, shifts, [lambda t, a=a, b=b: a @ t + b for a, b in zip(slopes, shifts, strict=True)], np.ones(2)
    )


def test_one_order_can_converge_where_the_other_does_not():
    slopes, shifts = np.random.default_rng(3).normal(size=(3, 2, 2)) * 0.5, np.ones((3, 2))
    assert np.isfinite(theory.backward_limit(slopes, shifts)).all()
    with pytest.raises(ValueError, match="spectral radius 1.84"):
        theory.cycle_points(slopes, shifts)


def check_cycles(slopes, shifts, maps, start):
    period = len(maps)
    points, limit = theory.cycle_points(slopes, shifts), theory.backward_limit(slopes, shifts)
    assert points.shape == np.shape(shifts)
    for n in range(200 * period, 201 * period):
        forward, backward = ro.Forward().word(n), ro.Backward().word(n)
        np.testing.assert_allclose(compose(maps, [i % period for i in forward], start), points[n % period], atol=1e-12)
        np.testing.assert_allclose(compose(maps, [i % period for i in backward], start), limit, atol=1e-12)
    assert np.abs(points - limit).max() > 0.01 and np.abs(points[1] - points[0]).max() > 0.01


def test_slopes_that_expand_half_of_the_time():
    assert theory.lyapunov_exponent([-1.5, 0.5]) == pytest.approx(0.5 * math.log(0.75), abs=1e-15)
    assert theory.tail_index([-1.5, 0.5]) == pytest.approx(1, abs=1e-12)
    assert theory.lyapunov_exponent([2.0, 0.25], [0.25, 0.75]) == pytest.approx(-1.25 * math.log(2))
    assert theory.lyapunov_exponent([0.0, 7.0]) == -math.inf
    assert theory.lyapunov_exponent([0.0, 7.0], [0.0, 1.0]) == math.log(7)
    assert theory.tail_index([0.5, -1.0]) == math.inf
    assert theory.tail_index([0.5, 9.0], [1.0, 0.0]) == math.inf
    assert theory.tail_index([0.0, 2.0], [0.75, 0.25]) == pytest.approx(2)  # ¼ 2^κ = 1


def test_without_maps_that_expand_or_with_a_common_fixed_point_there_is_no_power_tail():
    """Slopes ½ and 1, shift 1: P(θ > t) falls at least exponentially. Slopes -1.5 and ½ about one point: no law."""
    coins = np.random.default_rng(0).integers(2, size=(200, 20_000))
    backward, common, products = np.zeros(20_000), np.zeros(20_000), np.ones(20_000)
    for coin in coins:
        backward += np.where(products > 1e-300, products, 0)
        products *= np.where(coin, 1.0, 0.5)
    assert theory.tail_index([0.5, 1.0]) == math.inf and 5 < backward.max() < 60
    tail = [(backward > t).mean() for t in (8, 16)]
    assert tail[1] < 0.02 * tail[0]  # 2^-κ with κ > 5, and t goes on
    for coin in reversed(coins):
        common = np.where(coin, -1.5, 0.5) * (common - 3.0) + 3.0
    assert theory.tail_index([-1.5, 0.5]) == pytest.approx(1) and np.median(np.abs(common - 3)) < 1e-6


@given(st.floats(-3, 3), st.floats(0.01, 0.9), st.floats(0.05, 0.95))
def test_tail_index_makes_the_moment_one(big, small, chance):
    slopes, chances = [big, small], [chance, 1 - chance]
    if theory.lyapunov_exponent(slopes, chances) < -1e-3 and abs(big) > 1.001:
        kappa = theory.tail_index(slopes, chances)
        moment = chance * abs(big) ** kappa + (1 - chance) * small**kappa
        assert kappa > 0 and moment == pytest.approx(1, abs=1e-9)


def test_chaos_game_dimension_counts_boxes():
    assert theory.chaos_game_dimension() == pytest.approx(math.log2(3), abs=1e-15)
    assert theory.chaos_game_dimension(4, 0.5) == 2 and theory.chaos_game_dimension(2, 1 / 3) == pytest.approx(
        0.63093, abs=1e-5
    )
    points = theory.chaos_game_points([[0, 0], [1, 0], [0, 1]], depth=9)
    counts = [len(np.unique(np.floor(points * 2**k + 1e-9), axis=0)) for k in (3, 7)]
    assert math.log2(counts[1] / counts[0]) / 4 == pytest.approx(theory.chaos_game_dimension(), abs=1e-9)


def test_chaos_game_points_are_all_sequences_in_order():
    corners = np.random.default_rng(4).normal(size=(3, 2))
    points, ratio = theory.chaos_game_points(corners, depth=4, ratio=0.4), 0.4
    maps = [lambda t, c=c: ratio * t + (1 - ratio) * c for c in corners]
    words = itertools.product(range(3), repeat=4)
    literal = [compose(maps, word[::-1], corners[0]) for word in words]  # the leading digit is applied last
    np.testing.assert_allclose(points, literal, atol=1e-14)
    assert theory.chaos_game_points(corners, 11).shape == (3**11, 2)


def test_every_name_is_there_and_no_other_part_of_the_package():
    import ast
    from pathlib import Path

    for name in theory.__all__:
        assert getattr(theory, name).__doc__
    for path in Path(theory.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            used = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None)]
            if isinstance(node, ast.Import | ast.ImportFrom):
                known = {
                    "__future__",
                    "bisect",
                    "collections",
                    "functools",
                    "lazy_loader",
                    "math",
                    "numbers",
                    "numpy",
                    "scipy",
                    "typing",
                }
                assert all(u.startswith("revorder.theory") or u.split(".")[0] in known for u in used), (path, used)
