"""Contraction, measured: rates, Lipschitz constants, spectral radii and exponents against closed forms."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from coins import towards
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.diagnostics import (
    EstimateWarning,
    box_dimension,
    contraction_rate,
    lipschitz,
    lyapunov_exponent,
    spectral_radius,
)

ONE = torch.ones((), dtype=torch.float64)
nearer = towards(0.3)


def quadratic(lr=0.1, momentum=0.0):
    curvature = torch.tensor([1.0, 4.0, 9.0], dtype=torch.float64)
    update = ro.sgd(lambda theta, x: 0.5 * (curvature * (theta - x) ** 2).sum(), lr, momentum)
    return update, update.init(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)), curvature


def mlp():
    torch.manual_seed(0)
    loss, params = ro.module_loss(ro.models.mlp(6, 5, 3).double(), cross_entropy)
    update = ro.sgd(loss, 0.4)
    generator = torch.Generator().manual_seed(1)
    batch = (torch.randn(7, 6, generator=generator, dtype=torch.float64), torch.arange(7) % 3)
    return update, update.init(params), batch


def test_rate_of_the_scalar_model_is_one_minus_lr():
    batches = torch.rand(40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert contraction_rate(nearer, 0 * ONE, 5 * ONE, batches) == pytest.approx(0.7, rel=1e-9)


def test_rate_is_the_geometric_mean_of_the_slopes():
    slopes = [0.5, 0.9, 0.2, 0.7]
    with pytest.warns(EstimateWarning, match="standard error"):
        found = contraction_rate(lambda s, a: a * s + 1, 0 * ONE, ONE, torch.tensor(slopes, dtype=torch.float64))
    assert found == pytest.approx(math.prod(slopes) ** 0.25, rel=1e-12)


def test_rate_of_one_step_warns_and_carries_the_estimate():
    with pytest.warns(EstimateWarning) as caught:
        contraction_rate(nearer, 0 * ONE, ONE, torch.zeros(1, dtype=torch.float64))
    assert caught[0].message.estimate == pytest.approx(0.7)
    assert caught[0].message.standard_error == math.inf


def test_rate_counts_only_steps_above_rounding():
    with pytest.warns(EstimateWarning, match="equal up to rounding after"):
        found = contraction_rate(nearer, 4 * ONE, 5 * ONE, torch.ones(500, dtype=torch.float64))
    assert found == pytest.approx(0.7, rel=1e-3)


def test_runs_that_meet_have_rate_zero():
    assert contraction_rate(lambda s, b: b + 0 * s, 0 * ONE, ONE, torch.ones(3, dtype=torch.float64)) == 0


def test_rate_covers_momentum_and_keys():
    update, start, _ = quadratic(0.05, momentum=0.5)
    other = start | {"params": start["params"] + 1}
    batches = torch.zeros(300, 3, dtype=torch.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)
        observed = contraction_rate(update, start, other, batches)
    assert observed == pytest.approx(spectral_radius(update, start, batches[0]), rel=0.02)


@pytest.mark.parametrize(
    ("a", "b", "steps", "message"),
    [(ONE, ONE, 3, "start_a, start_b"), (ONE, 2 * ONE, 0, "batches: got 0"), (ONE, ONE * math.inf, 3, "finite")],
)
def test_rate_refuses(a, b, steps, message):
    with pytest.raises(ValueError, match=message):
        contraction_rate(nearer, a, b, torch.zeros(steps, dtype=torch.float64))


def test_rate_refuses_divergence():
    with pytest.raises(ValueError, match="not finite since batch"):
        contraction_rate(lambda s, b: s**9, 2 * ONE, 3 * ONE, torch.zeros(9, dtype=torch.float64))


def jacobian(update, start, batch):
    """The oracle: the full Jacobian, column by column, by finite differences of the params."""
    flat = torch.cat([leaf.flatten() for leaf in start["params"].values()])
    sizes = [leaf.numel() for leaf in start["params"].values()]

    def apply(vector):
        parts = [p.view_as(leaf) for p, leaf in zip(vector.split(sizes), start["params"].values(), strict=True)]
        params = dict(zip(start["params"], parts, strict=True))
        after = update(start | {"params": params}, batch)["params"]
        return torch.cat([leaf.flatten() for leaf in after.values()])

    eye = 1e-5 * torch.eye(len(flat), dtype=flat.dtype)
    return torch.stack([(apply(flat + e) - apply(flat - e)) / 2e-5 for e in eye], dim=1)


def test_lipschitz_is_the_largest_singular_value():
    update, start, batch = mlp()
    full = jacobian(update, start, batch)
    assert lipschitz(update, start, batch) == pytest.approx(float(torch.linalg.matrix_norm(full, 2)), rel=1e-4)
    radius = float(torch.linalg.eigvals(full).abs().max())
    assert spectral_radius(update, start, batch) == pytest.approx(radius, rel=1e-4)


@pytest.mark.parametrize("lr", [0.05, 0.2, 0.3])
def test_lipschitz_of_a_quadratic(lr):
    update, start, curvature = quadratic(lr)
    expected = float((1 - lr * curvature).abs().max())
    assert lipschitz(update, start, torch.zeros(3, dtype=torch.float64)) == pytest.approx(expected, rel=1e-6)


def test_momentum_can_have_norm_above_one_and_contract():
    update, start, _ = quadratic(0.1, momentum=0.9)
    batch = torch.zeros(3, dtype=torch.float64)
    assert lipschitz(update, start, batch) > 1.2
    assert spectral_radius(update, start, batch) == pytest.approx(math.sqrt(0.9), rel=1e-9)


def test_spectral_radius_of_a_large_map_agrees_with_the_dense_one():
    """300 numbers: all eigenvalues of heavy-ball maps lie on a circle, of radius sqrt(momentum)."""
    curvature = torch.linspace(0.2, 15, 150, dtype=torch.float64)
    update = ro.sgd(lambda theta, x: 0.5 * (curvature * (theta - x) ** 2).sum(), 0.1, momentum=0.8)
    start = update.init(torch.ones(150, dtype=torch.float64))
    assert spectral_radius(update, start, torch.zeros(150, dtype=torch.float64)) == pytest.approx(
        math.sqrt(0.8), rel=3e-3
    )


def test_lipschitz_warns_when_it_has_not_converged():
    update, start, batch = mlp()
    with pytest.warns(EstimateWarning, match="lower bound") as caught:
        lower = lipschitz(update, start, batch, most=1)
    assert caught[0].message.estimate == lower < lipschitz(update, start, batch)


def test_a_state_without_floats_has_no_lipschitz_constant():
    with pytest.raises(TypeError, match="no floating-point"):
        lipschitz(lambda s, b: s, torch.tensor(1), ONE)


def test_lyapunov_exponent_where_half_of_the_maps_expand():
    generator = torch.Generator().manual_seed(0)
    slopes = torch.tensor([-1.5, 0.5], dtype=torch.float64)[torch.randint(2, (4000,), generator=generator)]
    found = lyapunov_exponent(lambda s, a: a * s + 1, ONE, slopes)
    assert found == pytest.approx(float(slopes[400:].abs().log().mean()), rel=1e-9)
    assert found == pytest.approx(ro.theory.lyapunov_exponent([-1.5, 0.5]), abs=0.03)


def test_lyapunov_exponent_finds_the_slowest_direction():
    update, start, curvature = quadratic(0.05)
    found = lyapunov_exponent(update, start, torch.zeros(400, 3, dtype=torch.float64))
    assert found == pytest.approx(math.log(float((1 - 0.05 * curvature).max())), abs=1e-6)


def test_lyapunov_exponent_with_few_batches_warns_and_without_any_refuses():
    with pytest.warns(EstimateWarning, match="rests on 18 steps") as caught:
        lyapunov_exponent(nearer, ONE, torch.zeros(20, dtype=torch.float64))
    assert caught[0].message.estimate == pytest.approx(math.log(0.7))
    with pytest.raises(ValueError, match="at least one"):
        lyapunov_exponent(nearer, ONE, torch.zeros(0, dtype=torch.float64))


def test_lyapunov_exponent_of_a_map_that_forgets():
    assert lyapunov_exponent(lambda s, b: b + 0 * s, ONE, torch.zeros(5, dtype=torch.float64)) == -math.inf


def test_box_dimension_of_the_chaos_game_is_log_3_over_log_2():
    corners = np.array([[0, 0], [1, 0], [0, 1]])
    picks = np.random.default_rng(0).integers(3, size=40_000)
    points, at = [], np.zeros(2)
    for pick in picks:
        at = (at + corners[pick]) / 2
        points.append(at)
    assert box_dimension(points[30:]) == pytest.approx(math.log(3) / math.log(2), abs=0.01)


def test_box_dimension_of_a_square_and_of_a_segment():
    square = np.random.default_rng(0).random((200_000, 2))
    assert box_dimension(square) == pytest.approx(2, abs=0.01)
    assert box_dimension(np.stack([square[:, 0], square[:, 0]], axis=1)) == pytest.approx(1, abs=0.01)


def test_box_dimension_of_a_point_is_zero():
    assert box_dimension([[0.3, 0.7]] * 20) == pytest.approx(0, abs=1e-12)


def test_box_dimension_with_few_points_warns_and_carries_the_slope():
    points = np.random.default_rng(0).random((200, 2))
    with pytest.warns(EstimateWarning, match="boxes") as caught:
        assert box_dimension(points) == caught[0].message.estimate < 1.5


@pytest.mark.parametrize(("points", "depths"), [([[2.0, 0.0]], (1, 2)), ([0.5], (1, 2)), ([[0.5, 0.5]], (3,))])
def test_box_dimension_refuses(points, depths):
    with pytest.raises(ValueError, match="points|depths"):
        box_dimension(points, depths)
