"""Gradient descent: SGD and Adam as maps T(state, batch) -> state, pure and free of hidden state."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

import torch

from revorder.pytrees import State, Tree, tree_map
from revorder.showing import LINE, cut
from revorder.updates.gradients import GradientUpdate, Loss, step_counter


@dataclass(frozen=True, repr=False)
class SGD(GradientUpdate):
    """See `sgd`."""

    loss: Loss
    lr: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check(self, "lr", "momentum", "weight_decay")
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov: got True, but it needs a momentum > 0")

    def _memory(self, params: Tree) -> State:
        return {"momentum": tree_map(torch.zeros_like, params)} if self.momentum else {}

    def _moved(self, state: State, gradient: Tree) -> tuple[Tree, State]:
        params = state["params"]
        if self.weight_decay:
            gradient = tree_map(lambda g, p: g + self.weight_decay * p, gradient, params)
        if not self.momentum:
            return tree_map(lambda p, g: p - self.lr * g, params, gradient), {}
        velocity = tree_map(lambda v, g: self.momentum * v + g, state["momentum"], gradient)
        step = tree_map(lambda v, g: g + self.momentum * v, velocity, gradient) if self.nesterov else velocity
        return tree_map(lambda p, s: p - self.lr * s, params, step), {"momentum": velocity}


def sgd(loss: Loss, lr: float, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0) -> SGD:
    """Stochastic gradient descent, θ ← θ - lr·v with v ← momentum·v + g and g = ∇loss + weight_decay·θ.

    With `nesterov`, θ ← θ - lr·(g + momentum·v). Without momentum v = g, and the state has no "momentum" entry.
    Equal to `torch.optim.SGD` step by step (dampening 0).

    Args:
        loss: `loss(params, batch) -> scalar`, written with torch operations, or what `module_loss` returns.
        lr: learning rate, > 0, constant.
        momentum: in [0, ∞), usually below 1.
        weight_decay: L2 penalty, >= 0.

    Returns:
        A pure `update(state, batch, key=None) -> state`; start from `update.init(params)`.

    Raises:
        ValueError, TypeError: an option outside its range or not a number.

    >>> update = sgd(lambda theta, x: 0.5 * (theta - x) ** 2, lr=0.5)
    >>> update(update.init(torch.tensor(0.0)), torch.tensor(1.0))["params"]
    tensor(0.5000)
    """
    return SGD(loss, lr, momentum, nesterov, weight_decay)


@dataclass(frozen=True, repr=False)
class Adam(GradientUpdate):
    """See `adam`."""

    loss: Loss
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        _check(self, "lr", "eps", "weight_decay")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas: got {cut(repr(self.betas), LINE)}, but it must be two numbers in [0, 1)")

    def _memory(self, params: Tree) -> State:
        return {
            "mean": tree_map(torch.zeros_like, params),
            "square": tree_map(torch.zeros_like, params),
            "step": step_counter(params),
        }

    def _moved(self, state: State, gradient: Tree) -> tuple[Tree, State]:
        params, step = state["params"], state["step"] + 1
        if self.weight_decay and self.decoupled:
            params = tree_map(lambda p: p * (1 - self.lr * self.weight_decay), params)
        elif self.weight_decay:
            gradient = tree_map(lambda g, p: g + self.weight_decay * p, gradient, params)
        mean = tree_map(lambda m, g: self.betas[0] * m + (1 - self.betas[0]) * g, state["mean"], gradient)
        square = tree_map(lambda v, g: self.betas[1] * v + (1 - self.betas[1]) * g * g, state["square"], gradient)

        def move(p: torch.Tensor, m: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            m_hat = m / _bias(self.betas[0], step.to(m.dtype))
            v_hat = v / _bias(self.betas[1], step.to(v.dtype))
            return p - self.lr * m_hat / (v_hat.sqrt() + self.eps)

        return tree_map(move, params, mean, square), {"mean": mean, "square": square, "step": step}


def _bias(beta: float, step: torch.Tensor) -> torch.Tensor | float:
    """1 - beta^step, without the cancellation that float32 would suffer for beta near 1."""
    return -torch.expm1(step * math.log(beta)) if beta else 1.0


def adam(
    loss: Loss,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = False,
) -> Adam:
    """Adam (Kingma & Ba 2015, Algorithm 1), θ ← θ - lr·m̂/(√v̂ + eps), with m̂ and v̂ the bias-corrected moments.

    `weight_decay` is added to the gradient (`torch.optim.Adam`), or, with `decoupled`, multiplies θ by
    1 - lr·weight_decay first (Loshchilov & Hutter 2019; `torch.optim.AdamW`). Equal to both step by step. The step
    counter is part of the state: it counts positions in the word, so in backward order the newest batch is step 1.

    Args, returns and errors: as for `sgd`; `betas` in [0, 1), `eps` >= 0.

    >>> update = adam(lambda theta, x: 0.5 * (theta - x) ** 2, lr=0.5)
    >>> update(update.init(torch.tensor(0.0)), torch.tensor(1.0))["params"]
    tensor(0.5000)
    """
    return Adam(loss, lr, betas, eps, weight_decay, decoupled)


def _check(update: Any, *names: str) -> None:
    """Raise unless the named fields are finite numbers, not negative, and the learning rate positive."""
    if isinstance(update.loss, torch.nn.Module):
        raise TypeError(
            f"loss: got the module {type(update.loss).__name__}, but it must be a function loss(params, batch) -> "
            "scalar, as module_loss(model, criterion) makes of a module"
        )
    if not callable(update.loss):
        raise TypeError(_no_loss(update.loss))
    for name in names:
        value = getattr(update, name)
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"{name}: got {cut(repr(value), LINE)}, but it must be a number")
        if not math.isfinite(value) or value < 0 or (name == "lr" and value == 0):
            raise ValueError(f"{name}: got {value}, but it must be finite and {'> 0' if name == 'lr' else '>= 0'}")


def _no_loss(got: object) -> str:
    """What is said of a loss that is none, such as all that module_loss returns."""
    pair = isinstance(got, tuple) and len(got) == 2 and callable(got[0])
    hint = "; module_loss returns two things: loss, params = module_loss(model, criterion)" if pair else ""
    return f"loss: got {cut(repr(got), LINE)}, but it must be a function loss(params, batch) -> scalar{hint}"
