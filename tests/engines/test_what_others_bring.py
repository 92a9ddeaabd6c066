"""Models, criteria, batches and metrics as people brought them, each once a silent fault or an obscure refusal."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from family import distance
from torch import nn
from torch.nn.functional import huber_loss, mse_loss

import revorder as ro

F64 = torch.float64


def pairs(n=12, features=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(n, 5, features, generator=generator, dtype=F64)
    return list(zip(inputs, torch.randn(n, 5, 1, generator=generator, dtype=F64), strict=True))


def run(update, start, batches, order="backward", checkpoints=range(1, 13), **options):
    return ro.run(update, start, batches, order, checkpoints, progress=False, **options)


class Rotary(nn.Module):
    """Keeps a table that grows with the longest input."""

    def __init__(self):
        super().__init__()
        self.out, self.table = nn.Linear(4, 1), None

    def forward(self, x):
        if self.table is None or len(self.table) < len(x):
            self.table = torch.arange(len(x), dtype=x.dtype, device=x.device).cos()
        return self.out(x * self.table[: len(x), None])


def test_a_cache_goes_by_replay():
    batches = [(torch.randn(3 + i % 3, 4, dtype=F64), torch.randn(3 + i % 3, 1, dtype=F64)) for i in range(12)]
    model = Rotary().double()
    loss, params = ro.module_loss(model, mse_loss)
    update = ro.sgd(loss, 0.1)
    made = run(update, update.init(params), batches)
    assert "keeps something between its calls" in made.engine
    assert distance(made.states, run(update, update.init(params), batches, engine="replay").states) <= 1e-12


class Lazy(nn.Module):
    """A penalty in every 16th call, as some generative models have it."""

    def __init__(self):
        super().__init__()
        self.out, self.calls = nn.Linear(4, 1), 0

    def forward(self, x):
        self.calls += 1
        return self.out(x) * (2 if self.calls % 16 == 0 else 1)


class Private(nn.Module):
    """Noise on some calls from a generator of its own."""

    def __init__(self, make):
        super().__init__()
        self.out, self.random = nn.Linear(4, 1), make(0)

    def forward(self, x):
        noise = self.random.random()
        return self.out(x) * (2 if noise < 0.1 else 1)


MODELS = {
    "counter": Lazy,
    "NumPy": lambda: Private(np.random.default_rng),
    "Python": lambda: Private(random.Random),
}


@pytest.mark.parametrize("engine", ["auto", "replay"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_what_matters_now_and_then_is_refused(model, engine):
    loss, params = ro.module_loss(model().double(), mse_loss)
    update = ro.sgd(loss, 0.1)
    with pytest.raises(ValueError, match="^update: it is not a function of state"):
        run(update, update.init(params), pairs(), engine=engine)


class Heads(nn.Module):
    """Tasks have heads of their own; two of thirty batches use the second."""

    def __init__(self):
        super().__init__()
        self.body, self.heads = nn.Linear(4, 4), nn.ModuleDict({"a": nn.Linear(4, 1), "b": nn.Linear(4, 1)})


@pytest.mark.parametrize("make", [lambda loss: ro.adam(loss, 0.1), lambda loss: ro.sgd(loss, 0.1, momentum=0.9)])
def test_a_head_that_few_batches_use_is_refused_where_memory_would_move_it(make):
    batches = [{"x": x, "y": y, "task": "b" if i in (9, 10) else "a"} for i, (x, y) in enumerate(pairs(30))]
    forward = lambda model, b: mse_loss(model.heads[b["task"]](torch.tanh(model.body(b["x"]))), b["y"])
    loss, params = ro.module_loss(Heads().double(), forward=forward)
    update = make(loss)
    with pytest.raises(ValueError, match="^params: the loss does not depend on 'heads"):
        run(update, update.init(params), batches, "forward", [30])
    plain = ro.sgd(loss, 0.1)
    assert run(plain, plain.init(params), batches, "forward", [30]).cost == 30


def test_a_criterion_that_reaches_the_given_module_is_refused():
    net = nn.Linear(4, 1).double()
    penalty = lambda: sum(p.square().sum() for p in net.parameters())
    loss, params = ro.module_loss(net, lambda out, y: mse_loss(out, y) + penalty())
    update = ro.sgd(loss, 0.1)
    with pytest.raises(ValueError, match="parameters of the module that was given, but a copy"):
        run(update, update.init(params), pairs())


def test_a_loss_of_no_parameter_is_refused():
    fixed = torch.ones(1, 4, dtype=F64)
    loss, params = ro.module_loss(nn.Linear(4, 1), forward=lambda model, b: mse_loss(b[0] @ fixed.T, b[1]))
    update = ro.sgd(loss, 0.1)
    with pytest.raises(ValueError, match="does not depend on any trained parameter"):
        run(update, update.init(params), pairs())


@pytest.mark.parametrize("delta", [12.0, 8.0])
def test_an_outlier_bends_a_map_in_one_word_only(delta):
    batches = [(torch.randn(4, 1, dtype=F64), torch.randn(4, dtype=F64)) for _ in range(100)]
    for i in (11, 37, 80):
        batches[i] = (batches[i][0], batches[i][1] + 8 * torch.randn((), dtype=F64))
    update = ro.sgd(lambda p, b: huber_loss(b[0] @ p, b[1], delta=delta), 0.05, momentum=0.5)
    start = update.init(torch.randn(1, dtype=F64))
    made = run(update, start, batches, checkpoints=range(1, 101))
    assert (
        distance(made.states, run(update, start, batches, checkpoints=range(1, 101), engine="replay").states) <= 1e-10
    )


@pytest.mark.parametrize("order", ["two-sided", "backward-window:4", "backward"])
def test_metrics_that_write_are_refused_and_records_that_write_do_no_harm(order):
    loss, params = ro.module_loss(nn.Linear(4, 1).double(), mse_loss)
    update = ro.sgd(loss, 0.1)
    start = update.init(params)

    def direction(state):
        weight = state["params"]["weight"]
        weight /= weight.norm()
        return weight[0, 0]

    with pytest.raises(ValueError, match=r"^metrics\['direction'\]: it changed the state in place"):
        run(update, start, pairs(), order, metrics={"direction": direction}, engine="wavefront")
    kept = run(update, start, pairs(), order, record=lambda s: s["params"]["weight"].mul_(0.5), engine="wavefront")
    want = run(update, start, pairs(), order, engine="replay").states["params"]["weight"]
    assert distance(kept.states * 2, want) <= 1e-12


def test_labels_are_the_same_as_numbers_of_numpy_and_must_be_true():
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 1)).double()
    loss, params = ro.module_loss(model, mse_loss)
    update = ro.sgd(loss, 0.1)
    batches = [pairs()[i % 3] for i in range(12)]
    labels = [i % 3 for i in range(12)]
    made = [run(update, update.init(params), batches, labels=each).states for each in (labels, np.array(labels))]
    assert distance(*made) == 0
    with pytest.raises(ValueError, match="^labels: batches 0 and .* are not the same"):
        run(update, update.init(params), pairs(), labels=[0] * 12)


class Cautious(torch.optim.SGD):
    """Asks for a closure, as sharpness-aware optimizers do."""

    def step(self, closure=None):
        assert closure is not None
        return super().step(closure)


def test_optimizers_that_insist_on_a_closure_and_divergence():
    update = ro.torch_update(nn.Linear(4, 1).double(), mse_loss, lambda params: Cautious(params, lr=0.1))
    plain = ro.torch_update(nn.Linear(4, 1).double(), mse_loss, lambda params: torch.optim.SGD(params, lr=0.1))
    start = plain.init()
    assert distance(run(update, start, pairs()).states, run(plain, start, pairs()).states) == 0
    wild = ro.torch_update(nn.Linear(4, 1).double(), mse_loss, lambda params: torch.optim.SGD(params, lr=1e200))
    with pytest.raises(ro.DivergedError):
        run(wild, wild.init(), pairs())


def test_batches_of_numpy_that_draw_are_to_blame():
    class Drawing:
        def __len__(self):
            return 12

        def __getitem__(self, number):
            return np.random.default_rng().normal(size=(5, 4))

    update = lambda x, b: x - 0.1 * (x - torch.from_numpy(b).sum())
    with pytest.raises(ValueError, match="^batches: batch .* is not the same when it is asked for again"):
        run(update, torch.zeros((), dtype=F64), Drawing(), engine="replay")
