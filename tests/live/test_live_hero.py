"""The opening figure: its states are those of `run`, its batches those of the data, and its goals can be reached."""

from __future__ import annotations

import json
import sys

import numpy as np
from conftest import ROOT
from live_pages import browser, opened
from live_truth import computed, gap, worst_gap

import revorder as ro
from revorder.live.recordings import load


def draw(rng):
    return ro.live.Regression(lr=rng.uniform(0.02, 1.8), start=rng.uniform(-0.4, 1, 2).tolist())


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    figure = ro.live.Regression()
    found = computed(figure)
    assert gap({**found, "forward": found["backward"]}, figure.states()) > 0.01


def test_the_batches_are_those_of_the_diabetes_data(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "notebooks" / "figures"))
    import regression

    made, kept = regression.quadratics(), load("regression")
    for name in ("maps", "best", "hessian"):
        np.testing.assert_allclose(made[name], kept[name], rtol=2e-5, atol=1e-9)
    assert len(json.dumps(kept)) < 10_000
    del sys.modules["regression"], sys.modules["hero"]


def test_backward_settles_and_forward_does_not():
    """The last ten moves, as the figure's message says; and backward does not settle on the least squares."""
    states = ro.live.Regression().states()
    moves = {order: np.linalg.norm(np.diff(path[-11:], axis=0), axis=1).max() for order, path in states.items()}
    assert moves["backward"] < 1e-4 < 0.05 < moves["forward"]
    assert np.linalg.norm(states["backward"][-1] - load("regression")["best"]) > 0.05


def test_the_start_is_forgotten():
    ends = [ro.live.Regression(start=start).states()["backward"][-1] for start in ([0.0, 0.0], [1.0, -0.3])]
    assert np.abs(ends[0] - ends[1]).max() < 1e-4


def test_it_plays_by_itself_and_its_goals_can_be_reached(chromium, tmp_path):
    with browser(chromium) as running, opened(running, tmp_path, [ro.live.Regression()]) as page:
        live = "document.querySelector('.live-on').live"
        page.wait_for_function(f"{live}.settings.step > 2")
        page.get_by_label("Pause").click()
        assert page.locator(".live-reached").count() == 0
        page.get_by_label("step n").focus()
        page.keyboard.press("End")
        page.locator(".live-handle").focus()
        for _ in range(12):
            page.keyboard.press("Shift+ArrowRight")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        page.get_by_label("learning rate h").focus()
        page.keyboard.press("End")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 2")
        assert page.errors == []
