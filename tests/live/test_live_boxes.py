"""The first live figure of notebook 00: coin tosses as a row of maps, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_pages import be_still, browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

CALM = [1] * 12
GOALS = {
    "boxes": [
        [{"lr": 0.44, "step": 12}],
        [{"tosses": CALM, "step": 12}],
    ]
}


def draw(rng):
    return ro.live.Tosses(
        lr=rng.uniform(0.1, 0.9),
        start=rng.uniform(),
        tosses=rng.integers(0, 2, 12).tolist(),
        step=int(rng.integers(13)),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    figure = ro.live.Tosses()
    found = computed(figure)
    assert gap({**found, "forward": found["backward"]}, figure.states()) > 0.1
    assert found["through"][-1] == found["backward"][-1]


def test_binary_digits():
    """At h = ½ from 0 the states are the tosses as binary digits: backward from the oldest, forward from the newest."""
    tosses = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1]
    states = ro.live.Tosses(lr=0.5, start=0.0, tosses=tosses).states()
    for n in range(13):
        assert states["backward"][n] == sum(x / 2 ** (i + 1) for i, x in enumerate(tosses[:n]))
        assert states["forward"][n] == sum(x / 2 ** (n - i) for i, x in enumerate(tosses[:n]))


@pytest.mark.parametrize("lr", [0.1, 0.44, 0.9])
def test_what_later_tosses_can_move_is_a_sharp_bound(lr):
    """Nothing moves backward's state by more than (1 - h)^n later on; ones, from 0, come close to that."""
    rng = np.random.default_rng(1)
    most = [javascript("boxes_states", "canStillMove", [[lr, n] for n in range(13)])][0]
    for start in (0.0, 0.3):
        for _ in range(6):
            path = ro.live.Tosses(lr=lr, start=start, tosses=rng.integers(0, 2, 12).tolist()).states()["backward"]
            assert all(abs(path[n:] - path[n]).max() <= most[n] + 1e-15 for n in range(13))
    ones = ro.live.Tosses(lr=lr, start=0.0, tosses=CALM).states()["backward"]
    assert ones[12] - ones[0] == pytest.approx(1 - (1 - lr) ** 12) and most[0] == 1


def test_the_moves_before_a_step():
    path = [0, 1, 3, 6, 10, 15, 21]
    assert javascript("boxes_states", "movesBefore", [[path, 6, 5], [path, 2, 5], [path, 0, 5]]) == [
        [2, 3, 4, 5, 6],
        [1, 2],
        [],
    ]


def test_settings_are_checked():
    for wrong in ({"tosses": [0, 1]}, {"tosses": [2] * 12}, {"start": 1.5}, {"step": 13}):
        with pytest.raises(traitlets.TraitError):
            ro.live.Tosses(**wrong)


def test_the_picture_says_what_it_shows():
    figure = ro.live.Tosses(step=6)
    f, b = (figure.states()[order] for order in ("forward", "backward"))
    for text in ("newest map last", f"from 0.2 to {f[6]:.3g}", f"backward by {abs(b[6] - b[5]):.2g}"):
        assert text in figure.picture.alt
    assert "No toss yet." in ro.live.Tosses(step=0).picture.alt and ro.live.Tosses(step=0).picture.png


def reached(page):
    return page.evaluate("[...document.querySelectorAll('.live-goals li')].map(e => e.matches('.live-reached'))")


def title(page):
    return page.evaluate("document.querySelector('.live-title').textContent")


def test_goals_and_messages_in_a_page(chromium, tmp_path):
    figures = [ro.live.Tosses()]
    with browser(chromium) as opened_browser, opened(opened_browser, tmp_path, figures) as page:
        assert reached(page) == [False, False] and title(page).startswith("Toss 5 shows 0: forward moves by 0.21")
        settle = "s => document.querySelector('.live-on').live.set(s)"
        for settings in ({"lr": 0.43, "step": 12}, {"lr": 0.45}, {"lr": 0.44, "step": 11}):
            page.evaluate(settle, settings)
            be_still(page)
            assert reached(page) == [False, False], settings
        for number, steps in enumerate(GOALS["boxes"]):
            for settings in steps:
                page.evaluate(settle, settings)
            page.wait_for_function(f"document.querySelectorAll('.live-reached').length > {number}")
        assert reached(page) == [True, True] and "Forward is calm" in title(page)
        page.keyboard.press("Tab")
        page.get_by_role("button", name="toss 11: 1").press("Enter")
        page.wait_for_function("document.querySelector('.live-title').textContent.includes('Backward has settled')")
        assert page.evaluate("document.querySelector('.live-on').live.settings.tosses") == [*CALM[:-1], 0]
        page.get_by_role("button", name="toss 11: 0").click()
        page.get_by_role("slider", name="start θ₀", exact=True).press("ArrowUp")
        assert page.evaluate("document.querySelector('.live-on').live.settings.start") == pytest.approx(0.22)
        page.get_by_role("button", name="To the start").click()
        page.wait_for_function("document.querySelector('.live-title').textContent.startsWith('Press play')")
        assert page.errors == []
