"""Maps that expand, live: its states are those of `run`, its exponents those of theory, and its goals are reached."""

from __future__ import annotations

import math

import numpy as np
import pytest
from live_goals import in_turn
from live_pages import browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

GOALS = {"expanding": [[{"slopes": [1.15, 0.5], "step": 120}], [{"slopes": [-2.0, 0.8], "step": 120}]]}


def draw(rng):
    return ro.live.ExpandingMaps(slopes=rng.uniform(-2, 2, 2).tolist(), seed=int(rng.integers(5)))


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    figure = ro.live.ExpandingMaps()
    found = computed(figure)
    assert gap({**found, "forward": found["backward"]}, figure.states()) > 0.1


def test_products_are_the_moves_of_backward():
    found = ro.live.ExpandingMaps(seed=3).states()
    np.testing.assert_allclose(np.abs(np.diff(found["backward"])), found["product"][:-1], rtol=0, atol=1e-13)


def test_the_exponent_and_the_index_are_those_of_theory():
    (rate,) = javascript("expanding_states", "expandingRate", [[[-1.5, 0.5]]])
    assert math.isclose(rate, math.log(0.75) / 2)
    rng = np.random.default_rng(1)
    pairs = [pair for pair in rng.uniform(-2, 2, (60, 2)).tolist() if np.log(np.abs(pair)).sum() < -0.05]
    found = javascript("expanding_states", "kesten", [[[-1.5, 0.5]], *([pair] for pair in pairs)])
    assert math.isclose(found[0], 1, rel_tol=1e-14)
    for pair, index in zip(pairs, found[1:], strict=True):
        assert math.isclose(float(index), ro.theory.tail_index(pair), rel_tol=1e-9)


@pytest.mark.parametrize("slopes", [[0.9, 1.4], [0.5, 0.5], [-0.7, 0.6]])
def test_kestens_law_is_claimed_only_where_it_applies(slopes):
    """The maps must expand with some chance, contract on average, and have no common fixed point."""
    alt = ro.live.ExpandingMaps(slopes=slopes).picture.alt
    assert "does not apply" in alt
    assert "near a power law" in ro.live.ExpandingMaps().picture.alt


@pytest.fixture
def page(chromium, tmp_path):
    with browser(chromium) as chrome, opened(chrome, tmp_path, [ro.live.ExpandingMaps()]) as shown:
        yield shown
        assert not shown.errors


def test_goals_are_open_at_first_and_can_be_reached(page):
    assert page.locator(".live-reached").count() == 0
    in_turn(page, GOALS["expanding"])
    handle = page.get_by_role("slider", name="slopes of both maps")
    for key in ["ArrowLeft", "ArrowDown"]:
        handle.press(key, delay=20)
    assert page.evaluate("document.querySelector('.live-on').live.settings.slopes") == [-2, 0.75]


def test_a_slope_of_zero_forgets_everything():
    figure = ro.live.ExpandingMaps(slopes=[0.0, 1.5])
    found = computed(figure)
    assert gap(found, figure.states()) < 1e-12 and figure.states()["product"][-1] == 0
    assert "backward settles" in figure.picture.alt and "does not apply" in figure.picture.alt
