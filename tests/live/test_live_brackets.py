"""The live figures of brackets over bowls: the page's steps and brackets are those of `run` and of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import traitlets
from conftest import browser_path
from live_goals import in_turn, reached
from live_pages import browser, drag_by, opened
from live_truth import SETTINGS, computed, gap, javascript, worst_gap

import revorder as ro
from revorder.live.bowls import KINDS, RATES, bowl_loss
from revorder.live.brackets_window import prices
from revorder.plots.brackets import level_line, slope

GOALS = {
    "brackets": [
        [{"kind": "quadratic", "lr": 0.4, "start": [-2.1, 2.21]}],
        [{"kind": "log cosh", "lr": 0.8, "start": [2.9, 2.9]}],
        [{"kind": "quadratic", "minimisers": [[0.5, 0.5], [0.5, 0.5]], "angle": 90}],
    ],
    "brackets_window": [[{"width": 8, "lr": 0.0125}], [{"width": 12, "lr": 0.8}]],
}
RATE = np.array(RATES)


def draw(rng):
    return ro.live.Brackets(
        kind=str(rng.choice(KINDS)),
        lr=rng.uniform(0.0125, 0.8),
        angle=int(rng.integers(91)),
        start=rng.uniform(-3, 3, 2).tolist(),
        minimisers=rng.uniform(-3, 3, (2, 2)).tolist(),
    )


def draw_window(rng):
    return ro.live.CorrectedWindow(
        width=int(rng.integers(2, 13)),
        lr=rng.uniform(0.0125, 0.8),
        start=rng.uniform(-3, 3, 2).tolist(),
        seed=int(rng.integers(2**32)),
    )


@pytest.mark.parametrize("drawn", [draw, draw_window])
def test_states_are_those_of_run_and_torch(drawn):
    assert worst_gap(drawn, SETTINGS // 4) < 1e-12


def test_the_other_sign_would_be_noticed():
    figure = ro.live.Brackets()
    found, states = computed(figure), figure.states()
    assert gap({**found, "bracket": [-v for v in found["bracket"]]}, states) > 0.1
    assert gap({**found, "forward": found["backward"]}, states) > 0.1


def test_quadratic_gaps_are_the_bracket_and_others_miss_it_by_the_third_order():
    assert ro.live.Brackets(kind="quadratic", lr=0.8).states()["missed"].max() == 0
    for figure in (ro.live.Brackets(), ro.live.CorrectedWindow(seed=3)):
        states = figure.states()
        small = RATE < 0.2
        assert 1.9 < slope(RATE[small], states["gaps"][1:][small]) < 2.1
        assert 2.85 < slope(RATE[small], states["missed"][1:][small]) < 3.15


def test_forward_takes_batch_0_first():
    figure = ro.live.Brackets(kind="quadratic", lr=0.3)
    states, (older, newer) = figure.states(), figure.batches
    first = torch.tensor(figure.start, dtype=torch.float64)
    for batch, state in ((older, states["forward"][1]), (newer, states["backward"][1])):
        move = torch.func.grad(bowl_loss("quadratic"))(first, batch).numpy()
        assert np.allclose(state, np.array(figure.start) - 0.3 * move, rtol=0, atol=1e-14)
    to_older = older[:2].numpy() - states["forward"][-1]
    assert (states["backward"][-1] - states["forward"][-1]) @ to_older > 0


def test_prices_are_those_of_the_update_and_the_plan():
    lie = ro.lie_corrected(bowl_loss("log cosh"), 0.1)
    found = javascript("brackets_window_states", "windowPrices", [[width] for width in range(1, 13)])
    for width, page in enumerate(found, 1):
        forward, backward, corrected, pairs = prices(width)
        assert (forward, backward) == (width, ro.plan("backward", [width]).cost)
        assert corrected == lie.cost(width) and pairs >= corrected - 2
        assert [*page.values()] == [forward, backward, corrected, pairs]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [1, 0.25])
def test_level_lines_have_one_level(kind, share):
    batch, through = torch.tensor([0.3, -0.2, 0.7], dtype=torch.float64), np.array([1.1, 0.8])
    together = torch.vmap(bowl_loss(kind), (0, None))
    value = lambda points: together(torch.from_numpy(points), batch).numpy()
    line = level_line(value, batch[:2].numpy(), through, share)
    assert np.allclose(value(line), share * value(through[None])[0], rtol=1e-4)
    turns = np.unwrap(np.arctan2(*(line - batch[:2].numpy()).T))
    assert np.allclose(line[0], line[-1]) and abs(turns[-1] - turns[0]) == pytest.approx(2 * np.pi)


def test_pictures_say_what_the_states_are():
    figure = ro.live.Brackets()
    states = figure.states()
    assert f"misses {states['missed'][0] / states['gaps'][0]:.0%} of the gap" in figure.picture.alt
    same = ro.live.Brackets(angle=0, minimisers=[[0, 0], [0, 0]])
    assert "Both orders end at one point" in same.picture.alt and same.states()["gaps"].max() == 0
    assert "spans the gap exactly" in ro.live.Brackets(kind="quadratic").picture.alt
    assert "for 19 evaluations instead of 5" in ro.live.CorrectedWindow().picture.alt


@pytest.mark.parametrize("wrong", [{"lr": 0.9}, {"kind": "cubic"}, {"angle": 91}, {"minimisers": [[0, 0]]}])
def test_settings_that_no_page_can_show(wrong):
    with pytest.raises(traitlets.TraitError, match=next(iter(wrong))):
        ro.live.Brackets(**wrong)


@pytest.fixture(scope="module")
def chrome():
    with browser(browser_path()) as running:
        yield running


@pytest.mark.parametrize("figure", [ro.live.Brackets, ro.live.CorrectedWindow])
def test_goals_are_open_at_first_and_can_be_reached(chrome, tmp_path, figure):
    with opened(chrome, tmp_path, [figure()]) as page:
        assert page.locator(".live-reached").count() == 0
        in_turn(page, GOALS[figure.figure])
        assert page.errors == []


def test_title_follows_a_dragged_start_and_goals_are_not_reached_by_halves(chrome, tmp_path):
    with opened(chrome, tmp_path, [ro.live.Brackets()]) as page:
        before = page.locator(".live-title").inner_text()
        assert "The bracket (black arrow) misses" in before
        drag_by(page, page.get_by_role("slider", name="start", exact=True), -40, -60)
        page.wait_for_function(f"document.querySelector('.live-title').innerText !== {before!r}")
        page.get_by_label("quadratic").check(force=True)
        page.wait_for_function("document.querySelector('.live-title').innerText.includes('makes up all of the gap')")
        small = {"kind": "quadratic", "lr": 0.05, "minimisers": [[-0.7, 0], [0.7, 0]]}
        assert reached(page, [small, {**small, "lr": 0.4, "angle": 0}]) == 0  # small steps; one Hessian, two minimisers
        assert page.errors == []
