"""The live bowl: its states are those of `run`, its ellipse that of the Lyapunov equation, its goals are reached."""

from __future__ import annotations

import math

import numpy as np
import pytest
from live_goals import in_turn
from live_pages import be_still, browser, drag_by, opened
from live_truth import computed, gap, worst_gap

import revorder as ro

ORDERS = ["backward", "backward-window:20", "backward-blocks:20", "backward-tail:50", "two-sided"]
GOALS = {
    "bowl": [
        [{"lr": 0.99, "step": 200}],
        [{"lr": 2.2, "step": 200}],
        [{"order": "backward-tail:50", "lr": 0.6, "step": 200}],
    ]
}


def draw(rng):
    return ro.live.Bowl(
        lr=rng.uniform(0.02, 2.3),
        condition=int(rng.integers(1, 21)),
        order=str(rng.choice(ORDERS)),
        start=rng.uniform(-3, 3, 2).tolist(),
        seed=int(rng.integers(4)),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    bowl = ro.live.Bowl()
    found = computed(bowl)
    assert gap({**found, "forward": found["backward"]}, bowl.states()) > 0.1


def test_runs_have_the_covariance_that_the_lyapunov_equation_predicts():
    bowl = ro.live.Bowl()
    step = np.eye(2) - bowl.lr * bowl.hessian
    noise = bowl.lr**2 * np.diag([1.0, 0.25])
    np.testing.assert_allclose(bowl.covariance, step @ bowl.covariance @ step.T + noise, rtol=0, atol=1e-14)
    for order in ("forward", "backward"):
        products = np.stack([np.outer(state, state) for state in bowl.ends(order)])
        error = products.std(axis=0) / math.sqrt(len(products))
        assert (np.abs(products.mean(axis=0) - bowl.covariance) < 4 * error).all()


def test_from_two_on_there_is_no_covariance_but_still_a_picture():
    bowl = ro.live.Bowl(lr=2.0)
    assert np.isnan(bowl.covariance).all() and np.isnan(bowl.states()["variances"][0])
    assert "nothing is stationary" in bowl.picture.alt


def test_backward_ends_where_it_stays():
    bowl = ro.live.Bowl()
    late = {order: np.stack([bowl.ends(order, n) for n in range(194, 201)]) for order in ("forward", "backward")}
    moves = {order: np.linalg.norm(np.diff(states, axis=0), axis=2).max(axis=0) for order, states in late.items()}
    assert moves["backward"].max() < 1e-3 and np.median(moves["forward"]) > 0.3


@pytest.fixture
def page(chromium, tmp_path):
    with browser(chromium) as chrome, opened(chrome, tmp_path, [ro.live.Bowl(step=1)]) as shown:
        yield shown
        assert not shown.errors


def test_goals_are_open_at_first_and_can_be_reached(page):
    assert page.locator(".live-reached").count() == 0
    in_turn(page, GOALS["bowl"])


def test_the_rate_is_dragged_on_the_curve(page):
    handle = page.get_by_role("slider", name="learning rate h")
    page.evaluate("document.querySelector('.live-on').live.set({lr: 0.3})")
    drag_by(page, handle, 40, -90)
    assert page.evaluate("document.querySelector('.live-on').live.settings.lr") > 0.4
    handle.press("End")  # means nothing here
    handle.press("ArrowRight")
    be_still(page)
    assert "h = " in handle.get_attribute("aria-valuetext")
