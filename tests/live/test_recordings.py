"""The recording that a live figure plays back: it is what training gives, and says what notebook 00 says of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from revorder.diagnostics import spread_along_path
from revorder.live import recordings
from revorder.trajectories.trajectory import Trajectory

ORDERS = ("forward", "backward")


@pytest.fixture(scope="module")
def recording():
    return recordings.load("digits_rates")


def path(recording, order, rate):
    losses = np.array(recording[order][recording["rates"].index(rate)], dtype=float)
    return Trajectory(order, recording["looks"], None, {"loss": losses})


def spreads(recording, rate, trend):
    return [spread_along_path(path(recording, order, rate), "loss", 50, trend=trend) for order in ORDERS]


def test_shapes(recording):
    assert recording["rates"] == [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0]
    assert recording["looks"] == list(range(10, 2001, 10)) and recording["epoch"] == 1400 // 8
    for order in ORDERS:
        losses = np.array(recording[order], dtype=float)
        assert losses.shape == (8, 200) and (losses > 0).all() and (np.abs(losses[:, 0] - np.log(10)) < 0.15).all()


def test_the_file_is_small_and_compact():
    text = (recordings.FOLDER / "digits_rates.json").read_text()
    assert len(text) < 40_000 and " " not in text and text.count("\n") == 1


def test_training_again_gives_the_recorded_numbers(recording):
    """At a rate that does not amplify rounding: far from the other order, and from another seed."""
    looks = recording["looks"][:40]
    again = recordings.record([0.1], looks=looks)
    assert again["rates"] == [0.1] and again["looks"] == looks and again["epoch"] == recording["epoch"]
    for order, other in (ORDERS, ORDERS[::-1]):
        kept = recording[order][recording["rates"].index(0.1)][:40]
        assert again[order] == [pytest.approx(kept, rel=1e-4)]
        assert max(abs(np.divide(again[other][0], kept) - 1)) > 0.02
    assert max(abs(np.divide(recordings.record([0.1], 1, looks[:3])["forward"], again["forward"][0][:3])[0] - 1)) > 1e-3


def test_the_spread_is_seven_times_smaller_about_the_trend(recording):
    """At learning rate 0.1; raw, most of backward's spread is that its loss still falls."""
    assert spreads(recording, 0.1, trend=False) == pytest.approx([0.00978, 0.00390], rel=0.01)
    forward, backward = spreads(recording, 0.1, trend=True)
    assert (forward, backward) == pytest.approx((0.00908, 0.00128), rel=0.01) and 6.5 < forward / backward < 7.5


def test_where_both_losses_fall_the_raw_spread_hides_the_difference(recording):
    (forward, backward), (raw_forward, raw_backward) = (spreads(recording, 0.02, trend) for trend in (True, False))
    assert forward > 2.5 * backward and raw_forward < 1.1 * raw_backward


def test_at_large_rates_backward_is_the_wilder_one(recording):
    """At 1.0 neither network is better than guessing: forward has died, and backward visits better ones in between."""
    for rate, times in ((0.7, 5), (1.0, 10)):
        for trend in (False, True):
            forward, backward = spreads(recording, rate, trend)
            assert backward > times * forward
    forward, backward = (path(recording, order, 1.0).metrics["loss"][-50:] for order in ORDERS)
    assert forward.min() > math.log(10) - 0.01 and backward[-1] > math.log(10) and backward.min() < 1


def test_one_of_the_last_looks_is_a_whole_epoch(recording):
    """Reshuffled, both orders have the same law within the first epoch and after whole ones only."""
    whole = [n for n in recording["looks"] if n % recording["epoch"] == 0]
    assert whole == [350, 700, 1050, 1400, 1750]
    assert [n for n in whole if n in recording["looks"][-50:]] == [1750]


def test_after_the_first_loss_that_is_not_finite_nothing_is_kept():
    assert recordings.shortened([1.0, math.nan, 2.0]) == [1.0, None, None]
    assert recordings.shortened([math.inf]) == [None] and recordings.shortened([]) == []


def test_writing_and_names(tmp_path, recording):
    made = recordings.write({**recording, "forward": [[1.5, None]]}, tmp_path / "new")
    assert json.loads(made.read_text())["forward"] == [[1.5, None]]
    assert recordings.write(recording, tmp_path).read_text() == (recordings.FOLDER / made.name).read_text()
    for name in ("digits", "../recordings/digits_rates"):
        with pytest.raises(ValueError, match="the recordings are .*digits_rates"):
            recordings.load(name)
