"""Coupling from the past: the page's pairs are those of `run`, they close in like cⁿ, and its law is the exact one."""

from __future__ import annotations

import numpy as np
import pytest
from live_pages import browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

GOALS = {"cftp": [[{"lr": 0.25, "step": 17}], [{"draws": 30, "step": 10}]]}


def draw(rng):
    return ro.live.CouplingFromThePast(
        lr=rng.uniform(0.1, 0.9),
        seed=int(rng.integers(1000)),
        draws=int(rng.integers(1, 30)),
        step=int(rng.integers(0, 41)),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_the_tosses_in_another_order_would_be_noticed():
    figure = ro.live.CouplingFromThePast(step=12)
    found = computed(figure)
    assert gap({**found, "backward": found["forward"]}, figure.states()) > 0.1


@pytest.mark.parametrize("lr", [0.1, 0.25, 0.5, 0.9])
def test_pairs_arrive_c_to_the_n_apart_and_every_bracket_lies_inside_the_last(lr):
    states = ro.live.CouplingFromThePast(lr=lr, step=23).states()
    for ends in (states["forward"], states["backward"]):
        np.testing.assert_allclose(np.diff(ends).ravel(), (1 - lr) ** np.arange(41.0), atol=1e-15)
    np.testing.assert_allclose(states["past"][-1], states["backward"][23], rtol=0, atol=1e-15)  # the same run
    low, high = states["backward"].T
    assert (np.diff(low) >= -1e-15).all() and (np.diff(high) <= 1e-15).all()


def test_arrivals_are_in_the_middle_of_the_brackets():
    states = ro.live.CouplingFromThePast(step=6, draws=9).states()
    assert states["arrivals"][-1] == states["backward"][6].mean()
    assert len(set(states["arrivals"].tolist())) > 3


@pytest.mark.parametrize("lr, tolerance", [(0.1, 2e-4), (0.3, 2e-4), (0.45, 4e-4), (0.5, 1e-12), (2 / 3, 1e-9)])
def test_shares_are_those_of_the_exact_law(lr, tolerance):
    (found,) = javascript("coin_law", "coinShares", [[lr, 27]])
    exact = np.diff(ro.theory.bernoulli_convolution_cdf(np.arange(28) / 27, lr))
    np.testing.assert_allclose(found, exact, rtol=0, atol=tolerance)
    assert sum(found) == pytest.approx(1, abs=1e-8)


def test_settings_out_of_range_are_refused():
    for wrong in ({"step": 41}, {"step": -1}, {"draws": 0}, {"seed": -1}):
        with pytest.raises(Exception, match="should be|trait"):
            ro.live.CouplingFromThePast(**wrong)


def test_the_picture_says_what_it_shows():
    assert "shrinks as they start longer ago" in ro.live.CouplingFromThePast(step=0).picture.alt


def test_goals_are_reached_by_dragging_and_drawing(chromium, tmp_path):
    with browser(chromium) as opener, opened(opener, tmp_path, [ro.live.CouplingFromThePast()]) as page:
        reached = lambda: page.evaluate("document.querySelectorAll('.live-reached').length")
        assert reached() == 0
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", GOALS["cftp"][0][0])
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", {"lr": 0.5, "step": 5})
        knob = page.locator(".live-handle")
        knob.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")  # further into the past: n = 10
        for _ in range(9):
            page.get_by_role("button", name="Draw again").click()
        assert reached() == 1  # 29 draws
        page.get_by_role("button", name="Draw again").click()
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 2")
        assert "10 batches ago" in page.text_content(".live-title") and not page.errors
