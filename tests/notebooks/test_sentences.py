"""What the sentences to compare with say ("Explain in a sentence"), where their notebook asserts it nowhere else."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import torch

import revorder as ro

HALF = 0.5
ORDERS = ("forward", "backward")


def step(h):
    return lambda theta, x: theta - h * (theta - x)


def path(order, batches, h=HALF, start=0.0, steps=None):
    batches = torch.as_tensor(batches, dtype=torch.float64)
    theta = torch.full(batches.shape[1:], start, dtype=torch.float64)
    steps = range(1, len(batches) + 1) if steps is None else steps
    return ro.run(step(h), theta, batches, order, steps, engine="replay", progress=False).states.numpy()


def coins(number, seed=0):
    return np.random.default_rng(seed).integers(2, size=number).astype(float)


def test_00_older_maps_shrink_what_a_new_batch_does_to_backward_and_nothing_shrinks_it_in_forward():
    before, after = coins(13), coins(13)
    after[12] = 1 - before[12]
    effect = {order: abs(path(order, after)[-1] - path(order, before)[-1]) for order in ORDERS}
    assert effect == {"forward": 0.5, "backward": 0.5**13}
    contraction = {abs(path(order, before, start=1.0)[-1] - path(order, before)[-1]) for order in ORDERS}
    assert contraction == {0.5**13}  # of two starts: the same in both orders


def test_01_a_path_may_rest_by_luck():
    rested = path("backward", [1, 0, 0, 0, 0, 0, 1])
    assert (np.diff(rested)[:5] == 0).all() and np.diff(rested)[5] == 2.0**-7


def test_02_and_03_at_one_step_both_orders_have_one_law_and_their_best_steps_have_not():
    corners = np.array([[0, 0], [1, 0], [0.5, 1]])
    sequences = np.array(list(itertools.product(range(3), repeat=5)))
    ends = [path(order, corners[sequences.T], start=0.4)[-1] for order in ORDERS]
    assert (np.sort(ends[0].view("f8,f8"), axis=0) == np.sort(ends[1].view("f8,f8"), axis=0)).all()
    tosses = np.array(list(itertools.product([0.0, 1.0], repeat=8))).T
    forward, backward = (0.5 * (path(order, tosses, h=0.3) - 0.5) ** 2 for order in ORDERS)
    assert np.allclose(forward.mean(axis=1), backward.mean(axis=1), rtol=1e-12)
    best = forward[4:].min(axis=0).mean(), backward[4:].min(axis=0).mean()
    assert best[0] < 0.5 * best[1]


class LastBatchFixed:
    def word(self, n):
        return (*random.Random(n).sample(range(1, n), n - 1), 0)


def test_05_an_order_whose_last_map_alone_is_fixed_does_not_settle():
    h, batches = 0.3, coins(60)
    moves = {str(order): np.diff(path(order, batches, h, steps=range(30, 61))).std()
             for order in (LastBatchFixed(), ro.Shuffled(), ro.Backward())}  # fmt: skip
    fixed, shuffled, backward = moves.values()
    assert 0.5 * shuffled < fixed < shuffled and backward < 1e-4
    inner = [path(ro.Forward(), batches[[*LastBatchFixed().word(n)]], h)[-2:] for n in range(30, 61)]
    before, after = np.array(inner).T
    assert np.allclose(np.diff(after), (1 - h) * np.diff(before))  # once, by ρ


@pytest.mark.parametrize("number", [5, 40, 100])
def test_06_as_many_calls_are_not_as_many_evaluations(number):
    forward, backward = (ro.plan(order, range(1, number + 1)) for order in ORDERS)
    assert forward.launches == backward.launches == number
    assert (forward.cost, backward.cost) == (number, number * (number + 1) // 2)
    assert (forward.peak_states, backward.peak_states) == (1, number)
