"""The BudgetExplorer widget, driven in Python; no browser needed."""

from __future__ import annotations

import re

import numpy as np
import pytest

import revorder as ro
from revorder.experiments.budget import coins, compare, methods
from revorder.widgets.budget import BUDGETS, NAMES, BudgetExplorer, checkpoints, weights


@pytest.fixture
def explorer():
    return BudgetExplorer()


@pytest.mark.parametrize("lr", [0.1, 0.3])
def test_weights_are_those_of_the_methods(lr):
    setting, looks = coins(lr), checkpoints(200)
    frame = compare(setting, {name: methods(200)[name] for name in NAMES}, [0, 1], 200, looks.tolist())
    singles = np.stack([setting.batches(seed, 200, 1).numpy() for seed in (0, 1)], axis=1)
    for name, found in frame.groupby("method"):
        states = found.pivot(index="evaluations", columns="seed", values="value").to_numpy()
        assert np.allclose(weights(name, lr, 200) @ singles, states, rtol=0, atol=1e-12), name


def test_exact_errors_are_the_closed_forms(explorer):
    explorer.second.value, explorer.lr.value, explorer.budget.value = "forward", 0.2, 800
    for name in ("backward", "forward"):
        assert explorer.errors[name][1][-1] == pytest.approx(ro.theory.stationary_variance(0.2, 0.25))
    explorer.second.value = "EMA"
    assert explorer.errors["EMA"][1][-1] == pytest.approx(ro.theory.ema_variance(0.2, 0.98, 0.25), rel=1e-3)
    explorer.second.value = "SWA"
    assert explorer.errors["SWA"][1][-1] == pytest.approx(ro.theory.averaged_variance(0.2, 400, 0.25))


@pytest.mark.parametrize("name", NAMES)
def test_simulated_errors_agree_with_the_exact_ones(explorer, name):
    explorer.second.value = name if name != "backward" else "forward"
    runs, (simulated, exact) = explorer.runs[name], explorer.errors[name]
    assert simulated == pytest.approx(((runs - 0.5) ** 2).mean(axis=1))
    sure = ((runs - 0.5) ** 2).std(axis=1) / np.sqrt(runs.shape[1])
    assert (abs(simulated - exact)[5:] < 5 * sure[5:]).all()


def test_shown_numbers_are_those_of_the_runs(explorer):
    text = re.sub(r"<[^>]+>", " ", explorer.summary.value)
    tail = range(310, 401, 10)
    spread = explorer.runs["backward"][-10:].std(axis=0).mean()
    simulated, exact = explorer.errors["backward"]
    row = f"backward 400 {sum(tail):,} {simulated[-1]:.4f} {exact[-1]:.4f} {spread:.4f}"
    assert row in " ".join(text.split())
    assert "EMA 400 400" in " ".join(text.split())
    ends = explorer.errors["EMA"]
    assert f"EMA {ends[0][-1]:.2g} ({ends[1][-1]:.2g})" in explorer.picture.alt
    assert "EMA has the smaller error" in explorer.picture.alt


def test_one_method_twice_is_explained(explorer):
    before = explorer.image.value
    explorer.second.value = "backward"
    assert 'role="alert"' in explorer.error.value and "Both methods are backward" in explorer.error.value
    assert explorer.image.value == before
    explorer.second.value = "SWA"
    assert explorer.error.value == "" and explorer.image.value != before


def test_all_settings_can_be_drawn_and_nothing_moves(explorer):
    sizes = set()
    for first, second in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True):
        explorer.first.value, explorer.second.value = first, second
        explorer.lr.value = explorer.lr.max
        explorer.budget.value = BUDGETS[-1]
        sizes.add(explorer.picture.png[16:24])  # width and height of a PNG
        assert all(np.isfinite(errors).all() for pair in explorer.errors.values() for errors in pair)
    assert len(sizes) == 1
