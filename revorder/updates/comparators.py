"""What one would use instead of backward-SGD: averages of the forward iterates, Lookahead, schedule-free, decay.

Each is an update like the others, pure and with all its memory in the state, so it runs in any composition order and
engine. `update.params(state)` are the parameters to be evaluated: the average, where there is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.optim import swa_utils

from revorder.errors import whole
from revorder.pytrees import Key, State, Tree, Update, clone, tree_map
from revorder.updates.averages import Averaged, Latest, Lookahead
from revorder.updates.descent import SGD
from revorder.updates.gradients import GradientUpdate, Loss, step_counter

__all__ = ["decayed_sgd", "ema", "lawa", "lookahead", "schedule_free", "swa"]


def __dir__() -> list[str]:
    return sorted(__all__)


def ema(update: Update, decay: float, burn_in: int = 0) -> Averaged:
    """The exponential moving average of an update's params: average ← decay·average + (1 - decay)·θ.

    Its formula is `torch.optim.swa_utils.get_ema_avg_fn`. It does not converge either: its variance is
    `revorder.theory.ema_variance`.

    Args:
        update: an update with `init` and `params`, such as `ro.sgd(...)`.
        decay: in [0, 1); it looks back about 1 / (1 - decay) steps.
        burn_in: so many iterates are left out; the average begins with the next one.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay: got {decay}, but it must be in [0, 1)")
    whole("burn_in", burn_in, 0)
    return Averaged(update, swa_utils.get_ema_avg_fn(decay), burn_in)


def swa(update: Update, burn_in: int = 0) -> Averaged:
    """The mean of all of an update's params after a burn-in: Polyak-Ruppert averaging, or stochastic weight averaging.

    Its formula is `torch.optim.swa_utils.get_swa_avg_fn`, at every step (Izmailov et al. 2018 average once an epoch).

    Args: as for `ema`.
    """
    whole("burn_in", burn_in, 0)
    return Averaged(update, swa_utils.get_swa_avg_fn(), burn_in)


def lawa(update: Update, count: int, every: int) -> Latest:
    """Latest weight averaging (Kaddour 2022): the mean of the last `count` iterates taken `every` steps.

    Args:
        update: an update with `init` and `params`.
        count: snapshots in the mean; all of them are in the state.
        every: steps between snapshots.
    """
    whole("count", count, 1)
    whole("every", every, 1)
    return Latest(update, count, every)


def lookahead(update: Update, every: int = 5, alpha: float = 0.5) -> Lookahead:
    """Lookahead (Zhang et al. 2019, Algorithm 1): slow ← slow + alpha·(fast - slow) every few steps, then fast ← slow.

    Args:
        update: an update whose states hold "params", as those of `ro.sgd` and `ro.adam` do.
        every: steps k between synchronisations, >= 1.
        alpha: step size of the slow weights, in (0, 1].
    """
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha: got {alpha}, but it must be in (0, 1]")
    whole("every", every, 1)
    return Lookahead(update, every, alpha)


@dataclass(frozen=True, repr=False)
class ScheduleFree(GradientUpdate):
    """See `schedule_free`."""

    loss: Loss
    lr: float
    beta: float

    def _memory(self, params: Tree) -> State:
        return {"z": clone(params), "step": step_counter(params)}

    def _gradient(self, state: State, batch: Tree, key: Key) -> tuple[Tree, Tree]:
        """The gradient at y, between z and the mean x."""
        y = tree_map(lambda z, x: z + self.beta * (x - z), state["z"], state["params"])
        return super()._gradient(state | {"params": y}, batch, key)

    def _moved(self, state: State, gradient: Tree) -> tuple[Tree, State]:
        step = state["step"] + 1
        z = tree_map(lambda z, g: z - self.lr * g, state["z"], gradient)
        return tree_map(lambda x, z: x + (z - x) / step, state["params"], z), {"z": z, "step": step}


def schedule_free(loss: Loss, lr: float, beta: float = 0.9) -> ScheduleFree:
    """Schedule-free SGD (Defazio et al. 2024, equations 3-5), with the mean x as params. Constant learning rate.

    y = (1 - β)z + βx;  z ← z - lr·∇loss(y);  x ← (1 - 1/t)x + z/t. Equal to `schedulefree.SGDScheduleFree` (without
    warm-up and weight decay) step by step.

    Args:
        loss: as for `ro.sgd`.
        lr: learning rate, > 0; usually larger than for SGD.
        beta: in [0, 1).
    """
    SGD(loss, lr)  # checks both
    if not 0 <= beta < 1:
        raise ValueError(f"beta: got {beta}, but it must be in [0, 1)")
    return ScheduleFree(loss, lr, beta)


@dataclass(frozen=True, repr=False)
class Decayed(GradientUpdate):
    """See `decayed_sgd`."""

    loss: Loss
    lr: float
    steps: int

    def _memory(self, params: Tree) -> State:
        return {"step": step_counter(params)}

    def _moved(self, state: State, gradient: Tree) -> tuple[Tree, State]:
        step = state["step"].clamp(max=self.steps)

        def move(p: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
            return p - 0.5 * self.lr * (1 + torch.cos(math.pi / self.steps * step.to(p.dtype))) * g

        return tree_map(move, state["params"], gradient), {"step": state["step"] + 1}


def decayed_sgd(loss: Loss, lr: float, steps: int) -> Decayed:
    """SGD whose learning rate falls to 0 along a half cosine: lr_t = lr·(1 + cos(πt/steps))/2, t = 0, 1, …

    As `torch.optim.lr_scheduler.CosineAnnealingLR`. The step counter is part of the state, so in backward order the
    newest batch gets the largest learning rate.

    Args:
        loss, lr: as for `ro.sgd`; lr is the first learning rate.
        steps: when it reaches 0; it stays there.
    """
    SGD(loss, lr)  # checks both
    whole("steps", steps, 1)
    return Decayed(loss, lr, steps)
