"""torch's own optimizers on a second device, a GPU or a simulated one: they keep their counts of steps on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from second_device import lies_there, second_device
from torch import optim
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.experiments import Config, load
from revorder.pytrees import blank_rows, finite_rows

MADE = {
    "SGD": lambda params: optim.SGD(params, 0.1),
    "momentum": lambda params: optim.SGD(params, 0.1, momentum=0.9),
    "Adam": lambda params: optim.Adam(params, 0.01),
    "AdamW": lambda params: optim.AdamW(params, 0.01, amsgrad=True),
    "NAdam": lambda params: optim.NAdam(params, 0.01),
    "RMSprop": lambda params: optim.RMSprop(params, 0.01),
    "Adagrad": lambda params: optim.Adagrad(params, 0.01),
}


@pytest.fixture
def there(monkeypatch):
    with second_device(monkeypatch) as device:
        yield device


def trained(make, device, **options):
    data = load(Config("small", train_examples=60), device=device)
    model = ro.models.mlp(64, 4, 10, seed=0).to(device)
    update = ro.torch_update(model, cross_entropy, make)
    batches = ro.batches.Minibatches(data.train, ro.batches.reshuffle(60, 4, 9, 0))
    return ro.run(update, update.init(dict(model.named_parameters())), batches, "backward", [3, 5], progress=False,
                  metrics={"bias": lambda state: update.params(state)["3.bias"].sum()}, **options)  # fmt: skip


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("on_diverge", ["raise", "mark"])
def test_they_train_there_as_here(there, name, on_diverge):
    found, here = (trained(MADE[name], device, on_diverge=on_diverge) for device in (there, "cpu"))
    assert np.allclose(found.metrics["bias"], here.metrics["bias"], atol=1e-5)
    assert lies_there(found.states["params"])


def test_finite_rows_of_leaves_on_two_devices(there):
    wild = torch.tensor([[1.0, 2.0], [torch.inf, 0.0]])
    for far, near in ((wild, torch.ones(2)), (torch.ones(2, 2), wild[:, 0])):
        stacked = {"there": far.to(there), "here": near}
        found = finite_rows(stacked)
        assert type(found) is torch.Tensor and found.tolist() == [True, False]
        blank = blank_rows(stacked, ~found)
        assert np.isnan(blank["there"].tolist()[1]).all() and blank["here"].isnan().tolist() == [False, True]
