"""The hand-written step and its windows of many ticks, against a plain loop of `torch.optim.SGD` for each state."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from revorder.engines import fused
from revorder.engines.fused import Fused
from revorder.engines.perceptrons import IGNORED, Perceptron

F64 = torch.float64
MODULES = {"relu": nn.ReLU, "tanh": nn.Tanh}
LOSSES = {"cross-entropy": cross_entropy, "square": mse_loss}


def stack(perceptron, states, generator):
    """Leaves that differ from state to state; velocities that are not 0."""
    shapes = [shape for a, b in zip(perceptron.sizes, perceptron.sizes[1:], strict=False) for shape in ((b, a), (b,))]
    shapes *= 1 + (perceptron.momentum > 0)
    return [0.3 * torch.randn(states, *shape, generator=generator, dtype=F64) for shape in shapes]


def data(perceptron, ticks, batch, generator, ignored=True):
    inputs = 0.5 * torch.randn(ticks, batch, perceptron.sizes[0], generator=generator, dtype=F64)
    if perceptron.loss == "square":
        return inputs, torch.randn(ticks, batch, perceptron.sizes[-1], generator=generator, dtype=F64)
    targets = torch.randint(perceptron.sizes[-1], (ticks, batch), generator=generator)
    if ignored:
        targets[::2, : batch // 2] = IGNORED
    return inputs, targets


def looped(perceptron, leaves, inputs, targets):
    """The leaves of one state after all ticks, by torch."""
    sizes = perceptron.sizes
    linear = [nn.Linear(a, b, dtype=F64) for a, b in zip(sizes, sizes[1:], strict=False)]
    between = [[MODULES[name]()] for name in perceptron.activations]
    model = nn.Sequential(
        *(module for pair in zip([[], *between], linear, strict=True) for module in (*pair[0], pair[1]))
    )
    params = list(model.parameters())
    optimizer = torch.optim.SGD(params, perceptron.lr, momentum=perceptron.momentum)
    with torch.no_grad():
        for param, leaf in zip(params, leaves, strict=False):
            param.copy_(leaf)
    for param, velocity in zip(params, leaves[len(params) :], strict=False):  # none without momentum
        optimizer.state[param]["momentum_buffer"] = velocity.clone()
    for x, y in zip(inputs, targets, strict=True):
        optimizer.zero_grad()
        LOSSES[perceptron.loss](model(x), y).backward()
        optimizer.step()
    gathered = [optimizer.state[param]["momentum_buffer"] for param in params] if perceptron.momentum else []
    return [param.detach() for param in params] + gathered


def gap(perceptron, states, inputs, targets, generator, carry_out):
    """The largest difference from the loop; all states must have moved by far more."""
    leaves = stack(perceptron, states, generator)
    before = [leaf.clone() for leaf in leaves]
    carry_out(leaves, inputs, targets)
    moved = [(a - b).flatten(1).norm(dim=1) for a, b in zip(leaves, before, strict=True)]
    assert min(float(by.min()) for by in moved) > 1e-6
    expected = [looped(perceptron, [leaf[s] for leaf in before], inputs, targets) for s in range(states)]
    return max(
        float((leaf[s] - e).abs().max()) for s in range(states) for leaf, e in zip(leaves, expected[s], strict=True)
    )


def by_steps(perceptron):
    def carry_out(leaves, inputs, targets):
        for x, y in zip(inputs, targets, strict=True):
            Fused(perceptron).step(*leaves, x, y)

    return carry_out


SIZES = [
    ((5, 3), ()),
    ((40, 20), ()),
    ((70, 6, 4), ("relu",)),
    ((64, 5, 17), ("tanh",)),
    ((9, 1, 2), ("tanh",)),
    ((33, 8, 7, 3), ("relu", "tanh")),
    ((16, 4, 5, 6, 20), ("tanh", "relu", "relu")),
]


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sizes, activations", SIZES, ids=str)
def test_a_window_is_what_torch_does(sizes, activations, loss, momentum):
    generator = torch.Generator().manual_seed(len(sizes) + sizes[0])
    perceptron = Perceptron(sizes, activations, loss, 0.05, momentum)
    for states, ticks, batch in [(1, 1, 1), (3, 2, 4), (2, 4, 8), (1, 19, 2), (5, 9, 3)]:
        inputs, targets = data(perceptron, ticks, batch, generator)
        for carry_out in (Fused(perceptron).window, by_steps(perceptron)):
            assert gap(perceptron, states, inputs, targets, generator, carry_out) <= 1e-12


def test_a_window_that_is_not_corrected_is_told_apart(monkeypatch):
    generator = torch.Generator().manual_seed(1)
    perceptron = Perceptron((40, 6, 4), ("relu",), "cross-entropy", 0.1)
    inputs, targets = data(perceptron, 3, 4, generator)
    monkeypatch.setattr(torch, "mm", lambda a, b: torch.full((len(a), len(a)), -1.0, dtype=F64))
    assert gap(perceptron, 2, inputs, targets, generator, Fused(perceptron).window) > 1e-4
    monkeypatch.setattr(torch, "mm", lambda a, b: a @ b - 1)  # the bias is left out
    assert gap(perceptron, 2, inputs, targets, generator, Fused(perceptron).window) > 1e-4


@pytest.mark.parametrize("features, batch, momentum, at_once", [
    (64, 8, 0.0, 4), (64, 32, 0.0, 1), (784, 8, 0.0, fused.LONGEST), (3, 8, 0.0, 1), (64, 8, 0.9, 1),
])  # fmt: skip
def test_ticks_of_one_product(features, batch, momentum, at_once, monkeypatch):
    seen = []
    monkeypatch.setattr(Fused, "_descend", lambda self, layers, inputs, *rest: seen.append(len(inputs)))
    perceptron = Perceptron((features, 2), (), "cross-entropy", 0.1, momentum)
    generator = torch.Generator().manual_seed(1)
    Fused(perceptron).window(stack(perceptron, 1, generator), *data(perceptron, 11, batch, generator))
    assert max(seen) == at_once and sum(seen) == 11 and set(seen[:-1]) == {at_once}


@pytest.mark.parametrize("shape", [(3, 4), (1, 3, 4), (12,)])
def test_images_are_flattened(shape):
    generator = torch.Generator().manual_seed(1)
    perceptron = Perceptron((12, 4, 3), ("relu",), "cross-entropy", 0.1, flattens=True)
    inputs, targets = data(perceptron, 3, 4, generator)
    first, second = ([leaf.clone() for leaf in stack(perceptron, 2, torch.Generator().manual_seed(2))] for _ in "ab")
    Fused(perceptron).window(first, inputs, targets)
    Fused(perceptron).window(second, inputs.view(3, 4, *shape), targets)
    assert all(map(torch.equal, first, second))


@pytest.mark.parametrize("classes", [3, 10, 15, 16, 40])
def test_softmax_does_not_overflow(classes):
    """Logits of a thousand, of another state of less: the largest of each state and example is taken away."""
    perceptron = Perceptron((classes, classes), (), "cross-entropy", 0.1)
    weight = torch.eye(classes, dtype=F64)
    leaves = [torch.stack([1000 * weight, -800 * weight, weight]), torch.zeros(3, classes, dtype=F64)]
    before = [leaf.clone() for leaf in leaves]
    inputs, targets = weight[None, :3], torch.tensor([[0, 2, 1]])
    Fused(perceptron).window(leaves, inputs, targets)
    for s in range(3):
        expected = looped(perceptron, [leaf[s] for leaf in before], inputs, targets)
        assert all(torch.allclose(leaf[s], e, rtol=0, atol=1e-12) for leaf, e in zip(leaves, expected, strict=True))


def test_inputs_are_kept_and_single_precision_is_kept_in():
    generator = torch.Generator().manual_seed(1)
    perceptron = Perceptron((32, 6, 4), ("tanh",), "square", 0.1)
    inputs, targets = (tensor.float() for tensor in data(perceptron, 4, 4, generator))
    kept = inputs.clone(), targets.clone()
    leaves = [leaf.float() for leaf in stack(perceptron, 2, generator)]
    exact = [leaf.double() for leaf in leaves]
    Fused(perceptron).window(leaves, inputs, targets)
    assert torch.equal(inputs, kept[0]) and torch.equal(targets, kept[1])
    Fused(perceptron).window(exact, inputs.double(), targets.double())
    assert all(a.dtype == torch.float32 and (a - b).abs().max() < 1e-6 for a, b in zip(leaves, exact, strict=True))
