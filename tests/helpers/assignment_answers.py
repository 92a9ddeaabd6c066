"""Answers to the assignment as a learner would type them: right ones, and wrong ones with the hint each must get."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import torch

import revorder as ro

NAMES = {
    "11-path": "backward_path",
    "11-order": "NewestBlockFirst",
    "11-cost": "cost",
    "11-steps": "certified_steps",
    "11-spreads": "two_spreads",
    "11-law": "same_law",
}
POINTS = {"11-path": 4, "11-order": 4, "11-cost": 3, "11-steps": 3, "11-spreads": 3, "11-law": 3}


def typed(*answers):
    return [(name, dedent(source).strip("\n"), *hint) for name, source, *hint in answers]


def value(name, source):
    """What the answer's cell leaves behind under the name that the exercise asks for."""
    namespace = {"np": np, "torch": torch, "ro": ro}
    exec(source, namespace)
    return namespace[NAMES[name]]


RIGHT = typed(
    (
        "11-path",
        """
        def backward_path(update, start, batches):
            def state(n):
                theta = start
                for x in batches[:n][::-1]:
                    theta = update(theta, x)
                return theta
            return torch.stack([state(n + 1) for n in range(len(batches))])
        """,
    ),
    (
        "11-path",  # the library's own, whose progress bar must cost no points
        """
        def backward_path(update, start, batches):
            run = ro.run(update, start, batches, "backward", range(1, len(batches) + 1))
            return [run.state(n) for n in run.steps]
        """,
    ),
    (
        "11-order",
        """
        def NewestBlockFirst(size):
            class Order:
                def word(self, n):
                    return np.array(sorted(range(n), key=lambda i: (-(i // size), i)))
            return Order()
        """,
    ),
    (
        "11-cost",
        """
        def cost(checkpoints, period):
            return ro.plan("backward", checkpoints, labels=[i % period for i in range(checkpoints[-1])]).cost
        """,
    ),
    (
        "11-cost",
        "cost = lambda c, k: sum(n for n in c if not any(m > n and (m - n) % k == 0 for m in c))",
    ),
    (
        "11-steps",
        """
        def certified_steps(h, low, high, start, tol):
            n, distance = 0, max(high - start, start - low)
            while distance > tol:
                n, distance = n + 1, (1 - h) * distance
            return n
        """,
    ),
    (
        "11-steps",
        """
        def certified_steps(h, low, high, start, tol):
            return int(np.ceil(np.log(tol / max(high - start, start - low)) / np.log(1 - h)))
        """,
    ),
    (
        "11-spreads",
        """
        def two_spreads(values, last):
            return np.array([np.mean([np.std(run[-last:]) for run in values]), np.std(values.T[-1])])
        """,
    ),
    (
        "11-law",
        """
        def same_law(data_order, n, period):
            first, rest = n <= period, n % period
            return {"iid": True, "shuffle_once": True, "reshuffle": first or rest == 0,
                    "flipflop": first or (rest == 0 and n // period % 2 == 0), "incremental": False}[data_order]
        """,
    ),
)

# One plausible mistake each. These are also handed in to nbgrader, and must lose the points of their exercise only.
WRONG = typed(
    (
        "11-path",
        """
        def backward_path(update, start, batches):
            path, state = [], start
            for n in range(1, len(batches) + 1):
                for i in reversed(range(n)):
                    state = update(state, batches[i])
                path.append(state)
            return path
        """,
        "you carry on from the state of the step before",
    ),
    (
        "11-path",
        """
        def backward_path(update, start, batches):
            path, state = [], start
            for batch in reversed(batches):
                state = update(state, batch)
                path.append(state)
            return path
        """,
        "you reversed the data order (the sampler), not the composition",
    ),
    (
        "11-path",
        """
        def backward_path(update, start, batches):
            path = []
            for n in range(1, len(batches) + 1):
                state = start
                for i in range(n, 0, -1):
                    state = update(state, batches[i])
                path.append(state)
            return path
        """,
        "there is no batch N: batches are counted from 0",
    ),
    (
        "11-path",
        """
        from itertools import accumulate

        def backward_path(update, start, batches):
            return list(accumulate(batches, update, initial=start))[1:]
        """,
        "this is the forward path",
    ),
    (
        "11-order",
        "NewestBlockFirst = ro.BackwardBlocks",
        "your blocks come oldest first",
    ),
    (
        "11-order",
        """
        class NewestBlockFirst:
            def __init__(self, size):
                self.size = size

            def word(self, n):
                blocks = [range(max(last - self.size, 0), last) for last in range(n, 0, -self.size)]
                return [i for block in blocks for i in block]
        """,
        "your blocks shift when n grows",
    ),
    (
        "11-cost",
        """
        def cost(checkpoints, period):
            return sum(checkpoints)
        """,
        "nothing is shared in your count",
    ),
    (
        "11-cost",
        """
        def cost(checkpoints, period):
            last = checkpoints[-1]
            return period * last - period * (period - 1) // 2
        """,
        "that is a checkpoint at every step",
    ),
    (
        "11-steps",
        """
        def certified_steps(h, low, high, start, tol):
            first_move = h * max(high - start, start - low)
            return int(np.ceil(np.log(tol / first_move) / np.log(1 - h)))
        """,
        "you bounded the next move only",
    ),
    (
        "11-steps",
        """
        def certified_steps(h, low, high, start, tol):
            return ro.theory.steps_needed(1 - h, max(high - start, start - low), tol)
        """,
        "a step goes only part of it",
    ),
    (
        "11-spreads",
        """
        def two_spreads(values, last):
            return values[:, -last:].mean(axis=0).std(), values[:, -1].std()
        """,
        "you average over seeds before you measure",
    ),
    (
        "11-spreads",
        """
        def two_spreads(values, last):
            return values[:, -1].std(), values[:, -last:].std(axis=1).mean()
        """,
        "the two are swapped",
    ),
    (
        "11-law",
        """
        def same_law(data_order, n, period):
            return data_order != "incremental"
        """,
        "reshuffle: in a later epoch the incomplete shuffle stands last",
    ),
    (
        "11-law",
        """
        def same_law(data_order, n, period):
            if data_order == "incremental":
                return False
            return data_order in ("iid", "shuffle_once") or n <= period or n % period == 0
        """,
        "flipflop: after three whole epochs",
    ),
)
