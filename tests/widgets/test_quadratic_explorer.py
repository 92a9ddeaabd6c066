"""The QuadraticExplorer widget, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.widgets.quadratics import QuadraticExplorer, bowl, iterates, last_states


@pytest.fixture
def explorer():
    return QuadraticExplorer()


def by_replay(hessian, kicks, lr, spec, last):
    """The same states by the replay engine, one gradient step after the other."""
    hessian, kicks = torch.as_tensor(hessian), torch.as_tensor(kicks)
    steps = range(len(kicks) - last + 1, len(kicks) + 1)
    start = torch.zeros(2, dtype=torch.float64)
    return ro.run(lambda t, kick: t - lr * (hessian @ t - kick), start, kicks, spec, steps, engine="replay",
                  progress=False).states.numpy()  # fmt: skip


@pytest.mark.parametrize("spec", ["forward", "backward", "backward-window:4", "backward-blocks:4", "backward-tail:5",
                                  "two-sided", "shuffled"])  # fmt: skip
@pytest.mark.parametrize("lr", [0.3, 1.0, 1.7])
def test_iterates_equal_a_run(spec, lr):
    kicks = np.random.default_rng(0).standard_normal((30, 2))
    hessian = bowl(3, 40)
    expected = by_replay(hessian, kicks, lr, spec, 12)
    np.testing.assert_allclose(iterates(hessian, kicks, lr, spec, 12), expected, rtol=0, atol=1e-12)
    if spec != "forward":
        assert np.abs(expected - iterates(hessian, kicks, lr, "forward", 12)).max() > 1e-3


def test_the_bowl_has_these_axes():
    hessian = bowl(4, 30)
    steep = np.array([np.sqrt(3) / 2, 0.5])
    np.testing.assert_allclose(hessian @ steep, steep)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), [0.25, 1])


def test_what_is_shown_is_what_theory_and_replay_say(explorer):
    explorer.lr.value, explorer.condition.value, explorer.angle.value = 0.5, 3, 60
    explorer.batch_size.value, explorer.seed.value = 2, 7
    noise = np.diag([0.5, 0.125])
    sigma = ro.theory.stationary_covariance(bowl(3, 60), noise, 0.5)
    np.testing.assert_allclose(explorer.covariance, sigma)
    kicks = np.random.default_rng(7).standard_normal((600, 2)) * np.sqrt([0.5, 0.125])
    expected = by_replay(bowl(3, 60), kicks, 0.5, "forward", 300)
    np.testing.assert_allclose(explorer.paths["forward"], expected, rtol=0, atol=1e-12)
    moved = np.sqrt(expected.var(axis=0).sum())
    assert f"forward {moved:.2g}" in explorer.picture.alt
    steep = np.array([0.5, np.sqrt(3) / 2])
    assert f"steep axis {steep @ sigma @ steep:.2g} predicted" in explorer.picture.alt
    assert explorer.picture.html == explorer.image.value and "<img alt=" in explorer.image.value
    assert "0.5 along the steep axis, 0.833 along the flat axis" in explorer.summary.value


def test_seeds_have_the_predicted_covariance():
    hessian, noise = bowl(3, 30), np.diag([1.0, 0.25])
    sigma = ro.theory.stationary_covariance(hessian, noise, 0.4)
    ends = np.concatenate([last_states(hessian, noise, 0.4, seed) for seed in range(8)])
    products = ends[:, :, None] * ends[:, None]
    error = products.std(axis=0) / len(ends) ** 0.5
    assert (np.abs(products.mean(axis=0) - sigma) < 3 * error).all()
    assert (np.abs(products.mean(axis=0) - ro.theory.small_lr_covariance(hessian, noise, 0.4)) > 3 * error).any()


def test_only_backward_and_its_tail_settle(explorer):
    forward = explorer.paths["forward"].std(axis=0).max()
    spread = {}
    for spec in explorer.order.options:
        explorer.order.value = spec
        spread[spec] = explorer.paths[spec].std(axis=0).max() / forward
    assert spread["backward"] < 1e-6 < spread["backward-tail:200"] < 0.01
    assert min(each for spec, each in spread.items() if spec not in ("backward", "backward-tail:200")) > 0.3


@pytest.mark.parametrize("lr", [2.0, 2.2])
def test_unstable_rates_are_answered_in_words(explorer, lr):
    before = explorer.image.value
    explorer.lr.value = lr
    assert 'role="alert"' in explorer.error.value and "lr must be &lt; 2" in explorer.error.value
    assert explorer.image.value == before
    explorer.lr.value = 1.98
    assert explorer.error.value == "" and explorer.image.value != before
