"""Live figures of recorded gaps, stretches and steady paths: the page computes what NumPy does, goals are reached."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_goals import in_turn, reached
from live_pages import browser, opened
from live_truth import computed, gap, worst_gap

import revorder as ro
from revorder.live.gap_runs import QUANTITIES, RATES, STARTS
from revorder.live.steady_runs import SETTINGS


def draw_gaps(rng):
    """Recordings of other numbers."""
    looks, seeds = [0, 10, 400, 700, 2000], 5
    rows = lambda: rng.lognormal(0, 1, (len(RATES), seeds, len(looks))).tolist()
    gaps = {start: {name: rows() for name in QUANTITIES} for start in STARTS}
    recording = {"looks": looks, "rates": list(RATES), "quantile": 2.776445105, "gaps": gaps, "loss": rows()}
    return ro.live.Gaps(lr=float(rng.choice(RATES)), start=str(rng.choice(STARTS)), recording=recording)


def draw_stretch(rng):
    lowest, highest = -rng.lognormal(0, 1, (6, 4)), rng.lognormal(2, 1, (6, 4))
    recording = {
        "looks": list(range(6)),
        "lowest": lowest.tolist(),
        "highest": highest.tolist(),
        "quantile": 3.182446305,
    }
    return ro.live.Stretch(lr=float(rng.uniform(0.005, 1)), recording={**recording, "quantile": 3.182446305})


def draw_steady(rng):
    looks, names = list(range(10, 90, 10)), list(SETTINGS)
    losses = {order: rng.lognormal(-2, 1, (len(names), 3, 8)).tolist() for order in ("forward", "backward")}
    return ro.live.SteadyPaths(recording={"settings": names, "looks": looks, "quantile": 4.30265273, **losses})


@pytest.mark.parametrize("draw", [draw_gaps, draw_stretch, draw_steady])
def test_states_are_those_of_numpy(draw):
    assert worst_gap(draw) < 1e-8  # the quantiles above have ten digits


@pytest.mark.parametrize("name", ["Gaps", "Stretch", "SteadyPaths"])
def test_the_recording_gives_the_same(name):
    figure = getattr(ro.live, name)()
    assert gap(computed(figure), figure.states()) < 1e-12


def test_what_is_wrong_would_be_noticed():
    figure = ro.live.Gaps()
    found = computed(figure, lr=0.5)
    assert gap(found, figure.states()) > 0.1


def test_stretch_is_the_largest_singular_value():
    figure = ro.live.Stretch(lr=0.3, recording={
        "looks": [0], "lowest": [[-2.0, -1.0]], "highest": [[4.0, 9.0]], "quantile": 12.706})  # fmt: skip
    np.testing.assert_allclose(figure.states()["factors"], [[1.6, 1.7]])
    assert figure.states()["steep"].tolist() == [1]


def test_settings_are_checked():
    for wrong in ({"lr": 0.2}, {"start": "far"}, {"compared": "losses"}, {"seed": 16}):
        with pytest.raises(traitlets.TraitError):
            ro.live.Gaps(**wrong)
    with pytest.raises(traitlets.TraitError):
        ro.live.SteadyPaths(setting="SGD")


def test_pictures_say_what_they_show():
    assert "16 pairs of runs" in ro.live.Gaps().picture.alt
    assert "no change of the gap of the probabilities is shown" in ro.live.Gaps().picture.alt
    assert "every map stretches" in ro.live.Stretch().picture.alt
    assert "below 1 at 16 of 16 seeds" in ro.live.SteadyPaths().picture.alt


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("lr", RATES)
def test_an_interval_that_holds_1_shows_no_change_and_no_standstill(lr, start):
    for name in QUANTITIES:
        figure = ro.live.Gaps(lr=lr, start=start, compared=name)
        _, low, high = figure.states()[f"{name}_later"]
        said = figure.picture.alt.split(": times")[0]
        assert ("no change of" in said and "is shown" in said) == (low <= 1 <= high)
        assert ("grows" in said, "shrinks" in said) == (low > 1, high < 1)


GOALS = {
    "Gaps": lambda: [[{"lr": 0.3}], [{"lr": 0.1}, {"seed": int(ro.live.Gaps().gaps("probabilities")[:, -1].argmax())}]],
    "Stretch": lambda: [[{"lr": 0.023}], [{"step": 4}, {"lr": 1}]],
    "SteadyPaths": lambda: [[{"setting": "SGD, h = 0.5, batch 8"}, {"seed": wildest(2)}]],
}


def wildest(row):
    figure = ro.live.SteadyPaths()
    return int((figure.spreads("backward")[row] / figure.spreads("forward")[row]).argmax())


@pytest.mark.parametrize("name", GOALS)
def test_goals_are_open_at_first_and_can_be_reached(chromium, tmp_path, name):
    figure = getattr(ro.live, name)()
    with browser(chromium) as chrome, opened(chrome, tmp_path, [figure]) as page:
        assert reached(page) == 0
        in_turn(page, GOALS[name]())
        assert page.errors == []


def test_the_title_tells_growth_from_none_and_no_rate(chromium, tmp_path):
    with browser(chromium) as chrome, opened(chrome, tmp_path, [ro.live.Gaps()]) as page:
        title, live = page.locator(".live-title"), "document.querySelector('.live-on').live"
        assert "no change of the gap of the probabilities is shown, times" in title.inner_text()
        page.get_by_role("button", name="compare the logits").click()
        page.wait_for_function("document.querySelector('.live-title').textContent.includes('logits grows')")
        page.evaluate(f"{live}.set({{step: 5}})")
        page.wait_for_function("document.querySelector('.live-title').textContent.includes('step 50')")
        assert "per step" not in title.inner_text() and page.errors == []
