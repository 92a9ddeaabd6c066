"""Updates: the maps T(state, batch) -> state of gradient descent, pure and free of hidden state.

A state is a dict: "params", "buffers" (what the forward pass updates, such as BatchNorm statistics) and whatever the
method remembers. Composing maps in any order needs all of it to travel along, so nothing is kept in the update.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Key, Named, State, Tree, check_tensors, clone, describe, named_leaves, tree_map

Loss = Callable[[Tree, Tree], torch.Tensor]


class GradientUpdate:
    """What SGD and Adam share: the state's layout and the gradient."""

    loss: Loss

    def init(self, params: Tree) -> State:
        """The start state for `params`, a pytree of floating-point tensors; they are copied.

        Raises:
            TypeError: a leaf that is not a tensor, or not of a floating-point dtype.
        """
        check_tensors("params", params)
        for name, leaf in named_leaves(params):
            if not leaf.is_floating_point():
                raise TypeError(f"params{name}: got {leaf.dtype}, but gradients need floating point; use .float()")
        return {"params": clone(params), "buffers": clone(getattr(self.loss, "buffers", {})), **self._memory(params)}

    @property
    def keyless(self) -> bool:
        """Whether nothing in the update is random, so that every batch is one and the same computation."""
        return not getattr(self.loss, "stochastic", False)

    def params(self, state: State) -> Tree:
        """The parameters inside a state (also of a stack of states)."""
        return state["params"]

    def buffers(self, state: State) -> Named:
        """The buffers inside a state, by name; empty for a loss without buffers."""
        buffers: Named = state["buffers"]
        return buffers

    def _memory(self, params: Tree) -> State:
        raise NotImplementedError

    def _gradient(self, state: State, batch: Tree, key: Key) -> tuple[Tree, Tree]:
        """The gradient of the loss at the state's params, and the buffers after the forward pass."""
        if not (isinstance(state, dict) and "params" in state):
            raise TypeError(f"start: got {describe(state)}, but this update's states are made by update.init(params)")
        params, buffers = state["params"], state["buffers"]
        if hasattr(self.loss, "with_buffers"):
            slope = torch.func.grad(self.loss.with_buffers, has_aux=True)
            gradient, buffers = slope(params, buffers, batch, key)
            return gradient, buffers
        return torch.func.grad(self.loss)(params, batch), buffers


@dataclass(frozen=True)
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

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        gradient, buffers = self._gradient(state, batch, key)
        params = state["params"]
        if self.weight_decay:
            gradient = tree_map(lambda g, p: g + self.weight_decay * p, gradient, params)
        if not self.momentum:
            return {"params": tree_map(lambda p, g: p - self.lr * g, params, gradient), "buffers": buffers}
        velocity = tree_map(lambda v, g: self.momentum * v + g, state["momentum"], gradient)
        step = tree_map(lambda v, g: g + self.momentum * v, velocity, gradient) if self.nesterov else velocity
        params = tree_map(lambda p, s: p - self.lr * s, params, step)
        return {"params": params, "buffers": buffers, "momentum": velocity}


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


@dataclass(frozen=True)
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
            raise ValueError(f"betas: got {self.betas!r}, but it must be two numbers in [0, 1)")

    def _memory(self, params: Tree) -> State:
        return {
            "mean": tree_map(torch.zeros_like, params),
            "square": tree_map(torch.zeros_like, params),
            "step": step_counter(params),
        }

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        gradient, buffers = self._gradient(state, batch, key)
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

        params = tree_map(move, params, mean, square)
        return {"params": params, "buffers": buffers, "mean": mean, "square": square, "step": step}


def step_counter(params: Tree) -> torch.Tensor:
    """A count of steps for a state, at 0: an int64 scalar on the device of `params`."""
    return torch.zeros((), dtype=torch.int64, device=pytree.tree_leaves(params)[0].device)


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
    if not callable(update.loss):
        raise TypeError(f"loss: got {update.loss!r}, but it must be a function loss(params, batch) -> scalar")
    for name in names:
        value = getattr(update, name)
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"{name}: got {value!r}, but it must be a number")
        if not math.isfinite(value) or value < 0 or (name == "lr" and value == 0):
            raise ValueError(f"{name}: got {value}, but it must be finite and {'> 0' if name == 'lr' else '>= 0'}")
