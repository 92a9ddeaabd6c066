"""Linear models, their batches and runs, and the ways that the affine engine may go with them."""

from __future__ import annotations

import torch
from torch import nn

import revorder as ro
from revorder.engines import bends, chains

F64 = torch.float64
STEPS, LR = 21, 0.05
CHECKPOINTS = [7, 21, 1, 13, 7, 20, 8, 2]
ROUTES = [(1, True), (2, True), (8, True), (None, False)]  # the width of doubling, or a sweep


def half_square(outputs, targets):
    return 0.5 * (outputs - targets).square().mean()


def data(model, size=4, dtype=F64, steps=STEPS):
    generator = torch.Generator().manual_seed(1)
    outputs = [part for part in model.modules() if isinstance(part, nn.Linear)][0].out_features
    inputs = torch.randn(60, *((5, 1) if type(model) is nn.Sequential and type(model[0]) is nn.Flatten else (5,)),
                         generator=generator, dtype=dtype)  # fmt: skip
    targets = torch.randn(60, outputs, generator=generator, dtype=dtype)
    return ro.batches.Minibatches((inputs, targets), ro.batches.iid(60, size, steps, seed=2))


def run(model, criterion, batches, order="backward", checkpoints=CHECKPOINTS, engine="affine", lr=LR, **options):
    loss, params = ro.module_loss(model, criterion)
    update = ro.sgd(loss, lr, **options)
    return ro.run(update, update.init(params), batches, order, checkpoints, engine=engine, progress=False)


def take(monkeypatch, route, short=False):
    monkeypatch.setattr(bends, "ALL", 6000 if short else 0)
    monkeypatch.setattr(chains, "_ways", lambda square, chain: (*route, 0.0))
