"""`sgd` and `adam` against torch.optim, step by step over a grid of their options."""

from __future__ import annotations

import itertools

import pytest
import torch
from family import distance, images
from torch.nn.functional import cross_entropy

import revorder as ro

STEPS = 50
SGD = [
    {"lr": lr, "momentum": momentum, "nesterov": nesterov, "weight_decay": decay}
    for lr, momentum, nesterov, decay in itertools.product((0.01, 0.2), (0.0, 0.9), (False, True), (0.0, 0.01))
    if momentum or not nesterov
]
ADAM = [
    {"lr": lr, "betas": betas, "eps": eps, "weight_decay": decay}
    for lr, betas, eps, decay in itertools.product(
        (1e-3, 0.05), ((0.9, 0.999), (0.5, 0.9), (0.0, 0.99)), (1e-8, 1e-3), (0.0, 0.1)
    )
]


def follow(update, make_optimizer, model):
    """Apply both for 50 steps on the same batches; yields the distance after each."""
    batches, names = images(), [name for name, _ in model.named_parameters()]
    state = update.init(dict(model.named_parameters()))
    optimizer = make_optimizer(model.parameters())
    for step in range(STEPS):
        inputs, targets = batches[step % len(batches)]
        optimizer.zero_grad()
        cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        state = update(state, (inputs, targets))
        yield distance([update.params(state)[name] for name in names], [p.detach() for p in model.parameters()])


def check(make_update, make_optimizer):
    model = ro.models.mlp(64, 9, 10, activation=torch.nn.Tanh, seed=1).double()
    loss, _ = ro.module_loss(model, cross_entropy)
    distances = list(follow(make_update(loss), make_optimizer, model))
    assert max(distances) <= 1e-12
    assert distance(dict(model.named_parameters()), ro.module_loss(model, cross_entropy)[1]) == 0


@pytest.mark.parametrize("options", SGD, ids=str)
def test_sgd_follows_torch(options):
    check(lambda loss: ro.sgd(loss, **options), lambda params: torch.optim.SGD(params, **options))


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("options", ADAM, ids=str)
def test_adam_follows_torch(options, decoupled):
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    check(lambda loss: ro.adam(loss, **options, decoupled=decoupled), lambda params: kind(params, **options))


def test_the_comparison_notices_a_slightly_different_option():
    model = ro.models.mlp(64, 9, 10, seed=1).double()
    loss, _ = ro.module_loss(model, cross_entropy)
    *_, last = follow(ro.sgd(loss, 0.1, weight_decay=1e-6), lambda params: torch.optim.SGD(params, 0.1), model)
    assert last > 1e-9


def test_adam_bias_correction_keeps_its_digits_in_float32():
    update = ro.adam(lambda theta, x: theta * x, lr=1.0, eps=0.0)
    state = update.init(torch.tensor(1.0))
    state = update(state, torch.tensor(3.0))
    assert update.params(state).item() == pytest.approx(0.0, abs=1e-6)


