"""The live figure of drift: the page's numbers are those of `run`, and its goal can be reached."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_pages import browser, drag_by, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

GOALS = {"drift": [[{"jump": 7}]]}


def draw(rng):
    return ro.live.Drift(
        jump=int(rng.integers(1, 60)),
        lr=rng.uniform(0.02, 0.9),
        seed=int(rng.integers(1000)),
        window=int(rng.choice([1, 10, 30, rng.integers(1, 201)])),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    live = ro.live.Drift(jump=10)
    found = computed(live)
    assert gap({**found, "forward": found["backward"]}, live.states()) > 0.1
    assert gap({**found, "expected_forward": found["expected_backward"]}, live.states()) > 0.1


def test_what_is_expected_after_the_jump():
    """E B_200 = 0.9^50 - 0.9^200, E F_200 = 1 - 0.9^150."""
    (found,) = javascript("drift_states", "driftStates", [[ro.live.Drift().settings]])
    ends = [found["expected"][order][200] for order in ("backward", "forward")]
    assert ends == pytest.approx([0.9**50 - 0.9**200, 1 - 0.9**150], abs=1e-14)
    assert [round(end, 4) for end in ends] == [0.0052, 1.0]


@pytest.mark.parametrize("name, window", [("forward", 0), ("backward", 200), ("backward-window:10", 10)])
def test_the_bars_are_the_weights(name, window):
    (found,) = javascript("drift_states", "windowWeights", [[30, 0.1, window]])
    np.testing.assert_allclose(found, ro.theory.batch_weights(ro.order(name).word(30), 0.1), rtol=0, atol=1e-15)


@pytest.mark.parametrize("wrong", [{"jump": 0}, {"jump": 200}, {"lr": 0.0}, {"window": -1}, {"step": 201}])
def test_settings_that_cannot_be_shown(wrong):
    with pytest.raises(traitlets.TraitError):
        ro.live.Drift(**wrong)


def test_the_picture_says_what_is_expected():
    assert "Expected at step 200: forward 1.000, backward 0.005." in ro.live.Drift().picture.alt
    assert "backward-window:10 1.000" in ro.live.Drift(window=10).picture.alt


def test_the_goal_can_be_reached_by_dragging(chromium, tmp_path):
    with browser(chromium) as opening, opened(opening, tmp_path, [ro.live.Drift()]) as page:
        assert page.locator(".live-reached").count() == 0
        unit = page.evaluate("(p => (p.right - p.left) / 200)(document.querySelector('.live-on').live.panels.paths)")
        drag_by(page, page.locator(".live-handle"), (GOALS["drift"][0][0]["jump"] - 50) * unit, 0)
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        assert page.errors == []
