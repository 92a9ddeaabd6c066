"""The live cobweb: states, the way to the last one, and what counts as settled, against `run` and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from live_goals import reached
from live_pages import browser, drag_by, opened
from live_truth import computed, gap, worst_gap

import revorder as ro

GOALS = {"cobweb": [[{"lr": 1.59, "step": 20}], [{"lr": 1.0, "step": 3}]]}


def draw(rng):
    return ro.live.Cobweb(
        lr=rng.uniform(-0.2, 2.2),
        seed=int(rng.integers(1000)),
        batches=int(rng.integers(1, 4)),
        a=rng.uniform(-1, 2),
        b=rng.uniform(-1, 2),
        web=rng.choice(["forward", "backward"]),
        step=int(rng.integers(21)),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    figure = ro.live.Cobweb()
    found = computed(figure)
    assert gap({**found, "forward": found["backward"]}, figure.states()) > 0.1


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_the_gap_is_the_product_of_the_slopes(order):
    figure = ro.live.Cobweb(lr=0.3)
    paths = figure.states()[order]
    assert np.allclose(abs(paths[1] - paths[0]), 2.5 * 0.7 ** np.arange(21), rtol=1e-12)


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_the_way_ends_at_the_state_of_that_step(order):
    figure = ro.live.Cobweb(web=order, step=7)
    states = figure.states()
    assert np.allclose(states["way"][:, -1], states[order][:, 7], rtol=0, atol=1e-15)


def test_binary_digits():
    figure = ro.live.Cobweb(lr=0.5, a=0.0)
    assert figure.states()["backward"][0, -1] == ro.theory.binary_fraction(figure.drawn.astype(int).tolist())


def test_one_batch_is_one_map_in_both_orders():
    states = ro.live.Cobweb(batches=1).states()
    assert np.allclose(states["forward"], states["backward"], rtol=0, atol=1e-15)


def test_what_settles_is_told():
    assert ro.live.Cobweb(lr=0.5).states()["settles"] == [1]
    assert ro.live.Cobweb(lr=1.9).states()["settles"] == [0]


def test_goals_are_recognised_and_a_dragged_line_changes_the_learning_rate(chromium, tmp_path):
    with browser(chromium) as opened_browser, opened(opened_browser, tmp_path, [ro.live.Cobweb()]) as page:
        assert reached(page) == 0
        drag_by(page, page.locator("[aria-label='slope of the maps']"), 0, 20)
        assert page.evaluate("document.querySelector('.live-on').live.settings.lr") > 0.5
        for settings in GOALS["cobweb"]:
            assert reached(page, settings) >= 1
        assert reached(page) == 2 and not page.errors


def test_the_picture_says_what_it_shows():
    assert "cobweb of two starts" in ro.live.Cobweb().picture.alt
    assert ", 0 applied" in ro.live.Cobweb(step=0).picture.alt
