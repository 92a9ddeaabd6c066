"""Criteria with parameters of their own, functions in their place, and hooks."""

from __future__ import annotations

import pytest
import torch
from family import distance
from test_asked import F64, STEPS, UPDATES, batches, network, plain, run
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

import revorder as ro


class Weighted(nn.Module):
    """A criterion with a parameter and a buffer of its own, or a parameter that it shares with the model."""

    def __init__(self, shared=None):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([1.0, 0.5], dtype=F64)) if shared is None else shared
        self.register_buffer("shift", torch.tensor(0.1, dtype=F64))

    def forward(self, outputs, targets):
        return cross_entropy(outputs * self.scale + self.shift, targets) + 0.1 * (self.scale**2).sum()


@pytest.mark.parametrize("kind", UPDATES)
@pytest.mark.parametrize("share", [False, True])
def test_a_criterion_with_parameters(kind, share):
    def both():
        model = network()
        return model, Weighted(model[2].bias if share else None)

    model, criterion = both()
    if kind == "torch":
        update = ro.torch_update(model, criterion, lambda params: torch.optim.SGD(params, lr=0.1))
        start = update.init()
    else:
        loss, params = ro.module_loss(model, criterion)
        update = ro.sgd(loss, 0.1)
        start = update.init(params)
    end = update.params(run(update, start))
    assert ("criterion.scale" in end) is not share
    assert "criterion.shift" in update.buffers(start)
    model, criterion = both()
    want = plain(model, ro.Backward().word(STEPS), criterion)
    if not share:
        want["criterion.scale"] = criterion.scale.detach()
    assert distance({name: end[name] for name in want}, want) <= 1e-12
    assert distance(want, dict(both()[0].named_parameters()) | {k: both()[1].scale for k in want if "crit" in k}) > 1e-3


def test_functions_that_use_the_module_itself():
    model = network()
    layer = model[0]
    for criterion in (
        lambda outputs, targets: cross_entropy(outputs, targets) + 0.1 * model[0].weight.square().sum(),
        lambda outputs, targets: cross_entropy(outputs, targets) + 0.1 * layer.weight.square().sum(),
    ):
        with pytest.raises(ValueError, match="^criterion: it uses the module itself, but a copy .*forward=lambda"):
            ro.module_loss(model, criterion)
    with pytest.raises(ValueError, match="^forward: it uses the module itself"):
        ro.module_loss(model, forward=lambda _, batch: cross_entropy(model(batch[0]), batch[1]))
    decayed = lambda own, batch: cross_entropy(own(batch[0]), batch[1]) + 0.1 * own[0].weight.square().sum()
    loss, params = ro.module_loss(model, forward=decayed)
    assert loss(params, batches()[0]) == decayed(model, batches()[0])


class Penalised:
    """A callable object, and a method, that reach the module as well."""

    def __init__(self, model):
        self.model = model

    def __call__(self, outputs, targets):
        return cross_entropy(outputs, targets) + self.model[0].weight.square().sum()


@pytest.mark.parametrize("make", [Penalised, lambda model: Penalised(model).__call__], ids=["object", "method"])
def test_objects_that_use_the_module_itself(make):
    """Their penalty would be that of the weights at the start, for ever."""
    model = network()
    with pytest.raises(ValueError, match="^criterion: "):
        ro.module_loss(model, make(model))


@pytest.mark.parametrize("call", [
    lambda **how: ro.module_loss(network(), **how),
    lambda **how: ro.torch_update(network(), make_optimizer=lambda p: torch.optim.SGD(p, lr=0.1), **how),
], ids=["module_loss", "torch_update"])  # fmt: skip
def test_a_criterion_or_forward(call):
    forward = lambda model, batch: cross_entropy(model(batch[0]), batch[1])
    with pytest.raises(TypeError, match="^criterion, forward: got neither, but one of them must say"):
        call()
    with pytest.raises(TypeError, match="^criterion, forward: got both"):
        call(criterion=cross_entropy, forward=forward)
    with pytest.raises(TypeError, match="^criterion: got 'mse', but it must be a function"):
        call(criterion="mse")
    with pytest.raises(TypeError, match="^forward: got 3, but it must be a function"):
        call(forward=3)
    assert call(forward=forward) is not None


def test_models_that_cannot_be_trained():
    with pytest.raises(ValueError, match="^model: parameter 'weight' has no shape yet; run the module once"):
        ro.module_loss(nn.LazyLinear(2), cross_entropy)
    with pytest.raises(ValueError, match="^model: no parameter requires a gradient"):
        ro.module_loss(network().requires_grad_(False), cross_entropy)
    lazy = nn.LazyLinear(2)
    lazy(torch.zeros(1, 3))
    assert set(ro.module_loss(lazy, cross_entropy)[1]) == {"weight", "bias"}


def halve_in_place(parameter):
    parameter.grad.mul_(0.5)


HOOKS = {
    "post-accumulate": (lambda m: m[0].weight.register_post_accumulate_grad_hook(halve_in_place),
                        "^model: parameter '0.weight' has hooks on its accumulated gradient"),
    "full backward": (lambda m: m[2].register_full_backward_hook(lambda m, i, o: tuple(0.5 * g for g in i)),
                      "^model: module '2' has backward hooks"),
    "full backward pre": (lambda m: m[2].register_full_backward_pre_hook(lambda m, o: tuple(0.5 * g for g in o)),
                          "^model: module '2' has backward hooks"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOOKS)
def test_hooks_that_only_torch_itself_carries_out(kind):
    add, says = HOOKS[kind]

    def model():
        made = network()
        add(made)
        return made

    with pytest.raises(ValueError, match=says + ".*use torch_update"):
        ro.module_loss(model(), cross_entropy)
    update = UPDATES["torch"](model())
    got, want = update.params(run(update, update.init())), plain(model(), ro.Backward().word(STEPS))
    assert distance(got, want) <= 1e-12
    assert distance(plain(network(), ro.Backward().word(STEPS)), want) > 1e-3


@pytest.mark.parametrize("kind", UPDATES)
def test_hooks_of_parameters(kind):
    def model():
        made = network()
        made[0].weight.register_hook(lambda gradient: 0.3 * gradient)
        return made

    update = UPDATES[kind](model())
    start = update.init(dict(model().named_parameters()))
    assert distance(update.params(run(update, start)), plain(model(), ro.Backward().word(STEPS))) <= 1e-12


@pytest.mark.parametrize("batch, says", [
    ({"x": 1, "y": 2}, "batches: got a dict with the keys x, y, .*forward=lambda model, batch"),
    ((torch.zeros(2, 3), torch.zeros(2), torch.zeros(2)), "batches: got a tuple of 3, .*forward="),
    (torch.zeros(2, 3), "batches: got Tensor, .*forward="),
])  # fmt: skip
def test_batches_that_are_no_pairs(batch, says):
    loss, params = ro.module_loss(network(), mse_loss)
    with pytest.raises(TypeError, match="^" + says):
        loss(params, batch)
