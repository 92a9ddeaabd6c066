"""What looks like a linear model with square loss and is none, or has a wrong formula, is noticed."""

from __future__ import annotations

import pytest
import torch
from family import distance
from linear_models import LR, ROUTES, STEPS, data, half_square, run, take
from torch import nn
from torch.nn.functional import cross_entropy, huber_loss

import revorder as ro
from revorder.engines import chains
from revorder.engines.regression import Regression
from revorder.errors import NotAffineError


def hooked():
    model = nn.Linear(5, 1)
    model.weight.register_hook(lambda gradient: gradient.clamp(-0.01, 0.01))
    return model


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize("model, criterion, options", [
    (lambda: nn.Linear(5, 1), half_square, {"momentum": 0.5}),
    (lambda: nn.Linear(5, 1), half_square, {"weight_decay": 0.1}),
    (hooked, half_square, {}),
    (lambda: Doubled(5, 1), half_square, {}),
    (lambda: nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 1)), half_square, {}),
    (lambda: nn.Linear(5, 2), cross_entropy, {}),
    (lambda: nn.Linear(5, 1), huber_loss, {}),
    (lambda: nn.Linear(5, 1), lambda o, y: (o - o.mean() - y).square().mean(), {}),
    (lambda: nn.Linear(5, 1), lambda o, y: (y.abs() * (o - y).square()).mean(), {}),
    (lambda: nn.Linear(5, 1), lambda o, y: o.mean(), {}),
    (lambda: nn.Linear(5, 1), lambda o, y: half_square(o, y) if y.sum() else o.mean(), {}),
])  # fmt: skip
def test_what_else_there_is_goes_another_way(model, criterion, options):
    model = model().double()
    batches = data(model)
    runs = [run(model, criterion, batches, engine=engine, **options) for engine in ("auto", "replay")]
    assert distance(runs[0].states, runs[1].states) <= 1e-10
    try:
        made = run(model, criterion, batches, **options)
    except NotAffineError:
        return
    assert "square loss" not in made.engine
    assert distance(made.states, runs[1].states) <= 1e-10


def beyond(outputs, targets):
    """Square up to outputs of 6, and slower beyond."""
    return half_square(outputs, targets) - 0.2 * torch.relu(outputs - 6).square().mean()


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("short", [True, False])
def test_a_criterion_that_bends_where_the_run_goes(short, route, monkeypatch):
    take(monkeypatch, route, short)
    model = nn.Linear(5, 1).double()
    inputs, targets = data(model).data
    batches = ro.batches.Minibatches((inputs, targets + 12), ro.batches.iid(60, 4, 80, seed=2))
    with pytest.raises(NotAffineError, match="is not affine in its state"):
        run(model, beyond, batches, checkpoints=range(1, 81))
    runs = [run(model, beyond, batches, engine=engine, lr=1e-3) for engine in ("affine", "replay")]  # not yet there
    assert "square loss" in runs[0].engine
    assert distance(runs[0].states, runs[1].states) <= 1e-12


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_wrong_formula_is_noticed(route, monkeypatch):
    take(monkeypatch, route)
    model = nn.Linear(5, 1).double()
    monkeypatch.setattr(chains, "regression_of", lambda update: Regression(half_square, 1.01 * LR, ("weight", "bias"),
                                                                           5, 1, False))  # fmt: skip
    made = run(model, half_square, data(model))
    assert "then again without kernels" in made.engine
    assert distance(made.states, run(model, half_square, data(model), engine="replay").states) <= 1e-12


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_batch_that_is_not_finite_is_named(route, monkeypatch):
    take(monkeypatch, route)
    model = nn.Linear(5, 1).double()
    batches = [data(model)[i] for i in range(STEPS)]
    batches[9] = (batches[9][0], batches[9][1] * torch.nan)
    with pytest.raises(ro.DivergedError, match="batch 9 itself holds infinite or NaN") as caught:
        run(model, half_square, batches)
    assert caught.value.step == 13 and sorted(caught.value.trajectory.steps) == [1, 2, 7, 7, 8]


def test_a_run_too_long_for_a_sweep_goes_another_way(monkeypatch):
    model = nn.Linear(5, 1).double()
    made = run(model, half_square, data(model))
    monkeypatch.setattr(chains, "HELD", 1)
    assert "square loss" in run(model, half_square, data(model)).engine
    monkeypatch.setattr(chains, "STEP", -1e9)
    other = run(model, half_square, data(model))
    assert "square loss" in made.engine and "square loss" not in other.engine
    assert distance(made.states, other.states) <= 1e-13
