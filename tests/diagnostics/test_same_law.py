"""Same law, different path, on a network: the test loss of an MLP on the digits, with i.i.d. batches."""

from __future__ import annotations

import numpy as np
import pytest

import revorder as ro
from revorder.diagnostics import compare_laws, spread_along_path

SEEDS, STEPS = 2000, 120


@pytest.fixture(scope="module")
def losses():
    """The test loss at a fixed step over 2000 seeds, forward and backward, from independent batch sequences."""
    problem, data = ro.problems.digits_mlp(steps=1), ro.datasets.digits().train
    found = {}
    for order, first in (("forward", 0), ("backward", SEEDS)):
        batches = [ro.batches.Minibatches(data, ro.batches.iid(1400, 8, STEPS, seed=first + s)) for s in range(SEEDS)]
        runs = ro.run_seeds(
            problem.update, problem.start, batches, order, [STEPS], progress=False, keep_states=False,
            metrics={"test loss": problem.metrics["test loss"]},
        )  # fmt: skip
        found[order] = runs.metrics["test loss"][0]
    return found


def test_endpoints_of_both_orders_have_the_same_law(losses):
    assert compare_laws(losses["forward"], losses["backward"]).p_value > 0.01


def test_a_small_difference_of_the_laws_would_be_seen(losses):
    shift = 0.25 * losses["forward"].std()
    assert compare_laws(losses["forward"] + shift, losses["backward"]).p_value < 0.01


def test_but_the_spread_along_the_path_differs():
    spreads = {}
    for order in ("forward", "backward"):
        runs = [
            ro.problems.digits_mlp(steps=2000, seed=seed, data_order=ro.batches.iid).run(order, range(1510, 2001, 10))
            for seed in range(3)
        ]
        spreads[order] = [spread_along_path(run, "test loss") for run in runs]
    assert (np.array(spreads["backward"]) < 0.6 * np.array(spreads["forward"])).all()
