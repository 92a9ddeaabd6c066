"""The live figure of two bounds: states against `run`, and what theory says of them."""

from __future__ import annotations

import numpy as np
import pytest
from live_goals import reached
from live_pages import browser, opened
from live_truth import computed, gap, worst_gap

import revorder as ro

GOALS = {"bounds": [[{"seed": 8, "step": 30}, {"seed": 3, "step": 30}], [{"start": 0.5, "step": 30}]]}


def draw(rng):
    return ro.live.Bounds(lr=rng.uniform(0.1, 0.9), seed=int(rng.integers(1000)), start=rng.uniform(-0.5, 1.5))


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_other_tosses_would_be_noticed():
    figure = ro.live.Bounds()
    found = computed(figure, seed=15)
    assert gap(found, figure.states()) > 0.1


def fails(**settings):
    """Whether the a-posteriori bound is below the true distance, at each of 12 steps; the a-priori one never is."""
    states = ro.live.Bounds(**settings).states()
    assert (states["error"] <= states["before"][:12] * (1 + 1e-9)).all()
    return states["after"][:12] < states["error"] * (1 - 1e-9)


def test_on_binary_digits_it_fails_exactly_after_a_toss_of_zero():
    """Half of all tosses: B_∞ - B_n is the number with the digits after n, and the last move is digit n alone."""
    from revorder.live.tosses import tosses

    share = []
    for seed in range(25):
        found = fails(lr=0.5, start=0.0, seed=seed)
        assert (found == (tosses(seed, 12) == 0)).all()
        share += found.tolist()
    assert abs(np.mean(share) - 0.5) < 4 * 0.5 / np.sqrt(len(share))


@pytest.mark.parametrize("lr", [0.2, 0.5, 0.8])
def test_it_never_fails_from_a_half_and_fails_from_elsewhere(lr):
    assert not any(fails(lr=lr, start=0.5, seed=seed).any() for seed in range(12))
    assert any(fails(lr=lr, start=0.3, seed=seed).any() for seed in range(12))


def test_goals_are_recognised_and_the_start_can_be_moved(chromium, tmp_path):
    with browser(chromium) as opened_browser, opened(opened_browser, tmp_path, [ro.live.Bounds()]) as page:
        assert reached(page) == 0
        page.locator("[aria-label='start']").focus()
        for _ in range(2):
            page.keyboard.press("Shift+ArrowUp")
        assert page.evaluate("document.querySelector('.live-on').live.settings.start") == 0.5
        assert reached(page, GOALS["bounds"][1]) == 1
        page.evaluate("document.querySelector('.live-on').live.set({start: 0})")
        assert reached(page, GOALS["bounds"][0]) == 2 and not page.errors


def test_the_picture_says_what_it_shows():
    assert "7 of 12 steps" in ro.live.Bounds().picture.alt
    assert ro.live.Bounds(step=0).picture.png
