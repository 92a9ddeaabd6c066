"""The ground: errors that are not plain ValueErrors or TypeErrors, and the checks that all rooms share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

if TYPE_CHECKING:
    from revorder.orders import Order
    from revorder.trajectories.trajectory import Trajectory


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

    def __reduce__(self) -> tuple[Any, ...]:
        """Exceptions are pickled as `type(*args)`, but this one needs its keywords, to come back from a worker."""
        names = ("step", "position", "batch", "order", "trajectory")
        return partial(type(self), **{name: getattr(self, name) for name in names}), self.args


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted, by Ctrl-C or by the notebook's stop button.

    In a notebook, `sys.last_value.trajectory` in the next cell has what was reached.

    Attributes:
        trajectory: the checkpoints reached until then, or None if there are none.
    """

    def __init__(self, message: str, *, trajectory: Trajectory | None):
        super().__init__(message)
        self.trajectory = trajectory

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), trajectory=self.trajectory), self.args


class CallbackError(RuntimeError):
    """The function given as `on_checkpoint` raised an exception, which ended the run; it is the `__cause__`.

    So a run is ended early on purpose, too: raise an exception of your own, and take what was reached from this one.

    Attributes:
        step: the checkpoint that the function was shown.
        trajectory: the checkpoints reached until then, this one included.
    """

    def __init__(self, message: str, *, step: int, trajectory: Trajectory | None):
        super().__init__(message)
        self.step = step
        self.trajectory = trajectory

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), step=self.step, trajectory=self.trajectory), self.args


class NotAffineError(ValueError):
    """An update that is not affine in its state, under the affine engine."""


class NotBatchableError(TypeError):
    """An update that runs on one state but not on a stack of states (under torch.vmap)."""


def whole(name: str, value: object, least: int) -> None:
    """Raise unless `value` is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: got {value!r}, but it must be an integer >= {least}")
    if value < least:
        raise ValueError(f"{name}: got {value}, but it must be an integer >= {least}")


def check_room(name: str, what: str, needed: int) -> None:
    """Raise MemoryError, which says what is needed, unless so many bytes of memory are free."""
    free = _free()
    if needed > free:
        size = f"{needed / 2**30:,.3g} GiB" if needed < 2**60 else "more than any machine has"
        said = f"{what} would take about {size} of memory, and {free / 2**30:,.1f} GiB are free"
        raise MemoryError(f"{name}: {said}; ask for fewer or smaller ones")


def _free() -> int:
    """Bytes that this process may still take: of the machine, and below its own limit (`ulimit -v`)."""
    free = int(psutil.virtual_memory().available)
    if hasattr(psutil, "RLIMIT_AS"):  # Linux
        limit = psutil.Process().rlimit(psutil.RLIMIT_AS)[0]
        if limit != psutil.RLIM_INFINITY:
            free = min(free, max(0, limit - psutil.Process().memory_info().vms))
    return free


def check_known_metric(metric: object, known: Iterable[str], argument: str) -> None:
    """Raise ValueError, which lists them, unless `argument` has a metric of this name."""
    names = list(known)
    if metric not in names:
        listed = ", ".join(names) or "none"
        raise ValueError(
            f"metric: got {metric!r}, but the metrics of {argument} are {listed}{did_you_mean(str(metric), names)}"
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the known name that is nearest to an unknown one, if any is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
