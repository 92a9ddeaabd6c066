"""The live figure of four spreads: the page's states are those of `run`, and its formulas those of the theory."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_pages import be_still, browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro


def draw(rng):
    return ro.live.Spreads(
        lr=rng.uniform(0.05, 0.95), seed=int(rng.integers(1000)), start=rng.uniform(0, 1, 2).tolist()
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_swapped_orders_would_be_noticed():
    figure = ro.live.Spreads()
    found = computed(figure)
    assert gap({**found, "along_forward": found["along_backward"]}, figure.states()) > 0.1
    assert gap({**found, "seeds_forward": found["along_forward"][:1] + found["along_forward"]}, figure.states()) > 0.1


def test_three_spreads_are_stationary_and_one_vanishes():
    rates = [0.2, 0.5, 0.8]
    found = javascript("spreads_states", "spreadsStates", [[{"lr": lr, "seed": 0, "start": [0, 0]}] for lr in rates])
    sigmas = javascript("spreads_states", "stationary", [[lr] for lr in rates])
    for lr, sigma, states in zip(rates, sigmas, found, strict=True):
        assert np.isclose(sigma**2, ro.theory.stationary_variance(lr, variance=2 / 9))
        error = sigma / (2 * 400) ** 0.5
        for order in ("forward", "backward"):
            assert abs(states["overSeeds"][order][-1] - sigma) < 4 * error
        correlated = ((1 + (1 - lr) ** 2) / (1 - (1 - lr) ** 2)) ** 0.5
        assert abs(states["along"]["forward"][-1] - sigma) < 4 * sigma * correlated / (2 * 50) ** 0.5
        assert states["along"]["backward"][-1] < 1e-12


def test_no_iterate_is_nearer_to_the_minimum_than_the_hole_allows():
    rates = [0.4, 0.5, 0.7]
    holes = javascript("spreads_states", "holeRadius", [[lr] for lr in rates])
    assert np.isclose(holes[1], 1 / 6 / 1.25**0.5)
    found = javascript("spreads_states", "spreadsStates", [[{"lr": lr, "seed": 1, "start": [0, 0]}] for lr in rates])
    for hole, states in zip(holes, found, strict=True):
        for order in ("forward", "backward"):
            x, y = (np.array(states[order][axis]) for axis in "xy")
            assert np.hypot(x - 0.5, y - 1 / 3).min() > hole - 1e-12
        assert np.hypot(states["average"]["x"][-1] - 0.5, states["average"]["y"][-1] - 1 / 3) < hole


def test_traits_and_picture():
    figure = ro.live.Spreads(step=0)
    assert "backward" in figure.picture.alt
    with pytest.raises(traitlets.TraitError, match="500"):
        figure.step = 501


def test_goals_are_reached_by_playing(chromium, tmp_path):
    with browser(chromium) as started, opened(started, tmp_path, [ro.live.Spreads()]) as page:
        reached = "document.querySelectorAll('.live-reached').length"
        assert page.evaluate(reached) == 0
        slider = page.get_by_label("learning rate h")
        slider.focus()
        while page.evaluate(f"{reached} === 0 && document.querySelector('.live-on').live.settings.lr > 0.06"):
            slider.press("ArrowLeft")
        page.evaluate("document.querySelector('.live-on').live.set({lr: 0.5, step: 500})")
        for _ in range(30):
            page.get_by_role("button", name="Toss again").click()
            be_still(page)
            if page.evaluate(reached) == 2:
                break
        assert page.evaluate(reached) == 2 and page.errors == []
