"""The live digits and their law: the page has the numbers of `run` and of the theory; its goals can be reached."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_pages import browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

GOALS = {
    "digits_law": [
        [{"tosses": "1011", "step": 4}],
        [{"lr": 2 / 3}],
        [{"tosses": "011001100110", "step": 12}],
    ]
}


def draw(rng):
    text = "".join(map(str, rng.integers(2, size=rng.integers(1, 21))))
    return ro.live.DigitsAndLaw(
        tosses=text,
        lr=float(rng.choice([0.5, 2 / 3, rng.uniform(0.2, 0.8)])),
        step=int(rng.integers(min(len(text), 11) + 1)),
        seed=int(rng.integers(1000)),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    live = ro.live.DigitsAndLaw()
    found = computed(live)
    assert gap({**found, "forward": found["backward"]}, live.states()) > 0.1
    assert gap({**found, "ends_forward": found["ends_backward"]}, live.states()) > 0.1


@pytest.mark.parametrize("n", [1, 4, 9, 20])
def test_at_one_half_the_tosses_are_the_digits(n):
    live = ro.live.DigitsAndLaw(step=n)
    bits, states = [int(toss) for toss in live.tosses[:n]], live.states()
    assert states["backward"][n] == ro.theory.binary_fraction(bits)
    assert states["forward"][n] == ro.theory.binary_fraction(bits[::-1])
    found = computed(live)
    assert found["backward"][n] == states["backward"][n] and found["forward"][n] == states["forward"][n]


@pytest.mark.parametrize("lr", [0.2, 0.3, (3 - 5**0.5) / 2, 0.5, 0.6, 2 / 3, 0.8])
def test_the_law_of_step_20_is_the_bernoulli_convolution(lr):
    """X exceeds its first n terms by at most c^n, so that their CDFs enclose each other."""
    (below,) = javascript("digits_law_states", "exactBelow", [[20, lr]])
    edges, cut = np.arange(257) / 256, (1 - lr) ** 20
    exact = ro.theory.bernoulli_convolution_cdf
    assert (exact(edges - 1e-12, lr) <= np.array(below) + 2e-5).all()
    assert (np.array(below) <= exact(edges + cut, lr) + 2e-5).all()


def test_the_many_runs_follow_the_law():
    for lr in (0.3, 0.5, 2 / 3):
        live = ro.live.DigitsAndLaw(lr=lr, step=20)
        forward, backward = (live.ends(order) for order in ("forward", "backward"))
        assert ro.diagnostics.compare_laws(forward, backward).p_value > 0.01
        law = ro.diagnostics.compare_laws(backward, lambda x, lr=lr: ro.theory.bernoulli_convolution_cdf(x, lr))
        assert law.ks < 2 * 1.36 / len(backward) ** 0.5


@pytest.mark.parametrize("wrong", [{"tosses": ""}, {"tosses": "102"}, {"tosses": "0" * 21}, {"lr": 0.9}, {"step": -1}])
def test_settings_that_cannot_be_shown(wrong):
    with pytest.raises(traitlets.TraitError):
        ro.live.DigitsAndLaw(**wrong)


def test_the_picture_says_where_both_end():
    alt = ro.live.DigitsAndLaw(tosses="1011", step=4).picture.alt
    assert "1011" in alt and "backward at 0.6875" in alt and "forward ends at 0.8125" in alt


def test_in_a_page_the_goals_can_be_reached_and_digits_pressed(chromium, tmp_path):
    live, counted = "document.querySelector('.live-on').live", "document.querySelectorAll('.live-reached').length"
    with browser(chromium) as opening, opened(opening, tmp_path, [ro.live.DigitsAndLaw()]) as page:
        assert page.evaluate(counted) == 0
        page.locator("input[type=text]").fill("1011")
        page.wait_for_function(f"{counted} === 1")
        page.get_by_label("learning rate h").focus()
        for _ in range(16):  # the last one finds 2/3
            page.keyboard.press("ArrowRight")
        page.wait_for_function(f"{counted} === 2")
        page.evaluate(f"s => {live}.set(s)", GOALS["digits_law"][2][0])
        page.wait_for_function(f"{counted} === 3")
        page.evaluate(f"s => {live}.set(s)", {"tosses": "0000", "step": 4})
        digits = page.locator("[data-panel=digits] .live-press:visible")
        shown = "[data-panel=digits] .live-press:not([style*=none])"
        page.wait_for_function(f"document.querySelectorAll('{shown}').length === 8")
        for row, expected in ((4, "1000"), (0, "1001")):  # backward's first digit, then forward's
            digits.nth(row).click()
            assert page.evaluate(f"{live}.settings.tosses") == expected
        assert page.errors == []
