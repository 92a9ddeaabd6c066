"""The errors of this package that are not plain ValueErrors or TypeErrors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from revorder.orders import Order
    from revorder.trajectory import Trajectory


class DivergedError(ValueError):
    """A state became infinite or NaN.

    Attributes:
        step: the checkpoint whose state is not finite.
        position: where in the checkpoint's word it happened first (0-based).
        batch: the batch number applied at that position.
        order: the composition order.
        trajectory: the finite checkpoints computed until then, or None if there are none.
    """

    def __init__(
        self, message: str, *, step: int, position: int, batch: int, order: Order, trajectory: Trajectory | None
    ):
        super().__init__(message)
        self.step = step
        self.position = position
        self.batch = batch
        self.order = order
        self.trajectory = trajectory


class NotBatchableError(TypeError):
    """An update that runs on one state but not on a stack of states (under torch.vmap)."""
