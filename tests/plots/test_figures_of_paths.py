"""Figures of paths, gradients and budgets: what their alt texts say, against numbers found without them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from coins import ZERO, halfway

import revorder as ro
from revorder.experiments.budget import coins as setting_of_coins
from revorder.experiments.budget import compare, methods
from revorder.plots.brackets import power_of_ten, slope
from revorder.plots.budget import LOOKS, budget_figure, methods_figure
from revorder.plots.contraction import distances
from revorder.plots.quadratics import cycle_figure
from revorder.plots.training import momentum_figure, regime_figure
from revorder.trajectories.trajectory import Trajectory


def coins(bits, order="backward"):
    batches = torch.tensor(bits, dtype=torch.float64)
    return ro.run(halfway, ZERO, batches, order, range(1, len(bits) + 1), progress=False)


def test_bounds_figure_names_the_steps_at_which_the_bound_fails():
    bits = [1, 0, 0, 1, 1, 0, 1]
    run, limit = coins(bits), ro.theory.binary_fraction([*bits, 0, 1])
    alt = ro.plots.bounds_figure(run, 0.0, limit, 0.5, 0.5).alt
    wrong = [n for n in range(1, 8) if bits[n - 1] == 0]
    assert f"wrong at {len(wrong)} of 7 steps" in alt
    assert f"below the true distance: {', '.join(map(str, wrong))}." in alt
    assert "holds at 7 of 7 steps" in alt


def test_bounds_figure_does_not_praise_a_wrong_bound():
    run = coins([1, 1, 1])
    assert "holds at 3 of 3 steps" in ro.plots.bounds_figure(run, 0.0, 5.0, 0.5, 40.0).alt
    assert "holds at 0 of 3 steps" in ro.plots.bounds_figure(run, 0.0, 5.0, 0.5, 0.5).alt


def test_bounds_figure_where_the_bound_never_fails():
    run = coins([1, 1, 1, 1])
    alt = ro.plots.bounds_figure(run, 0.0, ro.theory.binary_fraction([1] * 40), 0.5, 0.5).alt
    assert "wrong at 0 of 4 steps" in alt and "true distance: none." in alt


def test_distances():
    error, last = distances(coins([1, 0, 1]), 0.0, 0.75)
    assert error.tolist() == [0.25, 0.25, 0.125] and last.tolist() == [0.5, 0.0, 0.125]


def test_regime_figure_says_its_numbers():
    run = Trajectory(order="two-sided", steps=[5, 10], states=torch.zeros(2), metrics={"test loss": np.array([2.0, 1])})
    alt = regime_figure([run], [0, 5, 10], np.array([2.0, 4, 6]), np.array([1.0, 0, 0.25]), title="A title").alt
    assert alt.startswith("A title. Left: the test loss in nats, two-sided from 2 to 1.")
    assert re.search(r"at step 10 it is of parameters 3 times, of predictions 0.25 times", alt)


def test_momentum_figure_counts_the_seeds_below_one():
    spreads = {"sgd": {"forward": [1.0, 2.0], "backward": [0.5, 4.0]}, "adam": {"forward": [1.0], "backward": [0.25]}}
    alt = momentum_figure(spreads, title="A title").alt
    assert "sgd 0.50 to 2.00, below 1 at 1 of 2 seeds; adam 0.25 to 0.25, below 1 at 1 of 1 seeds" in alt


def test_slope_is_the_power():
    x = np.array([0.1, 0.2, 0.7])
    assert slope(x, 5 * x**2.5) == pytest.approx(2.5)


def test_slope_figure_says_what_it_shows():
    x = [0.1, 0.01, 0.001]
    made = ro.plots.slope_figure(x, {"gap": [1e-2, 1e-4, 1e-6], "error": [1e-3, 1e-6, 1e-9]}, title="Message")
    assert "Message. gap 1e-06 at 0.001 and 0.01 at 0.1; error 1e-09 at 0.001 and 0.001 at 0.1." in made.alt
    assert len(made.png) < 80_000


def test_bracket_figure_says_what_it_shows():
    forward, backward = [[1, 1], [0, 1], [0, 0]], [[1, 1], [1, 0], [0.25, 0]]
    made = ro.plots.bracket_figure(forward, backward, [0.25, 0], np.zeros((2, 2)), title="Message")
    assert "backward minus forward is (0.250, 0.000), and the bracket predicts (0.250, 0.000)" in made.alt


@pytest.mark.parametrize("value, text", [(1, "10⁰"), (0.001, "10⁻³"), (1e-12, "10⁻¹²"), (100, "10²")])
def test_powers_of_ten(value, text):
    assert power_of_ten(value) == text


def test_cycle_figure_says_what_it_shows():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    forward = np.tile(corners, (10, 1))
    backward = np.full((30, 2), 0.25) + np.geomspace(1, 1e-9, 30)[:, None]
    alt = cycle_figure(forward, backward, corners, [0.25, 0.25], [0.3, 0.3], title="Round").alt
    assert "runs round 3 points" in alt and f"at most {np.hypot(0.75, 0.25):.2g} forward" in alt


def test_figures_of_budgets_say_what_they_show():
    chosen = {name: methods(50)[name] for name in ("forward", "backward", "EMA")}
    frame = compare(setting_of_coins(), chosen, range(3), 50, [10, 20, 30, 40, 50])
    last = frame[frame["evaluations"] == 50].groupby("method")["value"].mean()
    alt = budget_figure(frame, "theta", {"all": list(chosen)}, label="θ", title="Told").alt
    assert "Told" in alt and f"backward {last['backward']:.3g}" in alt
    tail = frame[(frame["method"] == "EMA") & (frame["evaluations"] >= 40)].groupby("seed")["value"].std(ddof=0)
    alt = methods_figure(frame, "theta", list(chosen), unit="", title="Told").alt
    assert f"EMA {last['EMA']:.3f} and {tail.mean():.4f}" in alt


def test_methods_have_looks_of_their_own():
    assert set(methods(50)) == set(LOOKS)
    assert len({look["marker"] for look in LOOKS.values()}) == len(LOOKS)
