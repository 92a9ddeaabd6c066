"""The live figure of the attractor's dimension: dots as `run` makes them, boxes as theory counts them."""

from __future__ import annotations

import numpy as np
import pytest
from live_pages import browser, drag_by, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro
from revorder.live.attractor import UPRIGHT, slope


def draw(rng):
    return ro.live.Attractor(
        lr=rng.uniform(0.2, 0.8), seed=int(rng.integers(1000)), dots=str(rng.choice(["forward", "seeds", "backward"]))
    )


def counted(n=40_000, **settings):
    settings = {"lr": 0.5, "seed": 0, "dots": "forward", **settings}
    (points,) = javascript("attractor_states", "attractorPoints", [[settings]])
    (found,) = javascript("attractor_states", "boxesOf", [[points, n]])
    return np.stack([points["xs"], points["ys"]], axis=1)[:n], found["counts"]


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_a_box_too_many_would_be_noticed():
    figure = ro.live.Attractor()
    found = computed(figure)
    found["counts"][-1] += 1
    assert gap(found, figure.states()) > 1e-3


@pytest.mark.parametrize("dots", ["forward", "seeds"])
def test_at_one_half_each_halving_triples_the_boxes(dots):
    points, counts = counted(dots=dots)
    assert counts == [3**k for k in range(8)]
    assert np.isclose(ro.diagnostics.box_dimension(points), ro.theory.chaos_game_dimension(3, 0.5))


def test_boxes_and_slope_are_those_of_the_package_at_any_rate():
    for lr in (0.3, 0.45, 0.62, 0.8):
        points, counts = counted(lr=lr)
        boxes = [len(np.unique(np.minimum(points * 2**k, 2**k - 1).astype(int), axis=0)) for k in range(8)]
        assert counts == boxes
        assert np.isclose(javascript("attractor_states", "slopeOf", [[counts]])[0], slope(points))


def test_boxes_that_fit_count_the_copies_and_one_backward_run_is_a_point():
    points, _ = counted(lr=0.75)
    fitting = [len(np.unique(np.minimum(points * 4**k, 4**k - 1).astype(int), axis=0)) for k in range(5)]
    assert fitting == [3**k for k in range(5)]
    assert counted(dots="backward")[1] == [1] * 8
    exact = javascript("attractor_states", "similarity", [[lr] for lr in (0.5, 2 / 3, 0.75)])
    assert np.allclose(exact, [ro.theory.chaos_game_dimension(3, 1 - lr) for lr in (0.5, 2 / 3, 0.75)])


def test_picture_shows_the_dots_as_run_makes_them():
    figure = ro.live.Attractor(lr=0.6, step=50)
    assert np.allclose(figure._quickly(50), figure.points(50), rtol=0, atol=0)
    assert "50 points" in figure.picture.alt and UPRIGHT.shape == (3, 2)


def test_goals_are_reached_by_dragging_and_by_keys(chromium, tmp_path):
    with browser(chromium) as started, opened(started, tmp_path, [ro.live.Attractor()]) as page:
        reached = "document.querySelectorAll('.live-reached').length"
        assert page.evaluate(reached) == 0
        handle = page.locator("[data-panel=dimension] .live-handle")
        drag_by(page, handle, 40, 0)
        lr = "document.querySelector('.live-on').live.settings.lr"
        assert page.evaluate(lr) > 0.55
        slider = page.get_by_role("slider", name="learning rate h").last  # below the plots; the handle is the other
        slider.focus()
        for goal, rate in enumerate((0.665, 0.33), 1):
            while abs(page.evaluate(lr) - rate) > 1e-9:
                slider.press("ArrowLeft" if page.evaluate(lr) > rate else "ArrowRight")
            page.wait_for_function(f"{reached} >= {goal}")
        assert page.errors == []
