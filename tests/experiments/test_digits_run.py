"""The main experiment, an MLP on digits (batch 8, lr 0.1, 2000 steps): where backward helps, and where not.

In float64: where training does not contract it amplifies rounding, and the outcome must not hang on that.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import revorder as ro

SEEDS = range(3)
LAST_50 = range(1510, 2001, 10)
TEN_EPOCHS = 1750


def both(lr, batch_size=8):
    """The test losses at the last 50 checkpoints and after ten epochs: order -> (seeds, 51)."""
    losses = {"forward": [], "backward": []}
    for seed in SEEDS:
        problem = ro.problems.digits_mlp(lr, batch_size, 2000, seed=seed, dtype=torch.float64)
        for order, rows in losses.items():
            rows.append(problem.run(order, [*LAST_50, TEN_EPOCHS]).metrics["test loss"])
    return {order: np.array(rows) for order, rows in losses.items()}


@pytest.fixture(scope="module")
def contractive():
    return both(lr=0.1)


def test_backward_settles(contractive):
    spread = {order: losses[:, :50].std(1) for order, losses in contractive.items()}
    assert (spread["backward"] <= 0.5 * spread["forward"]).all()


def test_mean_loss_after_whole_epochs_is_the_same(contractive):
    """Same law at whole epochs: the means over seeds differ by no more than their standard error, times 2."""
    forward, backward = (contractive[order][:, 50] for order in ("forward", "backward"))
    error = np.sqrt(forward.var(ddof=1) / len(SEEDS) + backward.var(ddof=1) / len(SEEDS))
    assert abs(forward.mean() - backward.mean()) <= 2 * error


def test_the_luckiest_checkpoint_is_forwards(contractive):
    best = {order: losses[:, :50].min(1).mean() for order, losses in contractive.items()}
    assert best["forward"] < best["backward"]


def test_backward_does_not_help_at_a_large_learning_rate():
    """Training is not contractive at lr 0.5: at some seed backward moves more than forward."""
    spread = {order: losses[:, :50].std(1) for order, losses in both(lr=0.5).items()}
    assert (spread["backward"] > spread["forward"]).any()
