"""The live figure of all sequences of tosses: one list of ends, but every sequence elsewhere in it."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_goals import in_turn
from live_pages import be_still, browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

PALINDROME, FURTHEST = 0b10011001, 0b11110000
GOALS = {"same_law": [[{"chosen": PALINDROME}], [{"chosen": FURTHEST}]]}


def draw(rng):
    return ro.live.SameLaw(lr=rng.uniform(0.1, 0.9), start=rng.uniform(), chosen=int(rng.integers(256)))


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    figure = ro.live.SameLaw()
    found = computed(figure)
    assert gap({**found, "forward": found["backward"]}, figure.states()) > 0.1


@pytest.mark.parametrize("lr", [0.1, 0.37, 0.5, 0.67, 0.9])
def test_same_law(lr):
    """The sorted ends agree; only sequences that read the same from both ends go to the same place, generically."""
    figure = ro.live.SameLaw(lr=lr)
    states, sequences = figure.states(), figure.sequences
    np.testing.assert_allclose(states["forward_sorted"], states["backward_sorted"], atol=1e-15)
    same = np.abs(states["forward"] - states["backward"]) < 1e-12
    assert same.tolist() == (sequences == sequences[:, ::-1]).all(axis=1).tolist() and same.sum() == 16


def test_at_one_half_every_multiple_of_1_in_256_comes_once():
    states = ro.live.SameLaw(lr=0.5, start=0.0).states()
    assert states["backward"].tolist() == [i / 256 for i in range(256)] == states["forward_sorted"].tolist()


def test_digits_of_a_number():
    digits = [
        [javascript("same_law_states", "tossOf", [[number, i] for i in range(8)])][0] for number in (0, 1, 0b11010010)
    ]
    assert digits == [[0] * 8, [0] * 7 + [1], [1, 1, 0, 1, 0, 0, 1, 0]]
    assert javascript("same_law_states", "flipped", [[0, 0], [255, 7]]) == [128, 254]


def test_settings_are_checked_and_the_picture_says_what_it_shows():
    for wrong in ({"chosen": 256}, {"start": -0.1}):
        with pytest.raises(traitlets.TraitError):
            ro.live.SameLaw(**wrong)
    alt = ro.live.SameLaw(chosen=0b11010010).picture.alt
    assert "Same histogram, different place: the sequence 1 1 0 1 0 0 1 0 ends forward at 0.293" in alt


def chosen(page):
    return page.evaluate("document.querySelector('.live-on').live.settings.chosen")


def test_goals_in_a_page(chromium, tmp_path):
    with browser(chromium) as launched, opened(launched, tmp_path, [ro.live.SameLaw()]) as page:
        assert page.locator(".live-reached").count() == 0
        for all_alike in (0, 255):
            page.evaluate("n => document.querySelector('.live-on').live.set({chosen: n})", all_alike)
            be_still(page)
            assert page.locator(".live-reached").count() == 0
        in_turn(page, GOALS["same_law"])
        assert page.errors == []


def test_pointer_keys_and_coins_choose_a_sequence(chromium, tmp_path):
    with browser(chromium) as launched, opened(launched, tmp_path, [ro.live.SameLaw()]) as page:
        page.get_by_role("button", name="toss 7: 0").click()
        assert chosen(page) == 0b11010011
        handle = page.get_by_role("slider", name="end of backward: choose a sequence")
        handle.press("ArrowRight")  # the next larger end of backward at h = ½ is the next number
        assert chosen(page) == 0b11010100
        box = page.locator("[data-panel=ends] .live-stage").bounding_box()
        page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.8 * box["height"])
        page.wait_for_function("document.querySelector('.live-title').textContent.startsWith('0 0')")
        assert chosen(page) == 0b11010100  # looked at, not chosen
        page.mouse.down()
        page.mouse.up()
        assert abs(chosen(page) - 64) <= 2
        page.mouse.move(5, 5)
        assert page.errors == []
