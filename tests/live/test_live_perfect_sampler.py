"""The live perfect sampler: draws, depths and distances are those of `run`, of the a-priori bound and of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from live_pages import browser, opened
from live_truth import computed, gap, javascript, worst_gap
from scipy import stats

import revorder as ro
from revorder.plots.perfect import SIZES

RATES = (0.5, 0.6, 2 / 3, 0.75, 0.9)
GOALS = {
    "perfect_sampler": [
        [{"lr": 0.5, "tol": 0.1, "start": 0.0, "step": 2000}],
        [{"tol": 0.001, "stopped": 7, "step": 1000, "start": 1.0}],
    ]
}


def draw(rng):
    return ro.live.PerfectSampler(
        lr=float(rng.choice(RATES)),
        seed=int(rng.integers(1000)),
        tol=float(10 ** rng.uniform(-9, 0)),
        start=rng.uniform(-0.5, 1.5),
        stopped=int(rng.integers(0, 41)),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_forward_in_backwards_place_would_be_noticed():
    figure = ro.live.PerfectSampler(stopped=13)
    found = computed(figure)
    assert gap({**found, "backward": found["forward"]}, figure.states()) > 0.1


@pytest.mark.parametrize("lr", RATES)
@pytest.mark.parametrize("tol", [1.0, 0.5, 0.1, 0.05, 0.01, 1e-3, 1e-6, 1e-9])
def test_the_depth_is_the_smallest_with_the_bound(lr, tol):
    figure = ro.live.PerfectSampler(lr=lr, tol=tol, start=0.0)
    (found,) = javascript("perfect_sampler_states", "stepsNeeded", [[1 - lr, lr, tol]])
    assert found == figure.depth == ro.theory.steps_needed(1 - lr, lr, tol)


def test_a_draw_is_within_tol_of_its_refinement():
    for start in (-0.5, 0.3, 1.5):
        rough, fine = (ro.live.PerfectSampler(tol=tol, start=start).draws("backward") for tol in (0.05, 1e-9))
        assert 0.001 < np.abs(rough - fine).max() <= 0.05


def test_distances_are_those_of_scipy():
    figure = ro.live.PerfectSampler(lr=0.5, tol=1e-6)
    exact = stats.uniform.cdf
    for size, distance in zip(SIZES, figure.states()["backward_distances"], strict=True):
        assert stats.kstest(figure.draws("backward")[:size], exact).statistic == pytest.approx(distance, abs=1e-12)


@pytest.mark.parametrize("start", [-0.3, 0.0, 0.2, 1.0, 1.3])
@pytest.mark.parametrize("n", [1, 3, 5])
def test_no_sample_comes_closer_than_the_least_distance(start, n):
    lr = 2 / 3
    (least,) = javascript("perfect_sampler_states", "leastKs", [[{"lr": lr, "start": start}, n]])
    values = np.sort(ro.theory.bernoulli_values(n, lr) + (1 - lr) ** n * start)  # all are equally likely
    heights = ro.theory.bernoulli_convolution_cdf(values, lr)
    shares = np.arange(2**n + 1) / 2**n
    law = max((shares[1:] - heights).max(), (heights - shares[:-1]).max())
    assert law >= least - 1e-9
    if 0 <= start <= 1:
        assert law == pytest.approx(least, abs=1e-9)
    figure = ro.live.PerfectSampler(lr=lr, start=start, stopped=n)
    assert (figure.states()["forward_distances"] >= least - 1e-9).all()


def test_the_picture_needs_few_draws_only():
    assert "Kolmogorov-Smirnov" in ro.live.PerfectSampler(step=0).picture.alt


def test_goals_are_reached_by_ordinary_use(chromium, tmp_path):
    with browser(chromium) as opener, opened(opener, tmp_path, [ro.live.PerfectSampler()]) as page:
        assert page.evaluate("document.querySelectorAll('.live-reached').length") == 0
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", {"lr": 0.5, "tol": 0.1, "start": 0.0})
        page.locator(".live-handle").nth(1).focus()  # the number of draws, by keys
        for _ in range(20):
            page.keyboard.press("Shift+ArrowRight")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        assert "2,000 draws" in page.text_content(".live-player") and "apart" in page.text_content(".live-title")
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", GOALS["perfect_sampler"][1][0])
        depth = page.evaluate("document.querySelector('.live-on').live.states.backward.n")
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", {"stopped": depth})
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 2")
        assert not page.errors
