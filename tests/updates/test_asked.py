"""What is asked of a model, its criterion and the names in a start; and what travels with the start."""

from __future__ import annotations

import pytest
import torch
from family import distance
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro

F64 = torch.float64
STEPS = 6


def batches(seed=2):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(STEPS, 5, 3, generator=generator, dtype=F64)
    return list(zip(inputs, torch.randint(0, 2, (STEPS, 5), generator=generator), strict=True))


def network(seed=1, norm=False):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        middle = [nn.BatchNorm1d(4)] if norm else [nn.Tanh()]
        return nn.Sequential(nn.Linear(3, 4), *middle, nn.Linear(4, 2)).double()


def plain(model, word, criterion=cross_entropy, lr=0.1, data=None):
    """The usual loop, with one optimizer; it trains the model that is given."""
    own = [*model.parameters(), *(criterion.parameters() if isinstance(criterion, nn.Module) else ())]
    optimizer = torch.optim.SGD(list({id(p): p for p in own}.values()), lr=lr)
    for number in word:
        inputs, targets = (data or batches())[number]
        optimizer.zero_grad()
        criterion(model(inputs), targets).backward()
        optimizer.step()
    return {name: p.detach() for name, p in model.named_parameters()}


def run(update, start, data=None, order="backward", engine="auto"):
    return ro.run(update, start, data or batches(), order, [STEPS], engine=engine, progress=False).state(STEPS)


def without(params, name):
    return {other: leaf for other, leaf in params.items() if other != name}


UPDATES = {
    "sgd": lambda model: ro.sgd(ro.module_loss(model, cross_entropy)[0], 0.1),
    "torch": lambda model: ro.torch_update(model, cross_entropy, lambda params: torch.optim.SGD(params, lr=0.1)),
}


@pytest.mark.parametrize("kind", UPDATES)
@pytest.mark.parametrize("change, says", [
    (lambda p: p | {"0.weigth": p["0.weight"]},
     r"^params: got '0.weigth', but the module has 0.weight, .*; did you mean '0.weight'\?$"),
    (lambda p: p | {"head": p["0.weight"]}, r"^params: got 'head', but the module has 0.weight, 0.bias"),
    (lambda p: p | {"0.bias": torch.zeros(5)}, r"^params\['0.bias'\]: got shape \(5,\), but the module's has \(4,\)$"),
])  # fmt: skip
def test_names_and_shapes_in_a_start(kind, change, says):
    model = network()
    with pytest.raises(ValueError, match=says):
        UPDATES[kind](model).init(change(dict(model.named_parameters())))


def test_missing_names():
    model = network()
    update = UPDATES["sgd"](model)
    with pytest.raises(ValueError, match="^params: '2.bias' is missing; the module has 0.weight, 0.bias, 2.weight"):
        update.init(without(dict(model.named_parameters()), "2.bias"))
    with pytest.raises(TypeError, match="^params: "):
        update.init(list(model.parameters()))


@pytest.mark.parametrize("kind", UPDATES)
@pytest.mark.parametrize("change, says", [
    (lambda b: b | {"1.running_maen": b["1.running_mean"]},
     r"^buffers: got '1.running_maen'.*did you mean '1.running_mean'\?$"),
    (lambda b: b | {"1.running_var": torch.zeros(3)}, r"^buffers\['1.running_var'\]: got shape \(3,\)"),
    (lambda b: b | {"0.weight": torch.zeros(4, 3)}, "^buffers: got '0.weight', but the module has 1.running_mean"),
])  # fmt: skip
def test_names_and_shapes_of_buffers(kind, change, says):
    model = network(norm=True)
    update = UPDATES[kind](model)
    with pytest.raises(ValueError, match=says):
        update.init(dict(model.named_parameters()), change(dict(model.named_buffers())))


@pytest.mark.parametrize("kind", UPDATES)
def test_params_of_another_model_need_its_buffers(kind):
    """BatchNorm statistics of one model and weights of another are no model."""
    model, other = network(norm=True), network(seed=2, norm=True)
    update = UPDATES[kind](model)
    with pytest.raises(ValueError, match="^buffers: the module has buffers .1.running_mean.*say which"):
        update.init(dict(other.named_parameters()))
    assert distance(update.buffers(update.init(dict(model.named_parameters()))), dict(model.named_buffers())) == 0


