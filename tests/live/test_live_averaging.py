"""The live comparison of averages: runs are those of `run`, errors those of the closed forms."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from live_pages import browser, drag_by, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

GOALS = {"averaging": [[{"step": 47}], [{"decay": 0.995, "step": 1000}]]}
NUMBERS = count()
WAYS = ("backward", "mean", "ema")


def draw(rng):
    return ro.live.Averaging(
        lr=rng.uniform(0.02, 0.9),
        decay=rng.uniform(0.8, 0.999),
        start=rng.uniform(0, 1),
        seed=next(NUMBERS) // 50,  # the tosses of a seed are the dear part
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_the_mean_in_the_emas_place_would_be_noticed():
    figure = ro.live.Averaging()
    found = computed(figure)
    assert gap({**found, "ema": found["mean"]}, figure.states()) > 0.1


@pytest.mark.parametrize("lr, decay", [(0.05, 0.9), (0.1, 0.98), (0.5, 0.5), (0.9, 0.99)])
def test_one_standard_deviation_from_the_minimiser_errors_are_the_stationary_ones(lr, decay):
    sigma2 = ro.theory.stationary_variance(lr, 0.25)
    figure = ro.live.Averaging(lr=lr, decay=decay, start=0.5 - sigma2**0.5)
    np.testing.assert_allclose(figure.error("backward"), sigma2)
    means = [ro.theory.averaged_variance(lr, n, 0.25) for n in range(1, 1001)]
    np.testing.assert_allclose(figure.error("mean")[1:], means, rtol=1e-9)
    late = 1000 if decay < 0.99 else 999
    np.testing.assert_allclose(figure.error("ema")[late], ro.theory.ema_variance(lr, decay, 0.25), rtol=1e-3)


def test_an_ema_is_flat_from_about_step_150_on():
    figure = ro.live.Averaging(start=0.5 - ro.theory.stationary_variance(0.1, 0.25) ** 0.5)
    assert figure.error("ema")[[50, 100, 150, 200]].round(4).tolist() == [0.0042, 0.0024, 0.0022, 0.0021]


def test_simulated_errors_scatter_about_the_exact_ones():
    figure = ro.live.Averaging(seed=3)
    (found,) = javascript("averaging_states", "averagingStates", [[figure.settings]])
    for way in WAYS:
        simulated, exact = np.array(found["simulated"][way])[[1, 10, 100, 1000]], figure.error(way)[[1, 10, 100, 1000]]
        np.testing.assert_allclose(simulated, exact, rtol=5 * (2 / 256) ** 0.5)  # five standard errors
        np.testing.assert_allclose(np.array(found["exact"][way]), figure.error(way), rtol=1e-9)


@pytest.mark.parametrize("lr, first", [(0.05, 135), (0.1, 47), (0.2, 15)])
def test_the_mean_overtakes_backward_where_the_figure_says(lr, first):
    figure = ro.live.Averaging(lr=lr)
    ahead = figure.error("mean") < figure.error("backward")
    assert ahead[first:].all() and not ahead[first - 1]
    (found,) = javascript("averaging_states", "averagingStates", [[figure.settings]])
    assert found["first"] == first and found["worth"] == pytest.approx(ro.theory.batches_backward_is_worth(lr))


def test_the_picture_says_what_it_shows():
    assert "mean of forward" in ro.live.Averaging().picture.alt


def test_goals_are_reached_by_dragging(chromium, tmp_path):
    with browser(chromium) as opener, opened(opener, tmp_path, [ro.live.Averaging()]) as page:
        assert page.evaluate("document.querySelectorAll('.live-reached').length") == 0
        knob = page.locator(".live-handle").nth(1)  # the number of batches, by mouse and then by keys
        drag_by(page, knob, 40, 0)
        step = page.evaluate("document.querySelector('.live-on').live.settings.step")
        assert 30 < step < 60
        for _ in range(abs(47 - step)):
            page.keyboard.press("ArrowRight" if step < 47 else "ArrowLeft")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", GOALS["averaging"][1][0])
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 2")
        assert "N = 1000" in page.text_content(".live-title") and not page.errors
