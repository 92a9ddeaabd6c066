"""The recording of notebook 09 is what training gives, and its seeds that choose are not those that compare."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scripts import loaded

from revorder.experiments.budget import methods
from revorder.live import recordings

SCRIPT = Path(__file__).parents[2] / "notebooks" / "results" / "methods_by_rate.py"


@pytest.fixture(scope="module")
def recording():
    return recordings.load("methods_by_rate")


@pytest.fixture(scope="module")
def script():
    return loaded(SCRIPT)


def of(recording, part, name, rate, seeds):
    """The first seeds of one cell."""
    return np.array(recording[part][recording["methods"].index(name)][recording["rates"].index(rate)][:seeds])


def test_two_seeds_trained_again(recording, script):
    names = ("backward", "EMA", "decay")
    again = script.record({name: methods(1750)[name] for name in names}, (0.1,), (0, 1), (16, 17))
    for name in names:
        for part in ("tuning", "paths", "spreads"):
            assert of(again, part, name, 0.1, 2) == pytest.approx(of(recording, part, name, 0.1, 2), rel=0.02)
    assert of(again, "tuning", "EMA", 0.1, 2) != pytest.approx(of(recording, "tuning", "decay", 0.1, 2), rel=0.02)
    assert of(again, "tuning", "EMA", 0.1, 2) != pytest.approx(of(recording, "tuning", "EMA", 0.2, 2), rel=0.02)
    assert again["prices"] == [20_020, 1750, 1750] and again["looks"] == recording["looks"]


def test_what_chooses_is_not_what_is_compared(recording, script):
    assert len(recording["seeds"]) == len(recording["tuning_seeds"]) == 16
    assert not set(recording["seeds"]) & set(recording["tuning_seeds"])
    images = np.arange(397)
    assert sorted([*images[script.CHOOSING], *images[script.REPORTING]]) == images.tolist()


def test_shapes_and_the_card(recording):
    counts = len(recording["methods"]), len(recording["rates"]), 16
    assert np.shape(recording["paths"]) == (*counts, len(recording["looks"])) and recording["looks"][-1] == 1750
    assert np.shape(recording["spreads"]) == np.shape(recording["tuning"]) == counts
    assert {"script", "processor", "cores", "threads", "versions", "seconds", "images"} <= recording["card"].keys()
    assert (SCRIPT.parents[2] / recording["card"]["script"]) == SCRIPT
    text = (recordings.FOLDER / "methods_by_rate.json").read_text()
    assert len(text) < 300_000 and "NaN" not in text and json.loads(text) == recording


def test_a_loss_that_is_not_finite_has_no_spread(script):
    losses = np.linspace(1.0, 0.5, len(script.TAIL))
    assert script.spread(losses) == pytest.approx(0, abs=1e-12)  # it falls along a line
    losses[3] = np.inf
    assert np.isnan(script.spread(losses))
