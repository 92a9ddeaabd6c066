"""The recorded networks: what the page makes of them, what notebook 07 says of them, and two seeds measured again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import traitlets
from live_goals import in_turn
from live_pages import browser, opened
from live_truth import SETTINGS, gap, javascript, worst_gap

import revorder as ro
from revorder.live import brackets_recording
from revorder.live.brackets_recording import RATES, SIZES, WIDTHS, measured, network_loss
from revorder.live.brackets_relu import shares
from revorder.live.recordings import FOLDER, load

GOALS = {"brackets_relu": [[{"width": 512, "batch_size": 128, "lr": 0.3}], [{"lr": 0.0003}]]}


@pytest.fixture(scope="module")
def recording():
    return load("relu_brackets")


def draw(rng):
    """Recordings of other numbers."""
    kinds = {}
    for kind in ("ReLU", "tanh"):
        names = ("gap", "error", "low", "middle", "high")
        kinds[kind] = {name: rng.lognormal(-3, 2, (len(WIDTHS), len(SIZES), len(RATES))).tolist() for name in names}
    grid = {"widths": list(WIDTHS), "sizes": list(SIZES), "rates": list(RATES), "seeds": 16}
    settings = {"width": int(rng.choice(WIDTHS)), "batch_size": int(rng.choice(SIZES)), "lr": float(rng.choice(RATES))}
    return ro.live.Kinks(activation=str(rng.choice(["ReLU", "tanh"])), recording=grid | kinds, **settings)


def test_states_are_those_of_numpy():
    assert worst_gap(draw, SETTINGS // 4) < 1e-12


def test_all_of_the_recording_is_shown_alike():
    figures = [ro.live.Kinks(activation=kind, width=width) for kind in ("ReLU", "tanh") for width in WIDTHS]
    found = javascript("brackets_relu_states", "compared", [[figure.settings] for figure in figures])
    assert max(gap(each, figure.states()) for each, figure in zip(found, figures, strict=True)) < 1e-12
    assert gap(found[0], figures[6].states()) > 0.1  # ReLU for tanh


def test_the_recording_is_complete_and_small(recording):
    assert (
        recording["widths"] == list(WIDTHS) and recording["sizes"] == list(SIZES) and recording["rates"] == list(RATES)
    )
    assert recording["seeds"] == list(range(16))
    for kind in ("ReLU", "tanh"):
        for name in ("gap", "error"):
            values = np.array(recording[kind][name])
            assert values.shape == (len(WIDTHS), len(SIZES), len(RATES), 16) and (values > 0).all()
    assert {"about", "processor", "cores", "threads", "versions", "seconds"} <= recording["card"].keys()
    assert (FOLDER / "relu_brackets.json").stat().st_size < 250_000


@pytest.mark.parametrize("activation, width, size", [("ReLU", 16, 8), ("ReLU", 128, 32), ("tanh", 64, 16)])
def test_two_seeds_measured_again(recording, activation, width, size):
    again = measured(activation, width, size, seeds=(3, 11))
    at = recording["widths"].index(width), recording["sizes"].index(size)
    for values, name in zip(again, ("gap", "error"), strict=True):
        kept = np.array(recording[activation][name])[at]
        assert np.allclose(values, kept[:, [3, 11]], rtol=2e-3)
        assert not np.allclose(values, kept[:, [3, 12]], rtol=0.01)


def test_the_measure_is_that_of_the_model_itself():
    """By hand for one seed: `ro.module_loss` of `ro.models.mlp`, one pair of batches, one learning rate."""
    problem = ro.problems.digits_mlp(0.1, 8, 2, seed=5, hidden=16, dtype=torch.float64)
    loss, params = problem.update.loss, problem.start["params"]
    a, b = (problem.batches[i] for i in (0, 1))
    found = ro.diagnostics.commutator(problem.update, problem.start, a, b)
    predicted = ro.diagnostics.lie_bracket(loss, params, a, b, 0.1)
    length = lambda tree: sum(leaf.square().sum() for leaf in tree.values()).sqrt().item()
    expected = length(found), length({name: found[name] - predicted[name] for name in found})
    gap_, error = measured("ReLU", 16, 8, rates=(0.1,), seeds=(5,))
    assert np.allclose((gap_[0, 0], error[0, 0]), expected, rtol=1e-9)
    assert torch.isclose(network_loss("ReLU")(params, a), loss(params, a), rtol=1e-12)
    assert not torch.isclose(network_loss("tanh")(params, a), loss(params, a), rtol=1e-3)


def test_a_small_recording_has_the_shape_of_the_large_one():
    made = brackets_recording.record((16, 32), (8,), (0.01, 0.1), (0, 1))
    assert np.array(made["tanh"]["error"]).shape == (2, 1, 2, 2)
    summed = shares(made)
    ratio = np.divide(made["ReLU"]["error"], made["ReLU"]["gap"])
    assert summed["seeds"] == 2 and np.allclose(summed["ReLU"]["middle"], ratio.mean(-1), rtol=0.01)


def test_settings_and_the_picture():
    with pytest.raises(traitlets.TraitError):
        ro.live.Kinks(width=17)
    figure = ro.live.Kinks(width=512, lr=0.1)
    share = figure.states()["share"][1][RATES.index(0.1)]
    assert f"ReLU, width 512, batches of 8, h = 0.1: the bracket misses {share:.0%} of the gap" in figure.picture.alt


def test_goals_in_a_page(chromium, tmp_path):
    with browser(chromium) as chrome, opened(chrome, tmp_path, [ro.live.Kinks()]) as page:
        assert page.locator(".live-reached").count() == 0
        in_turn(page, GOALS["brackets_relu"])
        handle = page.get_by_role("slider", name="width and batch size")
        handle.press("ArrowLeft")
        handle.press("ArrowDown")
        settings = page.evaluate("document.querySelector('.live-on').live.settings")
        assert (settings["width"], settings["batch_size"]) == (256, 64) and page.errors == []
