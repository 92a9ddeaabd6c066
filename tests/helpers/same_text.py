"""Functions, objects and classes that are made by one text and differ by what is bound to them."""

from __future__ import annotations

import functools
import types

import numpy as np
import torch

import revorder as ro


def blobs():
    x = np.random.default_rng(0).normal(size=(40, 2))
    return (x[:30], (x[:30, 0] > 0).astype(int)), (x[30:], (x[30:, 0] > 0).astype(int))


def net(shape, classes, width, hidden=3, rate=0.0, scale=1.0):
    layers = torch.nn.Linear(shape[0], hidden), torch.nn.Dropout(rate), torch.nn.Linear(hidden, classes)
    with torch.no_grad():
        layers[0].weight.mul_(scale)
    return torch.nn.Sequential(*layers)


def mean_power(q):
    return lambda outputs, targets: outputs.abs().pow(q).mean()


def lambda_of_default(q):
    def found(outputs, targets, q=q):
        return outputs.abs().pow(q).mean()

    return found


class MeanPower:
    __slots__ = ("inner",)

    def __init__(self, q):
        self.inner = types.SimpleNamespace(q=[torch.tensor(q)])

    def __call__(self, outputs, targets):
        return outputs.abs().pow(self.inner.q[0]).mean()

    def called(self, outputs, targets):
        return self(outputs, targets)


class Window:
    def __init__(self, width):
        self.width = width

    def word(self, n):
        return ro.BackwardWindow(self.width).word(n)


MADE = {  # number -> something; two numbers make two things of one text
    "metric": [
        mean_power, lambda_of_default, MeanPower, lambda q: MeanPower(q).called,
        lambda q: functools.lru_cache(mean_power(q)),
        lambda q: functools.partial(lambda outputs, targets, q: outputs.abs().pow(q).mean(), q=q),
        lambda q: functools.partial(functools.partial(lambda q, outputs, targets: outputs.abs().pow(q).mean()), q),
        lambda q: functools.wraps(net)(mean_power(q)), lambda q: mean_power(np.float32(q)),
        lambda q: mean_power(torch.tensor(q)),
    ],
    "model": [lambda q: functools.partial(net, rate=q), lambda q: functools.partial(net, scale=q)],
    "loss": [lambda q: functools.partial(torch.nn.functional.cross_entropy, label_smoothing=q)],
    "order": [lambda q: Window(int(10 * q)), lambda q: functools.partial(Window, int(10 * q))],
}  # fmt: skip
