"""The live composer's words and plans in JavaScript: node by node and tick by tick those of `plan`; and its chips."""

from __future__ import annotations

from itertools import product

import pytest
from live_goals import reached
from live_pages import be_still, browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro
from revorder.live.composer import MOST_STEPS, Listed, arrays
from revorder.orders import NAMES

NUMBERED = ("backward-window", "backward-tail", "backward-blocks")
PLAIN = ("forward", "backward", "two-sided", "shuffled", "own")
SIZES = range(1, MOST_STEPS + 1)
GRID = [dict(zip(("steps", "stride", "period"), each, strict=True)) for each in product(SIZES, range(1, 5), range(7))]
TEN = [[0], [1, 0], [2, 0, 1], [0, 3, 1, 2], [4, 3, 1, 0, 2]]  # five words that need ten calls


def draw(rng):
    return ro.live.Composer(
        order=str(rng.choice([*NUMBERED, *PLAIN, "own", "own"])),
        number=int(rng.integers(13)),
        steps=int(rng.integers(1, 13)),
        stride=int(rng.integers(1, 5)),
        period=int(rng.integers(7)),
        words=[rng.permutation(n).tolist() for n in SIZES],
    )


def test_random_plans_are_those_of_plan():
    assert worst_gap(draw) == 0


def planned(order, steps, stride, period):
    every = min(stride, steps)
    labels = [i % period for i in range(steps)] if period else None
    return ro.plan(order, range(every, steps + 1, every), labels=labels)


@pytest.mark.parametrize("name, number", [*((name, 2) for name in PLAIN), *product(NUMBERED, (1, 2, 5))])
def test_every_plan_is_that_of_plan(name, number):
    figure = ro.live.Composer(order=name, number=number)
    order = Listed(figure.words) if name == "own" else NAMES[name][0](number) if name in NUMBERED else name
    found = javascript("composer_states", "compared", [[{**figure.settings, **each}] for each in GRID])
    different = [each for each, one in zip(GRID, found, strict=True) if gap(one, arrays(planned(order, **each))) != 0]
    assert not different


def test_other_ticks_would_be_noticed():
    figure = ro.live.Composer(order="two-sided", steps=8)
    found = computed(figure)
    found["tick_slots"][-1] += 1
    assert gap(found, figure.states()) > 0


def test_the_traits_of_python():
    assert ro.live.Composer().plan.cost == ro.live.Composer().plan.naive_cost == 28
    assert str(ro.live.Composer(order="backward-window", number=0).plan.order) == "backward-window:1"
    assert ro.live.Composer(order="own", steps=5, words=[*TEN, *ro.live.Composer().words[5:]]).plan.launches >= 10
    with pytest.raises(ValueError, match="backwards"):
        _ = ro.live.Composer(order="backwards").plan


GOALS = {
    "Composer": [
        [{"order": "own", "steps": 5, "words": TEN + [list(range(n)) for n in range(6, 13)]}],
        [{"order": "backward", "steps": 12, "stride": 4}],
    ],
    "Price": [[{"steps": 1000, "stride": 200}]],
    "CyclicSharing": [[{"stride": 5}, {"stride": 10}], [{"steps": 120, "period": 7, "stride": 8}]],
}


@pytest.mark.parametrize("name", GOALS)
def test_goals_are_reached(name, chromium, tmp_path):
    with browser(chromium) as opening, opened(opening, tmp_path, [getattr(ro.live, name)()]) as page:
        assert reached(page) == 0
        for number, settings in enumerate(GOALS[name], start=1):
            assert reached(page, settings) == number
        assert not page.errors


def test_chips_are_dragged_and_moved_by_keys(chromium, tmp_path):
    with browser(chromium) as opening, opened(opening, tmp_path, [ro.live.Composer(step=7)]) as page:
        words = page.locator('[role="application"]')
        box = None
        while box != (box := words.bounding_box()):  # until nothing on the page moves any more
            page.wait_for_timeout(100)
        own = "document.querySelector('.live-on').live.settings"
        x, y = box["x"] + 60, box["y"] + 17 + 2.5 * (box["height"] - 22) / 7  # the first chip of the third row
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 62, y, steps=4)
        page.mouse.up()
        assert page.evaluate(f"{own}.order") == "own"
        assert page.evaluate(f"{own}.words[2]") == [1, 0, 2]
        words.focus()
        for key in ("ArrowDown", "ArrowLeft", "Shift+ArrowRight"):
            words.press(key)
        assert page.evaluate(f"{own}.words[3]") == [3, 1, 2, 0]
        be_still(page)
        assert "step 4: 3 1 2 0" in words.get_attribute("aria-label")
        assert page.evaluate(f"{own}.step") == page.evaluate("document.querySelector('.live-on').live.states.launches")
        assert not page.errors