@pytest.mark.parametrize("kind", UPDATES)
def test_buffers_of_every_start(kind):
    """Two starts of one update give what two loops give, statistics included."""
    update = UPDATES[kind](network(norm=True))
    ends = []
    for seed in (3, 4):
        model = network(seed=seed, norm=True)
        model(torch.randn(7, 3, generator=torch.Generator().manual_seed(seed), dtype=F64))  # moves the statistics
        start = update.init(dict(model.named_parameters()), dict(model.named_buffers()))
        ends.append(run(update, start))
        want = plain(model, ro.Backward().word(STEPS))
        assert distance(update.params(ends[-1]), want) <= 1e-12
        assert distance(update.buffers(ends[-1]), dict(model.named_buffers())) <= 1e-12
    assert distance(update.buffers(ends[0]), update.buffers(ends[1])) > 1e-3


@pytest.mark.parametrize("kind", UPDATES)
def test_a_start_is_the_same_after_a_run(kind):
    """The module's own parameters and buffers, and not those that the last step left behind."""
    model = network(norm=True)
    update = UPDATES[kind](model)
    params = dict(model.named_parameters())
    starts = []
    for order in ("forward", "backward"):
        starts.append(update.init(params) if kind == "sgd" else update.init())
        assert distance(update.params(starts[-1]), params) == 0
        assert distance(update.buffers(starts[-1]), dict(model.named_buffers())) == 0
        run(update, starts[-1], order=order)
    assert distance(update.params(update.init(params)), params) == 0


def frozen_first(seed):
    model = network(seed=seed, norm=True)
    model[0].requires_grad_(False)
    return model


@pytest.mark.parametrize("given", [True, False])
def test_frozen_parameters(given):
    """Given to `init`, they stay, appear in `params`, and may differ from start to start."""
    model = frozen_first(1)
    update = UPDATES["sgd"](model)
    own = dict(model.named_parameters())
    params = own if given else {name: p for name, p in own.items() if p.requires_grad}
    end = update.params(run(update, update.init(params)))
    assert list(end) == [*(name for name, p in own.items() if p.requires_grad), *(["0.weight", "0.bias"] * given)]
    assert all(torch.equal(end[name], own[name]) for name in end if name.startswith("0."))
    want = plain(frozen_first(1), ro.Backward().word(STEPS))
    assert distance(end, {name: want[name] for name in end}) <= 1e-12


def test_many_seeds_of_models_with_frozen_layers_and_buffers():
    update = UPDATES["sgd"](frozen_first(1))
    models = [frozen_first(seed) for seed in (5, 6, 7)]
    starts = [update.init(dict(m.named_parameters()), dict(m.named_buffers())) for m in models]
    data = [batches(seed) for seed in (5, 6, 7)]
    found = ro.run_seeds(update, starts, data, "backward", [STEPS], progress=False)
    assert "0.weight" in update.params(found.states)
    for i, model in enumerate(models):
        want = plain(model, ro.Backward().word(STEPS), data=data[i])
        got = {name: leaf[0, i] for name, leaf in update.params(found.states).items()}
        assert distance({name: got[name] for name in want}, want) <= 1e-12
        buffers = {name: leaf[0, i] for name, leaf in update.buffers(found.states).items()}
        assert (
            distance({name: buffers[name] for name, _ in model.named_buffers()}, dict(model.named_buffers())) <= 1e-12
        )


def test_what_cannot_be_copied_or_trained_is_named():
    model = nn.Linear(4, 1)
    model.last = model(torch.zeros(4))
    with pytest.raises(ValueError, match="^model: it cannot be copied.*delete or detach.*last"):
        ro.module_loss(model, torch.nn.functional.mse_loss)
    whole = nn.Linear(4, 1)
    whole.register_parameter("quantized", nn.Parameter(torch.zeros(3, dtype=torch.int8), requires_grad=False))
    assert sorted(ro.module_loss(whole, torch.nn.functional.mse_loss)[1]) == ["bias", "weight"]
    with pytest.raises(TypeError, match="complex64, but what is trained must be real"):
        ro.module_loss(nn.Linear(4, 1, dtype=torch.complex64), torch.nn.functional.mse_loss)
