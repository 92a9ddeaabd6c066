"""Figures of a metric that is not there, or that no axis could show: refused by the name of the argument."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import revorder as ro

NAN = float("nan")


def run(*values, order="forward", name="test loss"):
    metrics = {name: np.array(values, float), "test accuracy": np.ones(len(values))}
    return ro.Trajectory(order, list(range(1, len(values) + 1)), None, metrics)


def many(*values):
    return ro.SeedRuns("forward", [1], None, {"test loss": np.array([values])}, 1, "")


@pytest.mark.parametrize(("runs", "options", "message"), [
    ([run(1, 2)], {"metric": "nope"}, r"metric: got 'nope', but the metrics of .* are test loss, test accuracy$"),
    ([run(1, 2)], {"metric": "test los"}, "did you mean 'test loss'"),
    ([run(1, 2), run(1, 2, name="lev")], {}, r"metrics of runs\[1\] are lev, "),
    ([[run(1), run(2, name="lev")]], {}, r"metrics of runs\[0\] are lev, "),
    ([many(1, 2)], {"metric": "lev"}, "metrics of .* are test loss"),
    ([ro.Trajectory("forward", [1], None, {})], {}, "are none"),
    ([run(NAN, NAN)], {"log": True}, "log: 'test loss' has no finite value above 0.*log=False"),
    ([run(0, 0), run(-1, -2)], {"log": True}, "log: "), ([[run(NAN), run(NAN)]], {"log": True}, "log: "),
    ([run()], {}, r"runs\[0\]: it has no checkpoints"), ([run(1), run()], {"log": True}, r"runs\[1\]: it has no"),
    ([run(1, 2)], {"last": 0}, "last: got 0"), ([run(1, 2)], {"epoch": -3}, "epoch: got -3"),
])  # fmt: skip
def test_paths(runs, options, message):
    with warnings.catch_warnings(), pytest.raises(ValueError, match=message):
        warnings.simplefilter("error")
        ro.plots.paths_figure(runs, **{"metric": "test loss"} | options)


@pytest.mark.parametrize("runs", [[run(NAN, 1), run(NAN, NAN, order="backward")], [run(0, 1)]])
def test_what_an_axis_can_show_is_drawn(runs):
    assert ro.plots.paths_figure(runs, "test loss", log=True).png


def test_other_figures_of_a_metric():
    with pytest.raises(ValueError, match=r"metrics of seeds\[0\] are test loss$"):
        ro.plots.two_spreads_figure([many(1, 2)], [run(1, 2)], "nope")
    with pytest.raises(ValueError, match=r"metrics of paths\[0\] are lev"):
        ro.plots.two_spreads_figure([many(1, 2)], [run(1, 2, name="lev")], "test loss")
    with pytest.raises(ValueError, match=r"metrics of runs\['forward'\]\[1\] are lev"):
        ro.plots.experiment_paths_figure({"forward": [run(1), run(1, name="lev")]}, "test loss", tail=1)