OPTIMIZERS = {
    "SGD": lambda params: torch.optim.SGD(params, lr=0.1),
    "momentum": lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9),
    "Adam": lambda params: torch.optim.Adam(params, lr=0.01),
    "RMSprop": lambda params: torch.optim.RMSprop(params, lr=0.01),
    "Adagrad": lambda params: torch.optim.Adagrad(params, lr=0.1),
    "NAdam": lambda params: torch.optim.NAdam(params, lr=0.01),
    "Rprop": lambda params: torch.optim.Rprop(params, lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_torch_update_is_the_optimizer(name):
    model = ro.models.mlp(64, 9, 10, seed=1).double()
    update = ro.torch_update(model, cross_entropy, OPTIMIZERS[name])
    batches = images()
    made = ro.run(update, update.init(), batches, "forward", [3, 8], progress=False)
    optimizer = OPTIMIZERS[name](model.parameters())
    for step in range(8):
        optimizer.zero_grad()
        cross_entropy(model(batches[step][0]), batches[step][1]).backward()
        optimizer.step()
    assert distance(update.params(made.state(8)), dict(model.named_parameters())) == 0
    assert made.engine.startswith("replay: this update handles one state at a time")


def test_torch_update_is_pure_and_carries_buffers():
    model = ro.models.small_cnn(width=3, dropout=0.3).double()
    update = ro.torch_update(model, cross_entropy, OPTIMIZERS["Adam"], seed=4)
    loss, params = ro.module_loss(model, cross_entropy, seed=4)
    ours = ro.adam(loss, 0.01)
    theirs = ro.run(update, update.init(params), images(), "backward", [5, 2], progress=False)
    made = ro.run(ours, ours.init(params), images(), "backward", [5, 2], progress=False)
    assert distance(update.params(theirs.states), ours.params(made.states)) <= 1e-12
    assert distance(update.buffers(theirs.states), ours.buffers(made.states)) <= 1e-12
    assert "1.running_mean" in update.buffers(theirs.states)


def test_an_optimizer_whose_memory_grows_needs_record():
    model = ro.models.mlp(64, 4, 10, seed=1).double()
    update = ro.torch_update(model, cross_entropy, lambda params: torch.optim.LBFGS(params, lr=0.1, max_iter=2))
    with pytest.raises(ValueError, match="record=update.params"):
        ro.run(update, update.init(), images(), "backward", [1, 3], progress=False)
    made = ro.run(update, update.init(), images(), "backward", [1, 3], record=update.params, progress=False)
    assert set(made.states) == {name for name, _ in model.named_parameters()}


def test_module_loss_evaluates_in_the_mode_it_was_given_and_copies_the_module():
    model = ro.models.small_cnn(width=3, dropout=0.5).double()
    batch = images()[0]
    train_loss, params = ro.module_loss(model, cross_entropy)
    eval_loss, _ = ro.module_loss(model.eval(), cross_entropy)
    assert eval_loss(params, batch) == cross_entropy(model(batch[0]), batch[1])
    assert train_loss(params, batch) != eval_loss(params, batch)
    with torch.no_grad():
        before = train_loss(params, batch)
        model[0].weight.zero_()
    assert train_loss(params, batch) == before


def test_with_buffers_updates_batchnorm_and_leaves_its_arguments():
    loss, params = ro.module_loss(ro.models.small_cnn(width=3).double(), cross_entropy)
    given = {name: buffer.clone() for name, buffer in loss.buffers.items()}
    _, after = loss.with_buffers(params, given, images()[0], None)
    assert distance(given, loss.buffers) == 0
    assert after["1.num_batches_tracked"] == 1
    assert not torch.equal(after["1.running_mean"], given["1.running_mean"])


def test_frozen_parameters_stay():
    model = ro.models.mlp(64, 5, 10).double()
    model[1].weight.requires_grad_(False)
    loss, params = ro.module_loss(model, cross_entropy)
    assert set(params) == {"1.bias", "3.weight", "3.bias"}
    update = ro.sgd(loss, 0.1)
    assert update(update.init(params), images()[0])["params"].keys() == params.keys()


def test_init_copies_and_nested_params_work():
    params = {"layers": [torch.ones(2), (torch.zeros(()),)]}
    update = ro.sgd(lambda p, b: (p["layers"][0] * b).sum() + p["layers"][1][0] ** 2, 0.5, momentum=0.9)
    state = update.init(params)
    params["layers"][0].zero_()
    after = update.params(update(state, torch.tensor([1.0, 2.0])))
    assert after["layers"][0].tolist() == [0.5, 0.0]
    assert update.buffers(state) == {}


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (lambda: ro.sgd(lambda p, b: p, -0.1), ValueError, "lr: got -0.1"),
        (lambda: ro.sgd(lambda p, b: p, 0), ValueError, "lr: got 0"),
        (lambda: ro.sgd(lambda p, b: p, "0.1"), TypeError, "lr: got '0.1'"),
        (lambda: ro.sgd(lambda p, b: p, float("nan")), ValueError, "lr: got nan"),
        (lambda: ro.sgd("loss", 0.1), TypeError, "loss: got 'loss'"),
        (lambda: ro.sgd(lambda p, b: p, 0.1, nesterov=True), ValueError, "nesterov"),
        (lambda: ro.adam(lambda p, b: p, betas=(0.9, 1.0)), ValueError, "betas"),
        (lambda: ro.adam(lambda p, b: p, eps=-1.0), ValueError, "eps"),
        (
            lambda: ro.sgd(lambda p, b: p, 0.1).init(torch.tensor([1, 2])),
            TypeError,
            r"params: got torch.int64.*\.float",
        ),
        (lambda: ro.adam(lambda p, b: p).init({"w": 1.0}), TypeError, r"params\['w'\]: got 1.0"),
        (lambda: ro.module_loss(lambda x: x, cross_entropy), TypeError, "model: got"),
        (
            lambda: ro.torch_update(ro.models.mlp(2, 2), cross_entropy, OPTIMIZERS["SGD"]).init({"w": torch.ones(1)}),
            ValueError,
            "params: got",
        ),
        (
            lambda: ro.sgd(lambda p, b: (p * b).sum(), 0.1)(torch.ones(2), torch.ones(2)),
            TypeError,
            r"start: got .* made by update.init\(params\)",
        ),
    ],
)
def test_bad_input(bad, error, says):
    with pytest.raises(error, match=says):
        bad()
