"""A metric that is not there is named, with those that are; so are counts of checkpoints that are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import revorder as ro
from revorder.diagnostics import spread_along_path, spread_over_seeds
from revorder.plots import experiment_metrics_figure, experiment_paths_figure, multiples_figure, two_spreads_figure

RUN = ro.Trajectory("backward", [1, 2, 3], None, {"loss": np.array([1.0, 2.0, 3.0])})
SEEDS = ro.SeedRuns("backward", [1, 2, 3], None, {"loss": np.arange(6.0).reshape(3, 2)}, cost=30, engine="replay")
NONE = ro.Trajectory("backward", [1], None, {})
FRAME = pd.DataFrame({"method": ["a", "a"], "lr": [0.1, 0.1], "seed": [0, 0], "evaluations": [1, 2], "metric": "loss",
                      "value": [1.0, 2.0]})  # fmt: skip
WORDS = {"label": "x", "title": "t"}


@pytest.mark.parametrize("call, says", [
    (lambda: spread_along_path(RUN, "los"), "'los', but the metrics of run are loss; did you mean 'loss'?"),
    (lambda: spread_along_path(NONE, "loss"), "'loss', but the metrics of run are none"),
    (lambda: spread_over_seeds(SEEDS, "los", 2), "'los', but the metrics of runs are loss; did you mean 'loss'?"),
    (lambda: multiples_figure(FRAME, "los", {"a": 0.1}, "a", **WORDS), "'los', but the metrics of frame are loss; did"),
    (lambda: experiment_metrics_figure({"backward": [RUN]}), "'test loss', but the metrics of runs['backward'][0] are"),
])  # fmt: skip
def test_unknown_metrics(call, says):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).startswith(f"metric: got {says}")


@pytest.mark.parametrize("call, says", [
    (lambda: experiment_metrics_figure({}), "runs: got none"),
    (lambda: multiples_figure(FRAME, "loss", {"a": 0.2}, "a", **WORDS), "rates: got 0.2 for 'a', but .* are 0.1"),
    (lambda: multiples_figure(FRAME, "loss", {"b": 0.1}, "b", **WORDS), "rates: got 0.1 for 'b', but .* are none"),
    (lambda: multiples_figure(FRAME, "loss", {"a": 0.1}, "b", **WORDS), "reference: got 'b', but .* are a"),
])  # fmt: skip
def test_other_names_that_are_not_there(call, says):
    with pytest.raises(ValueError, match=says):
        call()


CALLS = {
    "spread": ("last", lambda last: spread_along_path(RUN, "loss", last)),
    "spreads": ("last", lambda last: two_spreads_figure([SEEDS], [RUN], "loss", last=last)),
    "experiment": ("tail", lambda last: experiment_paths_figure({"backward": [RUN]}, "loss", tail=last)),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("value, kind", [(0, ValueError), (-1, ValueError), (2.5, TypeError), ("3", TypeError)])
def test_counts_that_are_none(name, value, kind):
    argument, call = CALLS[name]
    with pytest.raises(kind, match=f"{argument}: got {value!r}, but it must be an integer >= 1"):
        call(value)


def test_the_two_spreads_are_not_taken_of_each_others_runs():
    with pytest.raises(TypeError, match="run: got many seeds.*spread_over_seeds"):
        spread_along_path(SEEDS, "loss")
    with pytest.raises(TypeError, match="runs: got one run.*spread_along_path"):
        spread_over_seeds(RUN, "loss", 2)
    assert spread_over_seeds(SEEDS, "loss", 2) == pytest.approx(np.std([2, 3], ddof=1))
