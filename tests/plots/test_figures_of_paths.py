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
from revorder.plots.budget import heat_figure, multiples_figure
from revorder.plots.contraction import distances
from revorder.plots.quadratics import cycle_figure
from revorder.plots.training import gaps_figure, ratios_figure


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


def test_gaps_figure_says_its_numbers():
    gaps = {"parameters": np.array([[1.0, 2, 2], [1.0, 4, 8]]), "logits": np.array([[1.0, 0, 0.5], [1.0, 1, 0.5]])}
    alt = gaps_figure([0, 5, 10], gaps, {"first": np.array([[2.0, 1, 0.5]])}, title="A title").alt
    assert alt.startswith("A title. Left: the test loss in nats, first from 2 to 0.5.")
    assert "2 pairs of runs" in alt and "at step 10 it is of the parameters 4 times, of the logits 0.5 times" in alt
    one = gaps_figure([0, 10], {"logits": np.ones((1, 2))}, {"first": np.ones((1, 2))}, title="A title").alt
    assert "the gap of a pair of runs on the same batches" in one


def test_ratios_figure_counts_the_seeds_below_one():
    spreads = {"sgd": {"forward": [1.0, 2.0], "backward": [0.5, 4.0]},
               "adam": {"forward": [1.0, 1.0], "backward": [0.25, 0.25]}}  # fmt: skip
    alt = ratios_figure(spreads, title="A title", quantity="spread").alt
    assert re.search(r"sgd 1.00 \(95 %: [\d.e-]+ to [\d.e+]+\), below 1 at 1 of 2 seeds", alt)
    assert "adam 0.25 (95 %: 0.25 to 0.25), below 1 at 2 of 2 seeds" in alt


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
    frame = compare(setting_of_coins(), chosen, range(3), 50, [10, 20, 30, 40, 50], [0.1, 0.3])
    last = frame[frame["evaluations"] == 50].groupby(["method", "lr"])["value"].mean()
    rates = {"forward": 0.1, "backward": 0.3, "EMA": 0.1}
    alt = multiples_figure(frame, "theta", rates, "backward", label="θ", title="Told").alt
    assert "Told" in alt and "dashed: backward" in alt
    assert f"backward {last['backward', 0.3]:.3g} (h = 0.3), EMA {last['EMA', 0.1]:.3g} (h = 0.1)" in alt
    values = last.unstack("lr").loc[list(chosen)].to_numpy(copy=True)
    values[2, 1] = np.nan
    alt = heat_figure(values, list(chosen), [0.1, 0.3], [1, 0, 0], label="loss (nats)", title="Told").alt
    assert f"forward {values[0, 1]:.3g} at 0.3; backward {values[1, 0]:.3g} at 0.1" in alt
