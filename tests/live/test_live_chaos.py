"""The live chaos game: the page's states are those of `run`."""

from __future__ import annotations

import numpy as np
import pytest
from live_pages import browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro
from revorder.live.tosses import tosses


def draw(rng):
    return ro.live.ChaosGame(
        lr=rng.uniform(0.1, 0.9),
        seed=int(rng.integers(1000)),
        start=rng.uniform(0, 1, 2).tolist(),
        corners=rng.uniform(0, 1, (3, 2)).tolist(),
        depth=rng.uniform(0, 24),
    )


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_would_be_noticed():
    game = ro.live.ChaosGame()
    found = computed(game)
    assert gap({**found, "forward": found["backward"]}, game.states()) > 0.1
    assert gap({**found, "ends": found["ends"][::-1]}, game.states()) > 0.1


@pytest.mark.parametrize("sides, stream", [(2, 0), (3, 1), (256, 7)])
def test_tosses_are_the_same_in_both_languages(sides, stream):
    seeds = [0, 1, 12345, 2**31, 2**32 - 1]
    found = javascript("random", "tosses", [[seed, 20_000, sides, stream] for seed in seeds])
    for seed, each in zip(seeds, found, strict=True):
        assert each == tosses(seed, 20_000, sides, stream).tolist()
    kept = javascript("tossed", "tossed", [[seed, 1000, sides, stream] for seed in [*seeds, *seeds]])
    assert kept == [each[:1000] for each in [*found, *found]]


def test_the_bound_holds_and_the_magnified_path_is_the_path():
    game = ro.live.ChaosGame(lr=0.3, depth=5.5)
    states = game.states()
    bounds = javascript("corner_maps", "farthest", [[game.settings, n] for n in range(30)])
    limit = game._quickly(np.array(game.corners)[game.tosses[:300]])[1][-1]
    assert (np.linalg.norm(states["backward"][:30] - limit, axis=1) <= bounds).all()
    frames = javascript("corner_maps", "frames", [[game.corners, game.tosses[:5].tolist(), 0.3, 5]])[0]
    scale, shift = frames[5]["scale"], np.array(frames[5]["shift"])
    assert np.allclose(scale * states["zoomed"] + shift, states["backward"][5:36], rtol=0, atol=1e-14)


def test_picture_is_that_of_run():
    game = ro.live.ChaosGame(step=40)
    forward, backward = game._quickly(np.array(game.corners)[game.tosses[:40]])
    assert np.allclose(forward, game.states()["forward"], rtol=0, atol=1e-15)
    assert np.allclose(backward, game.states()["backward"], rtol=0, atol=1e-15)
    assert "41 points" in game.picture.alt
    assert "40 SEEDS" in ro.live.ChaosGame(step=40, view="seeds").picture.alt


def test_goals_are_reached_by_keys(chromium, tmp_path):
    with browser(chromium) as started, opened(started, tmp_path, [ro.live.ChaosGame()]) as page:
        reached = "document.querySelectorAll('.live-reached').length"
        assert page.evaluate(reached) == 0
        page.get_by_label("magnify").press("End")
        page.wait_for_function(f"{reached} === 1")
        rate = page.get_by_label("learning rate h")
        rate.press("End")
        page.get_by_role("button", name="To the start").click()
        for _ in range(4):
            page.get_by_role("button", name="One step", exact=True).click()
        page.wait_for_function(f"{reached} === 2")
        assert page.errors == []
