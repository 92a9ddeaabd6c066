"""Problems of the course: an update, a start, batches and metrics that belong together, ready to be run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from revorder import batches, models
from revorder.data import datasets
from revorder.orders import Order
from revorder.pytrees import Tree, Update, named_leaves
from revorder.running.run import run
from revorder.showing import Facts, Shown, shapes
from revorder.trajectories.trajectory import Trajectory
from revorder.updates.descent import sgd
from revorder.updates.modules import module_loss

__all__ = ["Problem", "digits_mlp"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True, eq=False, repr=False)
class Problem(Shown):
    """What `run` needs besides an order and checkpoints.

    Attributes:
        update, start, batches, metrics: as for `revorder.run`.
    """

    update: Update
    start: Tree
    batches: Any
    metrics: dict[str, Callable[[Tree], Any]]

    def _facts(self) -> Facts:
        kind, length = type(self.batches).__name__, getattr(self.batches, "__len__", None)
        return {
            "update": self.update,
            "start": shapes(named_leaves(self.start)),
            "batches": f"{length():,} ({kind})" if length else kind,
            "metrics": ", ".join(map(str, self.metrics)) or None,
        }

    def run(self, order: str | Order, checkpoints: Iterable[int], **options: Any) -> Trajectory:
        """`revorder.run` on this problem, without a bar.

        Args: as for `revorder.run`; `options` are its keyword arguments.
        """
        given: dict[str, Any] = {"metrics": self.metrics, "progress": False} | options
        return run(self.update, self.start, self.batches, order, checkpoints, **given)


def digits_mlp(
    lr: float = 0.1,
    batch_size: int = 8,
    steps: int = 2000,
    *,
    seed: int = 0,
    hidden: int = 32,
    data_order: Callable[..., torch.Tensor] = batches.reshuffle,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
) -> Problem:
    """An MLP 64-`hidden`-10 with ReLU and softmax cross-entropy on scikit-learn's digits, trained by plain SGD.

    Args:
        lr: constant learning rate.
        batch_size: examples per batch, of 1400 training images (175 batches of 8 an epoch).
        steps: how many batches there are.
        seed: of the initial parameters and of the batches; the split into training and test set stays.
        hidden: units of the hidden layer.
        data_order: one of `revorder.batches`.
        dtype, device: of data, parameters and states.

    Returns:
        A `Problem` with the metrics "test loss" (mean cross-entropy in nats over 397 images) and "test accuracy"
        (fraction in [0, 1]).
    """
    data = datasets.digits(dtype=dtype, device=device)
    model = models.mlp(64, hidden, 10, seed=seed).to(device=device, dtype=dtype)
    loss, params = module_loss(model, cross_entropy)
    update = sgd(loss, lr)
    index = data_order(len(data.train[0]), batch_size, steps, seed)
    inputs, targets = data.test

    def accuracy(state: Tree) -> torch.Tensor:
        outputs: torch.Tensor = torch.func.functional_call(model, state["params"], (inputs,))
        return (outputs.argmax(1) == targets).to(dtype).mean()

    def test_loss(state: Tree) -> torch.Tensor:
        return loss(state["params"], data.test)

    examples = batches.Minibatches(data.train, index)
    return Problem(update, update.init(params), examples, {"test loss": test_loss, "test accuracy": accuracy})
