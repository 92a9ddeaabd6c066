"""Somebody's metric, loss or model may write into what it is given: nothing else is measured otherwise for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from own_code import empty_registry

import revorder as ro
from revorder.experiments import Config, build, load

E = ro.experiments
X = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 2)))
Y = X.sum(1, keepdim=True)
WRITING = {
    "targets": lambda outputs, targets: targets.sub_(targets.mean()).sum(),
    "outputs": lambda outputs, targets: outputs.zero_().sum() + targets.mean(),
    "data": lambda outputs, targets: targets.data.mul_(2).sum() + outputs.mean(),  # torch counts no change
    "params": lambda params: sum(leaf.mul_(0.5).sum() for leaf in params.values()),
}


@pytest.fixture(autouse=True)
def registry():
    with empty_registry():
        E.register_data("plane", lambda: ((X[:30].clone(), Y[:30].clone()), (X[30:].clone(), Y[30:].clone())))
        E.register_metric("last", lambda outputs, targets: (outputs - targets).abs().mean())
        yield


def measured(engine, model="mlp", loss="mse", metrics=()):
    config = Config("x", model=model, dataset="plane", loss=loss, metrics=(*metrics, "last"), steps=8, stride=2,
                    engine=engine, lr=0.01, precision="float64", width=3)  # fmt: skip
    data = load(config)
    before = [part.clone() for part in (*data.train, *data.test)]
    found = build(config, data, 0).run("backward", config.checkpoints, engine=engine).metrics
    assert all(torch.equal(a, b) for a, b in zip(before, (*data.train, *data.test), strict=True))
    return {name: values for name, values in found.items() if name.split(" ")[-1] in ("loss", "last")}


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_metrics_leave_all_others_alone(engine):
    E.register_model("net", lambda shape, classes, width: torch.nn.Linear(shape[0], classes))
    plain = measured(engine, "net")
    for name, metric in WRITING.items():
        E.register_metric(name, metric)
        found = measured(engine, "net", metrics=(name,))
        assert found.keys() == plain.keys()
        assert all(np.array_equal(found[each], plain[each]) for each in plain), name


class Writing(torch.nn.Module):
    """Scales its inputs, in place or not."""

    def __init__(self, classes, in_place):
        super().__init__()
        self.layer, self.in_place = torch.nn.Linear(2, classes), in_place

    def forward(self, x):
        if self.in_place and not self.training:
            return self.layer(x.mul_(2))
        return self.layer(2 * x)


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_so_do_models_and_losses(engine):
    E.register_model("plain", lambda classes: Writing(classes, False))
    E.register_model("writes", lambda classes: Writing(classes, True))
    plain, found = measured(engine, "plain"), measured(engine, "writes")
    assert all(np.allclose(found[name], plain[name], rtol=1e-12) for name in plain)

    def loss(outputs, targets, write):
        error = ((outputs - targets) ** 2).mean()
        return error + 0 * targets.add_(1).mean() if write and len(targets) != 8 else error  # but training

    E.register_loss("plain", lambda outputs, targets: loss(outputs, targets, False))
    E.register_loss("writes", lambda outputs, targets: loss(outputs, targets, True))
    plain, found = measured(engine, "plain", "plain"), measured(engine, "plain", "writes")
    assert all(np.allclose(found[name], plain[name], rtol=1e-12) for name in plain)
