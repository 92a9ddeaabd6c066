"""Methods compared seed by seed: what is refused, and that it is said which names there are."""

from __future__ import annotations

import pandas as pd
import pytest

from revorder.experiments.budget import COLUMNS
from revorder.experiments.pairing import choose, paired

RATES = {"forward": 0.1, "backward": 0.3}


@pytest.fixture
def frame():
    """Two methods, rates, seeds and checkpoints; the rate 0.3 is better, and better still is the method "backward"."""
    rows = [
        {"method": method, "lr": lr, "seed": seed, "metric": "test loss", "evaluations": n, "value": seed + worse - lr}
        for method, worse in (("forward", 1.0), ("backward", 0.5))
        for lr in (0.1, 0.3)
        for seed in (0, 1)
        for n in (10, 20)
    ]
    return pd.DataFrame(rows)[COLUMNS]


def test_what_is_there_is_read(frame):
    assert choose(frame, "test loss") == {"forward": 0.3, "backward": 0.3}
    assert paired(frame, "test loss", RATES, "forward")["difference"].tolist() == pytest.approx([0, -0.7])


def test_an_unknown_metric_is_refused_with_those_there_are(frame):
    says = r"^metric: got 'tst loss', but the metrics of frame are test loss; did you mean 'test loss'\?$"
    with pytest.raises(ValueError, match=says):
        choose(frame, "tst loss")
    with pytest.raises(ValueError, match=says):
        paired(frame, "tst loss", RATES, "forward")
    with pytest.raises(ValueError, match="the metrics of frame are none$"):
        choose(frame[:0], "test loss")


@pytest.mark.parametrize("rates, reference, says", [
    ({"forward": 0.2}, "forward", "^rates: got 0.2 for 'forward', but the learning rates of it in frame are 0.1, 0.3$"),
    ({"sideways": 0.1}, "sideways", "^rates: got 0.1 for 'sideways', but the learning rates of it in frame are none$"),
    (RATES, "sideways", "^reference: got 'sideways', but the methods of rates are forward, backward$"),
    ({}, "forward", "^reference: got 'forward', but the methods of rates are none$"),
])  # fmt: skip
def test_unknown_rates_methods_and_references_are_refused(rates, reference, says, frame):
    with pytest.raises(ValueError, match=says):
        paired(frame, "test loss", rates, reference)


def test_a_method_that_is_finite_at_no_rate_is_named(frame):
    frame.loc[(frame["method"] == "forward") & (frame["seed"] == 1), "value"] = float("nan")
    with pytest.raises(ValueError, match="^frame: 'forward' has no learning rate at which all seeds are finite"):
        choose(frame, "test loss")
