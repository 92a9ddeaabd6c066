"""Orders compared seed by seed: against numpy, and what a report says of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import revorder as ro
from revorder.experiments import Config
from revorder.experiments.comparisons import DETRENDED, SPREAD, paired, said
from revorder.experiments.reports import section
from revorder.experiments.summaries import Results

CONFIG = Config("made", "smoke", steps=40, stride=2, seeds=4)
LOSS_END, ACCURACY_END = "test loss at the last checkpoint", "test accuracy at the last checkpoint"


def run(order, seed, shift=0.0, train=True):
    draw = np.random.default_rng([seed, len(order)])
    steps = list(CONFIG.checkpoints)
    metrics = {"test loss": 1 + seed + shift + 0.1 * draw.random(len(steps)), "test accuracy": draw.random(len(steps))}
    if train:
        metrics |= {"train loss": metrics["test loss"] - 0.5, "train accuracy": metrics["test accuracy"] / 2}
    return ro.Trajectory(order, steps, {}, metrics, cost=40)


def results(seeds=(0, 1, 2, 3), others=(0, 1, 2, 3), shift=0.0, **options):
    runs = {"forward": {seed: run("forward", seed, **options) for seed in seeds},
            "backward": {seed: run("backward", seed, shift, **options) for seed in others}}  # fmt: skip
    return Results(CONFIG, {"jobs": {}}, runs, {}, [])


def test_differences_are_numpys():
    found, given = paired(results()), results().runs
    ends = [
        given["backward"][s].metrics["test loss"][-1] - given["forward"][s].metrics["test loss"][-1] for s in range(4)
    ]
    low, high = stats.t.interval(0.95, 3, np.mean(ends), np.std(ends, ddof=1) / 2)
    assert (found[LOSS_END].low, found[LOSS_END].high) == pytest.approx((low, high))
    spread = lambda order, s: given[order][s].metrics["test loss"][-5:].std()  # the checkpoints 32 to 40
    assert found[SPREAD].mean == pytest.approx(
        np.mean([spread("backward", s) - spread("forward", s) for s in range(4)])
    )
    assert set(found) >= {DETRENDED, ACCURACY_END, "train loss at the last checkpoint", "best test loss along the path"}


def test_pairs_take_away_what_seeds_share():
    """Seeds lie 1 apart; a difference of 0.2 is seen in pairs, and would be lost between two samples."""
    given = results(shift=-0.2)
    found = paired(given)[LOSS_END]
    ends = [[run.metrics["test loss"][-1] for run in given.runs[order].values()] for order in ("backward", "forward")]
    assert found.sign == -1 and said(found) == "below 0"
    assert stats.ttest_ind(*ends).pvalue > 0.5


def test_only_seeds_of_both_orders_count():
    assert paired(results((0, 1, 2), (1, 2, 3)))[LOSS_END].count == 2
    assert paired(results((0, 1), (2, 3))) == {} == paired(results((), (0,)))
    alone = paired(results((0,), (0, 1)))[LOSS_END]
    assert alone.count == 1 and said(alone) == "one seed says nothing about chance"


def test_results_without_training_metrics_are_compared_all_the_same():
    found = paired(results(train=False))
    assert LOSS_END in found and not any("train" in name for name in found)


def test_no_difference_is_said_as_such():
    assert said(paired(results())[ACCURACY_END]) == "holds 0: no difference is shown"


def test_the_report_says_pairs_seeds_and_degrees_of_freedom():
    text = str(section(results()))
    assert "Paired by seed" in text and "4 differences, one for each seed" in text and "3 degrees of freedom" in text
    assert "One seed: its differences have no interval" in str(section(results((0,), (0,))))
    assert "Paired by seed" not in str(section(results((0,), (1,))))
