"""Faults to plant in the fast paths of an engine, and the cases that they are planted in."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import torch
from family import distance
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines import fused, kernels

STEPS, LATE = 250, 100  # in backward order the batches below LATE come last
LAST = [STEPS - 10, STEPS - 5, STEPS]
F64 = torch.float64
AGAIN = r"then again without kernels, since on batch \d+ the step was off by \S+ of the plain step"


def pairs(steps=STEPS):
    """Batches of 3 examples; their first feature says which batch it is."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(steps, 3, 4, generator=generator, dtype=F64)
    inputs[:, :, 0] = torch.arange(steps, dtype=F64)[:, None] / steps
    return list(zip(inputs, torch.randint(0, 2, (steps, 3), generator=generator), strict=True))


def network(criterion=cross_entropy, forward=None, **options):
    model = ro.models.mlp(4, 3, 2, activation=nn.Tanh, seed=1).double()
    loss, params = ro.module_loss(model, criterion, forward=forward)
    update = ro.sgd(loss, 0.1, **options)
    return SimpleNamespace(update=update, start=update.init(params), batches=pairs())


def numbers():
    """A plain function on single numbers, with batches that say which they are."""
    values = torch.rand(STEPS, generator=torch.Generator().manual_seed(1), dtype=F64)
    batches = torch.stack([values, torch.arange(STEPS, dtype=F64) / STEPS], dim=1)
    update = lambda x, b: x - 0.3 * (x - b[0]) ** 3
    return SimpleNamespace(update=update, start=torch.tensor(2.0, dtype=F64), batches=batches)


def run(case, engine="wavefront", order="backward", checkpoints=LAST):
    return ro.run(case.update, case.start, case.batches, order, checkpoints, engine=engine, progress=False)


def as_replayed(case, engine="wavefront", tolerance=1e-10, **options):
    """A run that gives what replay gives."""
    made = run(case, engine, **options)
    assert distance(made.states, run(case, "replay", **options).states) <= tolerance
    return made


def assert_says(made, pattern):
    assert re.search(pattern, made.engine), made.engine


def wrong_descent(monkeypatch, where):
    """Hand-written steps that climb where `where(first feature of the batch)`; returns how often that was."""
    right, calls = fused.Fused.window, []

    def window(self, leaves, inputs, targets):
        for x, y in zip(inputs.split(1), targets.split(1), strict=True):
            calls.append(where(float(x[0, 0, 0])))
            step = fused.Fused(replace(self.perceptron, lr=-self.perceptron.lr)) if calls[-1] else self
            right(step, leaves, x, y)

    monkeypatch.setattr(fused.Fused, "window", window)
    monkeypatch.setattr("revorder.fast.run.available", lambda: False)
    return calls


def wrong_graphs(monkeypatch, wrong, spoil=lambda leaf: leaf.mul_(1.001)):
    """Kernels that are off, by one part in a thousand, where `wrong(*leaves)`; returns how often that was."""
    real, calls = kernels.make_fx, []

    def make_fx(step, **said):
        def trace(*inputs):
            graph = real(step, **said)(*inputs)

            def kernel(*leaves):
                graph(*leaves)
                calls.append(bool(wrong(*leaves)))
                if calls[-1]:
                    spoil(leaves[0])

            return kernel

        return trace

    monkeypatch.setattr(kernels, "make_fx", make_fx)
    return calls
