"""What most figures run: SGD on ½|θ - x|², and a whole path with its start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np
import torch

from revorder.orders import Order
from revorder.running.run import run

Map = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def towards(lr: float) -> Map:
    """The map of a batch x for the loss ½|θ - x|²: θ -> θ - h (θ - x), the share h of the way to x."""
    return lambda theta, x: theta - lr * (theta - x)


def path(
    update: Map,
    start: torch.Tensor,
    batches: torch.Tensor,
    order: str | Order,
    steps: Sequence[int] | None = None,
    *,
    engine: str = "auto",
) -> np.ndarray:
    """The start and the states at these steps, (1 + steps, …): a row for each.

    Args:
        update: T(state, batch).
        start: θ_0, which may have a leading axis of runs.
        batches: one row for each batch.
        order: as for `revorder.run`.
        steps: default: every step. Without batches there is only the start.
        engine: as for `revorder.run`.
    """
    if not len(batches):
        return start[None].numpy()
    looks = range(1, len(batches) + 1) if steps is None else steps
    made = run(update, start, batches, order, looks, engine=engine, progress=False)
    return np.concatenate([start[None].numpy(), made.states.numpy()])


def forward_quickly(lr: float, start: np.ndarray, batches: np.ndarray) -> np.ndarray:
    """Forward's path under `towards`, (1 + batches, …), for many steps: nothing looks after the map as `run` does."""
    return np.array([*accumulate(batches, lambda theta, x: theta - lr * (theta - x), initial=start)])
