"""The live figure of recorded training: the page computes spreads about the trend as NumPy does."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_pages import be_still, browser, opened
from live_truth import gap, javascript, worst_gap

import revorder as ro

RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def draw(rng):
    """Recordings of other numbers, some of which end before the last look."""
    looks = np.cumsum(rng.integers(1, 20, 60)).tolist()
    losses = {order: rng.lognormal(-2, 1, (8, 60)).tolist() for order in ("forward", "backward")}
    if rng.uniform() < 0.3:
        losses["forward"][int(rng.integers(8))][int(rng.integers(60)) :] = []
        losses["forward"] = [row + [None] * (60 - len(row)) for row in losses["forward"]]
    recording = {"rates": list(RATES), "looks": looks, "epoch": 175, **losses}
    return ro.live.LearningRates(lr=float(rng.choice(RATES)), recording=recording)


def test_spreads_are_those_of_numpy():
    assert worst_gap(draw) < 1e-12


def test_the_recording_gives_the_same_spreads():
    figures = [ro.live.LearningRates(lr=lr) for lr in RATES]
    found = javascript("learning_rates_states", "compared", [[figure.settings] for figure in figures])
    assert max(gap(each, figure.states()) for each, figure in zip(found, figures, strict=True)) < 1e-12


def test_a_spread_without_the_trend_would_be_noticed():
    figure = ro.live.LearningRates(lr=0.1)
    states = figure.states()
    raw = [np.std(figure.recording["backward"][i][-50:]) for i in range(8)]
    assert gap({**states, "backward": raw}, states) > 0.005


def test_what_the_notebook_says_of_the_recording():
    states = ro.live.LearningRates().states()
    ratio = dict(zip(RATES, states["forward"] / states["backward"], strict=True))
    assert 6.5 < ratio[0.1] < 7.5 and 0.08 < ratio[1.0] < 0.09
    assert [lr for lr in RATES if ratio[lr] >= 9] == [0.05] and [lr for lr in RATES if ratio[lr] < 0.8] == [0.7, 1.0]


def test_settings_are_checked_and_the_picture_says_what_it_shows():
    with pytest.raises(traitlets.TraitError):
        ro.live.LearningRates(lr=0.15)
    assert "Forward jitters 7.1 times as much as backward at h = 0.1" in ro.live.LearningRates().picture.alt
    assert "Backward jitters 12 times as much as forward" in ro.live.LearningRates(lr=1.0).picture.alt


def test_goals_in_a_page(chromium, tmp_path):
    with browser(chromium) as launched, opened(launched, tmp_path, [ro.live.LearningRates()]) as page:
        live = "document.querySelector('.live-on').live"
        assert page.locator(".live-reached").count() == 0
        page.get_by_role("combobox", name="learning rate h").select_option("0.5")
        page.wait_for_function("document.querySelector('.live-title').textContent.includes('about alike')")
        page.evaluate(f"{live}.set({{step: 20, lr: 1}})")  # not before the run is complete
        be_still(page)
        assert page.locator(".live-reached").count() == 0
        page.evaluate(f"{live}.set({{step: 200}})")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        assert "wilder one: 12 times forward, which has stopped learning" in page.locator(".live-title").inner_text()
        handle = page.get_by_role("slider", name="learning rate h", exact=True)
        for _ in range(6):
            handle.press("ArrowLeft")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 2")
        assert page.evaluate(f"{live}.settings.lr") == 0.05 and page.errors == []
        assert page.evaluate(f"{live}.settings.seen").count(0.05) == 1
