"""Runs of the scalar model with a function that watches them, and what it must have been shown."""

from __future__ import annotations

import torch
from coins import ZERO, halfway
from family import same_bits

import revorder as ro

BITS = torch.tensor([1, 0, 1, 1, 0, 1, 1, 0, 1], dtype=torch.float64)


def toss(order="forward", checkpoints=(5, 2, 9, 5, 1), **options):
    options = {"metrics": {"θ": lambda theta: theta}, "progress": False} | options
    return ro.run(halfway, ZERO, BITS, order, checkpoints, **options)


def assert_shown(seen, path):
    """Every step once, with the numbers of the trajectory, which is what was last shown of each."""
    assert sorted(each.step for each in seen) == sorted(set(path.steps))
    for each in seen:
        assert same_bits(each.state, path.state(each.step)) and each.order == path.order and not each.again
        row = path.steps.index(each.step)
        assert each.metrics == {name: values[row] for name, values in path.metrics.items()}
    costs = [each.cost for each in seen]
    assert costs == sorted(costs) and costs[0] > 0 and costs[-1] == path.cost
