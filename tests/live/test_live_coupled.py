"""The live figure of two runs with two slopes: states, the exact gap, contraction on average."""

from __future__ import annotations

import numpy as np
import pytest
from live_goals import reached
from live_pages import browser, opened
from live_truth import computed, gap, worst_gap

import revorder as ro

GOALS = {"coupled": [[{"slopes": [-1.5, 0.5], "seed": 1, "step": 80}], [{"slopes": [2, 0.1], "seed": 45, "step": 60}]]}


def draw(rng):
    return ro.live.Coupled(
        slopes=rng.uniform(-2, 2, 2).tolist(), seed=int(rng.integers(1000)), a=rng.uniform(-2, 3), b=rng.uniform(-2, 3)
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_slope_would_be_noticed():
    figure = ro.live.Coupled()
    found = computed(figure, slopes=[0.6, 0.89])
    assert gap(found, figure.states()) > 0.01


@pytest.mark.parametrize("slopes", [[0.5, 0.9], [-1.5, 0.5], [1.2, 1.0]])
def test_the_gap_is_the_product_of_the_slopes_in_both_orders(slopes):
    states = ro.live.Coupled(slopes=slopes).states()
    for order in ("forward", "backward"):
        a, b = states[order]
        assert np.allclose(abs(b - a), states["gap"], rtol=1e-9, atol=1e-9 * abs(states[order]).max())


def test_half_of_the_maps_stretch_and_backward_settles():
    """Slopes -1.5 and 1/2: Lyapunov exponent ½ log 0.75 = -0.1438 a step; forward goes on moving."""
    figure = ro.live.Coupled(slopes=[-1.5, 0.5])
    states = figure.states()
    assert abs(np.log(states["mean"][0]) + 0.1438) < 1e-4
    moves = {order: abs(np.diff(states[order][0]))[-10:].max() for order in ("forward", "backward")}
    assert moves["backward"] < 1e-3 < 0.1 < moves["forward"]


def test_a_slope_of_zero_closes_the_gap():
    states = ro.live.Coupled(slopes=[0.0, 1.5]).states()
    assert states["mean"] == [0] and states["gap"][-1] == 0


def test_goals_are_recognised_and_the_slopes_can_be_dragged(chromium, tmp_path):
    with browser(chromium) as opened_browser, opened(opened_browser, tmp_path, [ro.live.Coupled()]) as page:
        assert reached(page) == 0
        page.locator("[aria-label='the two slopes']").focus()
        page.keyboard.press("Shift+ArrowUp")
        page.keyboard.press("Shift+ArrowUp")
        assert page.evaluate("document.querySelector('.live-on').live.settings.slopes") == [0.6, 1.1]
        for number, settings in enumerate(GOALS["coupled"], 1):
            assert reached(page, settings) == number
        assert not page.errors


def test_the_picture_says_what_it_shows():
    assert "geometric mean" in ro.live.Coupled().picture.alt
    assert ro.live.Coupled(step=0).picture.png
