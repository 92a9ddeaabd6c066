"""What one would use instead of backward-SGD: averages of the forward iterates, Lookahead, schedule-free, decay.

Each is an update like the others, pure and with all its memory in the state, so it runs in any composition order and
engine. `update.params(state)` are the parameters to be evaluated: the average, where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import swa_utils

from revorder.errors import whole
from revorder.pytrees import Key, Named, State, Tree, Update, clone, copies, tree_map
from revorder.updates.descent import SGD, GradientUpdate, Loss, step_counter

__all__ = ["decayed_sgd", "ema", "lawa", "lookahead", "schedule_free", "swa"]


def __dir__() -> list[str]:
    return sorted(__all__)


Average = Callable[[torch.Tensor, torch.Tensor, Any], torch.Tensor]


class Wrapped:
    """An update around another one, whose state travels under "inner". Everything else is the inner update's."""

    update: Update

    def buffers(self, state: State) -> Named:
        """The inner update's buffers: those of its last iterate, also where params are an average."""
        return self.update.buffers(state["inner"])

    @property
    def keyless(self) -> bool:
        """Whether nothing in the inner update is random."""
        return bool(getattr(self.update, "keyless", True))


@dataclass(frozen=True)
class Averaged(Wrapped):
    """See `ema` and `swa`."""

    update: Update
    average: Average
    burn_in: int = 0

    def init(self, params: Tree) -> State:
        inner = self.update.init(params)
        return {"inner": inner, "average": clone(self.update.params(inner)), "count": step_counter(params)}

    def params(self, state: State) -> Tree:
        """The average; the last iterate as long as the burn-in lasts."""
        return state["average"]

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        inner = self.update(state["inner"], batch, key)
        seen = state["count"] - self.burn_in  # iterates in the average; negative during the burn-in

        def merge(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
            return torch.where(seen > 0, self.average(old, new, seen.clamp(min=0)), new)

        average = tree_map(merge, state["average"], self.update.params(inner))
        return {"inner": inner, "average": average, "count": state["count"] + 1}


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


@dataclass(frozen=True)
class Latest(Wrapped):
    """See `lawa`."""

    update: Update
    count: int
    every: int

    def init(self, params: Tree) -> State:
        inner = self.update.init(params)
        return {"inner": inner, "ring": copies(self.update.params(inner), self.count), "step": step_counter(params)}

    def params(self, state: State) -> Tree:
        """The mean of the snapshots in the ring; of the start where there is none yet."""
        kept = (state["step"] // self.every).clamp(1, self.count)

        def mean(ring: torch.Tensor) -> torch.Tensor:
            used = (torch.arange(self.count, device=ring.device) < kept).to(ring.dtype)
            found: torch.Tensor = torch.tensordot(used, ring, dims=1) / kept
            return found

        return tree_map(mean, state["ring"])

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        inner, step = self.update(state["inner"], batch, key), state["step"] + 1
        due, slot = step % self.every == 0, (step // self.every - 1) % self.count

        def put(ring: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
            here = (torch.arange(self.count, device=ring.device) == slot) & due
            return torch.where(here.reshape(-1, *[1] * new.ndim), new, ring)

        return {"inner": inner, "ring": tree_map(put, state["ring"], self.update.params(inner)), "step": step}


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


@dataclass(frozen=True)
class Lookahead(Wrapped):
    """See `lookahead`."""

    update: Update
    every: int
    alpha: float

    def init(self, params: Tree) -> State:
        inner = self.update.init(params)
        return {"inner": inner, "slow": clone(self.update.params(inner)), "step": step_counter(params)}

    def params(self, state: State) -> Tree:
        """The slow weights."""
        return state["slow"]

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        inner, step = self.update(state["inner"], batch, key), state["step"] + 1
        due, fast = step % self.every == 0, self.update.params(inner)
        slow = tree_map(lambda s, f: torch.where(due, s + self.alpha * (f - s), s), state["slow"], fast)
        fast = tree_map(lambda s, f: torch.where(due, s, f), slow, fast)
        return {"inner": inner | {"params": fast}, "slow": slow, "step": step}


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


@dataclass(frozen=True)
class ScheduleFree(GradientUpdate):
    """See `schedule_free`."""

    loss: Loss
    lr: float
    beta: float

    def _memory(self, params: Tree) -> State:
        return {"z": clone(params), "step": step_counter(params)}

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        x, z, step = state["params"], state["z"], state["step"] + 1
        y = tree_map(lambda z, x: z + self.beta * (x - z), z, x)
        gradient, buffers = self._gradient(state | {"params": y}, batch, key)
        z = tree_map(lambda z, g: z - self.lr * g, z, gradient)
        x = tree_map(lambda x, z: x + (z - x) / step, x, z)
        return {"params": x, "buffers": buffers, "z": z, "step": step}


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


@dataclass(frozen=True)
class Decayed(GradientUpdate):
    """See `decayed_sgd`."""

    loss: Loss
    lr: float
    steps: int

    def _memory(self, params: Tree) -> State:
        return {"step": step_counter(params)}

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        gradient, buffers = self._gradient(state, batch, key)
        step = state["step"].clamp(max=self.steps)

        def move(p: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
            return p - 0.5 * self.lr * (1 + torch.cos(math.pi / self.steps * step.to(p.dtype))) * g

        params = tree_map(move, state["params"], gradient)
        return {"params": params, "buffers": buffers, "step": state["step"] + 1}


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
