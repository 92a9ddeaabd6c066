"""Batches in a cycle, live: its states are those of `run`, its limits those of theory, and its goals are reached."""

from __future__ import annotations

import numpy as np
import pytest
from live_goals import in_turn
from live_pages import browser, opened
from live_truth import computed, gap, worst_gap

import revorder as ro

GOALS = {"cyclic": [[{"lr": 0.05, "step": 120}], [{"lr": 0.95, "step": 120}]]}


def draw(rng):
    return ro.live.CyclicBatches(
        lr=rng.uniform(0.02, 1.9),
        batches=int(rng.integers(2, 9)),
        targets=rng.uniform(0, 1, (8, 2)).tolist(),
        start=rng.uniform(0, 1, 2).tolist(),
    )


def test_states_are_those_of_run_and_limits_those_of_theory():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    figure = ro.live.CyclicBatches()
    found = computed(figure)
    assert gap({**found, "forward": found["backward"]}, figure.states()) > 0.1


def test_every_residue_of_backward_goes_to_one_point_and_forward_to_a_cycle():
    figure = ro.live.CyclicBatches(batches=3)
    found = figure.states()
    for n in range(115, 121):
        np.testing.assert_allclose(found["backward"][n], found["limit"], atol=1e-12)
        np.testing.assert_allclose(found["forward"][n], found["points"][n % 3], atol=1e-12)
    assert np.linalg.norm(found["limit"] - found["minimiser"]) > 0.01


@pytest.fixture
def page(chromium, tmp_path):
    with browser(chromium) as chrome, opened(chrome, tmp_path, [ro.live.CyclicBatches(step=1)]) as shown:
        yield shown
        assert not shown.errors


def test_goals_are_open_at_first_and_can_be_reached(page):
    assert page.locator(".live-reached").count() == 0
    in_turn(page, GOALS["cyclic"])


def test_a_target_can_be_dragged_and_one_that_is_not_used_is_not_shown(page):
    handle = page.get_by_role("slider", name="target of batch 0")
    handle.press("ArrowUp")
    assert page.evaluate("document.querySelector('.live-on').live.settings.targets[0][1]") > 0.5
    assert page.get_by_role("slider", name="target of batch 4").is_visible()
    assert not page.get_by_role("slider", name="target of batch 5").is_visible()
