"""The live figure of methods by learning rates: the page tunes, averages and pairs as NumPy does."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from live_pages import browser, opened
from live_truth import gap, javascript, worst_gap
from scipy import stats

import revorder as ro
from revorder.experiments import budget
from revorder.live.methods import NAMES, RATES

LIVE = "document.querySelector('.live-on').live"


def draw(rng):
    """A recording of other numbers, in which some runs end."""
    shape = len(NAMES), len(RATES)
    paths, spreads, tuning = (rng.lognormal(-2, 1, (*shape, *more)) for more in ((7, 4), (7,), (5,)))
    whole = {"paths": paths.tolist(), "spreads": spreads.tolist(), "tuning": tuning.tolist()}
    if rng.uniform() < 0.5:
        m, r = int(rng.integers(len(NAMES))), int(rng.integers(len(RATES)))
        whole["paths"][m][r][3][2:] = [None, None]
        whole["spreads"][m][r][3] = whole["tuning"][m][r][1] = None
    recording = {"methods": list(NAMES), "rates": list(RATES), "looks": [10, 20, 30, 40], "seeds": list(range(7)),
                 "tuning_seeds": list(range(5)), "t": stats.t.ppf(0.975, 6), **whole}  # fmt: skip
    return ro.live.MethodsByRate(
        method=str(rng.choice(NAMES)), lr=float(rng.choice(RATES)), reference=str(rng.choice(NAMES)),
        shown=str(rng.choice(["loss", "spread"])), rates=str(rng.choice(["own", "same"])), recording=recording,
    )  # fmt: skip


def test_states_are_those_of_numpy():
    assert worst_gap(draw, 60) < 1e-12


def test_the_recording_gives_the_same_states():
    figures = [ro.live.MethodsByRate(method=name, shown=shown, rates=rates, reference=reference) for name, shown, rates,
               reference in [("EMA", "loss", "own", "backward"), ("decay", "loss", "same", "backward"),
                             ("forward", "spread", "own", "EMA")]]  # fmt: skip
    found = javascript("methods_by_rate_states", "compared", [[figure.settings] for figure in figures])
    assert max(gap(each, figure.states()) for each, figure in zip(found, figures, strict=True)) < 1e-12


def test_unpaired_seeds_would_be_noticed():
    """Of two averages of the same forward runs."""
    figure = ro.live.MethodsByRate(method="LAWA", reference="SWA")
    states, paths = figure.states(), np.array(figure.recording["paths"])
    row, base = NAMES.index("LAWA"), NAMES.index("SWA")
    own, other = paths[row, states["used"][row], :, -1], paths[base, states["tuned"][base], :, -1]
    test, apart = (each.confidence_interval() for each in (stats.ttest_rel(own, other), stats.ttest_ind(own, other)))
    assert (states["low"][row], states["high"][row]) == pytest.approx(test)
    assert np.ptp(test) < 0.7 * np.ptp(apart)


@pytest.mark.parametrize("shown, metric", [("loss", "test loss"), ("spread", "spread about the trend")])
def test_frames_say_what_the_figure_says(shown, metric):
    figure = ro.live.MethodsByRate(shown=shown)
    tuned = budget.choose(figure.frame("tuning"), "test loss")
    assert tuned == figure.tuned and list(tuned) == list(NAMES)
    figure.lr = tuned["EMA"]
    rows, states = budget.paired(figure.frame(), metric, tuned, "backward"), figure.states()
    for name in ("difference", "low", "high", "better"):
        assert rows[name].to_numpy() == pytest.approx(states[name])
    assert list(rows["mean"]) == pytest.approx([states["means"][m, r] for m, r in enumerate(states["tuned"])])


def test_names_are_those_of_the_methods():
    assert tuple(budget.methods(1750)) == NAMES == tuple(ro.live.MethodsByRate().recording["methods"])


@pytest.mark.parametrize("wrong", [{"lr": 0.15}, {"method": "magic"}, {"reference": ""}, {"shown": "best"}])
def test_settings_that_no_page_can_show(wrong):
    with pytest.raises(traitlets.TraitError, match=next(iter(wrong))):
        ro.live.MethodsByRate(**wrong)


def test_the_picture_says_what_it_shows():
    figure = ro.live.MethodsByRate(method="decay", lr=RATES[0], rates="same")
    row = NAMES.index("decay")
    assert f"{figure.states()['difference'][row]:+.3f} nats of test loss" in figure.picture.alt
    assert "spread along the path (nats)" in ro.live.MethodsByRate(shown="spread").picture.alt


def test_cells_and_goals_in_a_page(chromium, tmp_path):
    with browser(chromium) as launched, opened(launched, tmp_path, [ro.live.MethodsByRate()]) as page:
        cell = page.locator("[role=gridcell][tabindex='0']")
        assert cell.count() == 1 and cell.get_attribute("aria-label").startswith("EMA at ")
        cell.focus()
        page.keyboard.press("ArrowDown")
        assert page.evaluate(f"{LIVE}.settings.method") == "schedule-free"
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(f"{LIVE}.settings.lr") == RATES[RATES.index(ro.live.MethodsByRate().lr) - 1]
        page.locator("[role=gridcell]").nth(len(RATES) + 2).click()
        assert page.evaluate(f"[{LIVE}.settings.method, {LIVE}.settings.lr]") == ["backward", RATES[2]]
        assert page.locator(".live-reached").count() == 0
        page.evaluate(f"{LIVE}.set({{method: 'decay', lr: {RATES[0]}, rates: 'same'}})")
        page.wait_for_function("document.querySelectorAll('.live-reached').length === 1")
        assert page.errors == []
