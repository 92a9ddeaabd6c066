"""Linear models with square loss in closed form, against `torch.optim.SGD`."""

from __future__ import annotations

import copy

import pytest
import torch
from family import distance
from linear_models import CHECKPOINTS, F64, LR, ROUTES, STEPS, data, half_square, run, take
from torch import nn
from torch.nn.functional import mse_loss

import revorder as ro
from revorder.engines import squares


def summed(outputs, targets):
    return (outputs - 3 * targets + 1).square().sum() / 40


def flat(*layers):
    return nn.Sequential(nn.Flatten(), *layers)


MODELS = {
    "one output": lambda: nn.Linear(5, 1),
    "three outputs": lambda: nn.Linear(5, 3),
    "no bias": lambda: nn.Linear(5, 2, bias=False),
    "flatten": lambda: flat(nn.Identity(), nn.Linear(5, 2)),
    "no dropout": lambda: nn.Sequential(nn.Linear(5, 1), nn.Dropout(0.3)).eval(),
}
CRITERIA = {
    "mean": mse_loss,
    "module": nn.MSELoss(),
    "half": half_square,
    "scaled": summed,
    "sum": lambda o, y: mse_loss(o, y, reduction="sum") / 9,
}


def by_hand(model, criterion, batches, n):
    model = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), LR)
    for i in range(n - 1, -1, -1):
        optimizer.zero_grad()
        criterion(model(batches[i][0]), batches[i][1]).backward()
        optimizer.step()
    return {name: leaf.detach() for name, leaf in model.named_parameters()}


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("model, criterion", [
    *((model, "half") for model in MODELS), *(("three outputs", criterion) for criterion in CRITERIA),
])  # fmt: skip
def test_states_are_those_of_a_plain_loop(model, criterion, route, monkeypatch):
    take(monkeypatch, route)
    model, criterion = MODELS[model]().double(), CRITERIA[criterion]
    batches = data(model)
    made = run(model, criterion, batches)
    assert "; slopes of the square loss looked at in " in made.engine
    assert "then" not in made.engine and "; checked " in made.engine and made.cost == STEPS
    for row, n in enumerate(CHECKPOINTS):
        state = {name: leaf[row] for name, leaf in made.states["params"].items()}
        assert distance(state, by_hand(model, criterion, batches, n)) <= 1e-13
    with pytest.raises(AssertionError):
        assert distance(made.states, run(model, criterion, batches, "forward", engine="replay").states) <= 1e-3


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("size, dtype, tolerance", [(1, F64, 1e-13), (30, F64, 1e-13), (4, torch.float32, 1e-5)])
def test_batches_of_one_and_many_and_single_precision(size, dtype, tolerance, route, monkeypatch):
    take(monkeypatch, route)
    monkeypatch.setattr(squares, "PIECE", 300)  # few windows at once
    model = nn.Linear(5, 2).to(dtype)
    batches = data(model, size, dtype)
    made = run(model, half_square, batches)
    assert "square loss" in made.engine and made.states["params"]["weight"].dtype == dtype
    assert distance(made.states, run(model, half_square, batches, engine="replay").states) <= tolerance


def test_targets_far_away_cost_no_digits(monkeypatch):
    take(monkeypatch, ROUTES[0])
    model = nn.Linear(5, 1).double()
    inputs, targets = data(model).data
    batches = ro.batches.Minibatches((inputs, 1e9 * (1 + targets)), data(model).index)
    made, replayed = (run(model, half_square, batches, engine=engine) for engine in ("affine", "replay"))
    assert "square loss" in made.engine
    assert distance(made.states, replayed.states) <= 1e-14 * replayed.states["params"]["weight"].abs().max()


@pytest.mark.parametrize("steps", [1, 2, 7, 8, 9, 16, 17, 40])
def test_short_runs_of_every_length_are_looked_at_as_a_whole(steps):
    model = nn.Linear(5, 1).double()
    batches = data(model, steps=steps)
    made = run(model, half_square, batches, checkpoints=range(1, steps + 1))
    assert f"slopes of the square loss looked at in {steps * (steps + 1) // 2} steps" in made.engine
    replayed = run(model, half_square, batches, checkpoints=range(1, steps + 1), engine="replay")
    assert distance(made.states, replayed.states) <= 1e-13


@pytest.mark.parametrize("route", ROUTES[1:], ids=str)
def test_lists_labels_and_single_checkpoints(route, monkeypatch):
    take(monkeypatch, route)
    model = nn.Linear(5, 1).double()
    labels = [i % 3 for i in range(STEPS)]
    batches = [data(model)[label] for label in labels]
    loss, params = ro.module_loss(model, half_square)
    update = ro.sgd(loss, LR)
    for order, checkpoints in (("backward", CHECKPOINTS), ("forward", [STEPS]), ("two-sided", [STEPS])):
        runs = [ro.run(update, update.init(params), batches, order, checkpoints, labels=labels, engine=engine,
                       progress=False) for engine in ("affine", "replay")]  # fmt: skip
        assert "square loss" in runs[0].engine
        assert distance(runs[0].states, runs[1].states) <= 1e-13
