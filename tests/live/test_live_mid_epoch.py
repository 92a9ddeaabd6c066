"""The live figure of the middle of an epoch: its variances are exact, and its goals can be reached."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import torch
import traitlets
from live_pages import browser, opened
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro

ORDERS = ("forward", "backward")
GOALS = {"mid_epoch": [[{"step": 54}], [{"data": "flipflop", "step": 30}]]}


def draw(rng):
    return ro.live.MidEpoch(
        data=str(rng.choice(["iid", "shuffle_once", "reshuffle", "flipflop"])),
        size=int(rng.integers(2, 7)),
        lr=rng.uniform(0.02, 0.9),
    )


def weights(order, n, lr):
    return ro.theory.batch_weights(ro.order(order).word(n), lr)


def test_states_are_those_of_run():
    assert worst_gap(draw) < 1e-12


def test_another_order_or_data_would_be_noticed():
    live = ro.live.MidEpoch()
    found = computed(live)
    assert gap({**found, "forward": found["backward"]}, live.states()) > 0.1
    assert gap(found, ro.live.MidEpoch(data="flipflop").states()) > 0.1


def test_what_theory_and_the_course_say():
    """0.0211 against 0.0048 in the middle of an epoch, and the same at whole ones."""
    states = ro.live.MidEpoch().states()
    assert [round(states[order][55], 4) for order in ORDERS] == [0.0211, 0.0048]
    for order, n in product(ORDERS, (1, 7, 10, 34, 50, 55)):
        assert states[order][n] == pytest.approx(ro.theory.reshuffle_variance(weights(order, n, 0.1), 10), abs=1e-15)
    whole = slice(10, 61, 10)
    np.testing.assert_allclose(states["forward"][whole], states["backward"][whole], rtol=1e-12)
    independent = ro.live.MidEpoch(data="iid").states()["forward"][60]
    assert independent == pytest.approx(ro.theory.stationary_variance(0.1) * (1 - 0.9**120), abs=1e-12)


@pytest.mark.parametrize("data", ["shuffle_once", "reshuffle", "flipflop"])
def test_variances_by_listing_all_sequences(data):
    """Three values of variance 1, six epochs: every choice of permutations is equally likely."""
    values = np.array([-1.0, 0.0, 1.0]) * 1.5**0.5
    shuffles, free = list(permutations(values)), {"shuffle_once": 1, "reshuffle": 6, "flipflop": 3}[data]
    rows = []
    for drawn in product(shuffles, repeat=free):
        epochs = {"shuffle_once": drawn * 6, "reshuffle": drawn}.get(data)
        rows.append(np.concatenate(epochs or [p for each in drawn for p in (each, each[::-1])]))
    x, states = np.array(rows), ro.live.MidEpoch(data=data, size=3, lr=0.3).states()
    for order, n in product(ORDERS, (1, 2, 3, 4, 5, 6, 8, 9, 13, 18)):
        assert (x[:, :n] @ weights(order, n, 0.3)).var() == pytest.approx(states[order][n], abs=1e-12)


@pytest.mark.parametrize("data", ["iid", "shuffle_once", "reshuffle", "flipflop"])
def test_simulated_runs_spread_as_much(data):
    ten = torch.arange(10.0, dtype=torch.float64)
    ten = (ten - ten.mean()) / ten.std(correction=0)
    draw = getattr(ro.batches, data)
    x = torch.stack([ten[draw(10, 1, 55, seed=seed)[:, 0]] for seed in range(1500)])
    states, update = ro.live.MidEpoch(data=data).states(), lambda theta, x: theta - 0.1 * (theta - x)
    for order in ORDERS:
        runs = ro.run_seeds(update, torch.zeros((), dtype=torch.float64), x, order, [47, 55], progress=False)
        for n, ends in zip((47, 55), runs.states.numpy(), strict=True):
            squares = ends**2  # the mean is 0
            assert abs(squares.mean() - states[order][n]) < 4 * squares.std() / 1500**0.5


def test_where_the_page_says_that_the_laws_are_the_same():
    """By listing: of three values, the multisets of (F_n) and (B_n) agree exactly where `reversible` says so."""
    shuffles = list(permutations([0.0, 1.0, 5.0]))
    listed = {
        "shuffle_once": [p * 3 for p in shuffles],
        "reshuffle": [p + q + r for p, q, r in product(shuffles, repeat=3)],
        "flipflop": [p + p[::-1] + q + q[::-1] for p, q in product(shuffles, repeat=2)],
    }
    for data, sequences in listed.items():
        x, steps = np.array(sequences), range(1, len(sequences[0]) + 1)
        said = javascript("mid_epoch_states", "reversible", [[data, 3, n] for n in steps])
        for n, same in zip(steps, said, strict=True):
            ends = [np.sort(x[:, :n] @ weights(order, n, 0.3)) for order in ORDERS]
            assert np.allclose(*ends, rtol=0, atol=1e-12) == same, (data, n)


@pytest.mark.parametrize("wrong", [{"data": "incremental"}, {"size": 1}, {"size": 21}, {"lr": 1.0}, {"step": -1}])
def test_settings_that_cannot_be_shown(wrong):
    with pytest.raises(traitlets.TraitError):
        ro.live.MidEpoch(**wrong)


def test_the_picture_says_both_variances():
    assert "at step 55 the variance is 0.0211 forward, 0.0048 backward" in ro.live.MidEpoch(step=55).picture.alt


def test_the_goals_can_be_reached(chromium, tmp_path):
    counted = "document.querySelectorAll('.live-reached').length"
    with browser(chromium) as opening, opened(opening, tmp_path, [ro.live.MidEpoch()]) as page:
        assert page.evaluate(counted) == 0
        page.locator(".live-handle").focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        page.wait_for_function(f"{counted} === 1")
        page.evaluate("s => document.querySelector('.live-on').live.set(s)", GOALS["mid_epoch"][1][0])
        page.wait_for_function(f"{counted} === 2")
        assert page.errors == []
