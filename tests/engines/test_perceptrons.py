"""Which updates are recognised as the step of a perceptron, and which batches its formulas are for."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils import parametrizations

import revorder as ro
from revorder.engines.fused import fused_step
from revorder.engines.perceptrons import Perceptron, perceptron_of


def of(model, criterion=cross_entropy, lr=0.1, **options):
    return perceptron_of(ro.sgd(ro.module_loss(model, criterion)[0], lr, **options))


def layers(*between):
    return nn.Sequential(nn.Linear(4, 3), *(between or [nn.ReLU()]), nn.Linear(3, 2))


NAMED = Perceptron((4, 3, 2), ("relu",), "cross-entropy", 0.1)


def test_what_is_recognised_is_named():
    assert of(layers()) == NAMED
    deep = ro.models.mlp(5, 4, 3, 2, activation=nn.Tanh)
    seen = Perceptron((5, 4, 3, 2), ("tanh", "tanh"), "square", 0.2, 0.9, flattens=True)
    assert of(deep, mse_loss, lr=0.2, momentum=0.9) == seen
    assert of(nn.Sequential(nn.Linear(4, 3))) == Perceptron((4, 3), (), "cross-entropy", 0.1)
    mixed = nn.Sequential(*layers(nn.Tanh()), nn.ReLU(), nn.Linear(2, 6))
    assert of(mixed) == Perceptron((4, 3, 2, 6), ("tanh", "relu"), "cross-entropy", 0.1)


@pytest.mark.parametrize("between", [
    [nn.ReLU(inplace=True)], [nn.ReLU(), nn.Identity()], [nn.Identity(), nn.ReLU(), nn.Dropout(0.0)],
    [nn.ReLU(), nn.Dropout(0.5).eval()],
], ids=str)  # fmt: skip
def test_layers_that_change_nothing(between):
    assert of(layers(*between)) == NAMED


@pytest.mark.parametrize("criterion, loss", [
    (nn.CrossEntropyLoss(), "cross-entropy"), (nn.CrossEntropyLoss().eval(), "cross-entropy"),
    (nn.MSELoss(), "square"), (nn.CrossEntropyLoss(label_smoothing=0.1), None),
    (nn.CrossEntropyLoss(ignore_index=1), None), (nn.CrossEntropyLoss(weight=torch.ones(2)), None),
    (nn.CrossEntropyLoss(reduction="sum"), None), (nn.MSELoss(reduction="sum"), None), (nn.L1Loss(), None),
    (lambda a, b: cross_entropy(a, b), None),
])  # fmt: skip
def test_criteria(criterion, loss):
    seen = of(layers(), criterion)
    assert (seen and seen.loss) == loss


def weighted_later():
    loss = nn.CrossEntropyLoss()
    update = ro.sgd(ro.module_loss(layers(), loss)[0], 0.1)
    loss.weight = torch.tensor([1.0, 2.0])  # the criterion is still the caller's
    return update


def hooked_criterion():
    loss = nn.CrossEntropyLoss()
    loss.register_forward_hook(lambda *_: None)
    return ro.sgd(ro.module_loss(layers(), loss)[0], 0.1)


def test_a_criterion_that_does_more():
    assert perceptron_of(weighted_later()) is None
    assert perceptron_of(hooked_criterion()) is None


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def changed(change, *between):
    model = layers(*between)
    change(model)
    return model


def bound_anew(model):
    """Parameters are listed in the order in which they came."""
    weight = model[0].weight
    del model[0].weight
    model[0].weight = weight


shared = nn.Linear(4, 4)
REFUSED = {
    "no stack of layers": nn.Linear(4, 2),
    "a stack inside": nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(4, 2))),
    "ends with an activation": nn.Sequential(nn.Linear(4, 4), nn.ReLU()),
    "begins with one": nn.Sequential(nn.ReLU(), nn.Linear(4, 4)),
    "no activation": nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)),
    "another activation": layers(nn.GELU()),
    "no bias": nn.Sequential(nn.Linear(4, 4, bias=False)),
    "dropout": layers(nn.ReLU(), nn.Dropout(0.1)),
    "shared weights": nn.Sequential(shared, nn.ReLU(), shared),
    "flattens less": nn.Sequential(nn.Flatten(1, 2), nn.Linear(4, 2)),
    "frozen": changed(lambda model: model[0].bias.requires_grad_(False)),
    "hook of a parameter": changed(lambda model: model[0].weight.register_hook(lambda slope: 2 * slope)),
    "hook of a layer": changed(lambda model: model[1].register_forward_hook(lambda own, x, y: 2 * y)),
    "hook before a layer": changed(lambda model: model[1].register_forward_pre_hook(lambda own, x: None)),
    "hook of the stack": changed(lambda model: model.register_forward_hook(lambda own, x, y: 2 * y)),
    "a subclass": nn.Sequential(Doubled(4, 2)),
    "a forward of its own": changed(lambda model: setattr(model[1], "forward", torch.sigmoid)),
    "a forward of the stack": changed(lambda model: setattr(model, "forward", torch.sigmoid)),
    "weight norm": changed(lambda model: parametrizations.weight_norm(model[0])),
    "spectral norm": changed(lambda model: nn.utils.spectral_norm(model[0])),
    "an order of its own": changed(bound_anew),
    "more parameters": changed(lambda model: setattr(model[1], "extra", nn.Linear(2, 2))),
    "a buffer": changed(lambda model: model[1].register_buffer("count", torch.zeros(()))),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_models_that_do_anything_else(model):
    assert of(model) is None


def test_updates_that_do_anything_else():
    assert of(layers(), momentum=0.9) is not None
    assert of(layers(), momentum=0.9, nesterov=True) is None
    assert of(layers(), weight_decay=0.1) is None
    loss = ro.module_loss(layers(), cross_entropy)[0]
    assert perceptron_of(ro.adam(loss, 0.1)) is None
    assert perceptron_of(lambda x, b: x) is None and fused_step(lambda x, b: x) is None
    assert perceptron_of(ro.sgd(lambda params, batch: loss(params, batch), 0.1)) is None
    assert perceptron_of(ro.sgd(ro.module_loss(layers(), cross_entropy, stochastic=True)[0], 0.1)) is None
    how = lambda model, batch: 2 * cross_entropy(model(batch[0]), batch[1])
    assert perceptron_of(ro.sgd(ro.module_loss(layers(), forward=how)[0], 0.1)) is None


def test_hooks_of_all_modules():
    handle = register_module_forward_hook(lambda own, x, y: None)
    try:
        assert of(layers()) is None
    finally:
        handle.remove()
    assert of(layers()) is not None


X, Y = torch.zeros(3, 4), torch.tensor([0, 1, 1])


@pytest.mark.parametrize("batch, suits", [
    ((X, Y), True), ([X, Y], True), ((X, Y, Y), False), (X, False), ({"x": X, "y": Y}, False), ((X, [0, 1, 1]), False),
    ((X, torch.tensor([0, -100, 1])), True), ((X, torch.full((3,), -100)), False), ((X, Y + 1), False),
    ((X, torch.tensor([0, -1, 1])), False), ((X, Y.int()), False), ((X, torch.eye(3, 2)), False),
    ((X, Y[:2]), False), ((X[:, :3], Y), False), ((X[:0], Y[:0]), False), ((X[0], Y[:1]), False),
    ((X.view(3, 2, 2), Y), False),
])  # fmt: skip
def test_batches_of_classes(batch, suits):
    assert NAMED.suits(batch) is suits


def test_batches_of_images_and_whole_data_sets():
    flat = Perceptron((4, 3, 2), ("relu",), "cross-entropy", 0.1, flattens=True)
    assert flat.suits((X, Y)) and flat.suits((X.view(3, 1, 2, 2), Y)) and not flat.suits((X[:, None, None, :2], Y))
    assert flat.suits((X, Y), ignoring=False) and not flat.suits((X, torch.tensor([0, -100, 1])), ignoring=False)


@pytest.mark.parametrize("targets, suits", [
    (torch.zeros(3, 2), True), (torch.zeros(3, 1), False), (torch.zeros(3), False), (torch.zeros(2), False),
    (torch.zeros(1, 2), False), (torch.zeros(3, 2, dtype=torch.float64), False), (Y, False), (torch.zeros(0, 2), False),
])  # fmt: skip
def test_targets_of_the_square_loss_are_never_broadcast(targets, suits):
    assert Perceptron((4, 3, 2), ("relu",), "square", 0.1).suits((X, targets)) is suits
