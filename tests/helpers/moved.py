"""A plain update on numbers, with batches that say which they are, to look at what a run says of it."""

from __future__ import annotations

import torch

import revorder as ro

F64 = torch.float64
STEPS = 8
ENGINES = ["replay", "wavefront", "auto"]


def numbered(steps=STEPS):
    values = torch.rand(steps, generator=torch.Generator().manual_seed(1), dtype=F64)
    return torch.stack([values, torch.arange(steps, dtype=F64)], dim=1)


def moved(x, b):
    return x - 0.3 * (x - b[0]) ** 3


def run(update=moved, batches=None, start=None, checkpoints=(5, STEPS), **options):
    start = torch.ones((), dtype=F64) if start is None else start
    batches = numbered() if batches is None else batches
    options = {"order": "backward", "progress": False} | options
    order = options.pop("order")
    return ro.run(update, start, batches, order, checkpoints, **options)
