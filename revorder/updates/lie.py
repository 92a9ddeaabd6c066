"""Lie brackets: what changing the order of gradient steps changes, to second order in the learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Key, State, Tree, describe, detach, row, tree_map
from revorder.updates.descent import sgd
from revorder.updates.gradients import GradientUpdate, Loss
from revorder.updates.tangents import jvp


def lie_bracket(loss: Loss, params: Tree, batch_a: Tree, batch_b: Tree, lr: float) -> Tree:
    """lr² (H_a g_b - H_b g_a) at `params`, with g the gradients and H the Hessians of the two batches' losses.

    T_a∘T_b - T_b∘T_a equals it up to O(lr³), for a loss with three continuous derivatives (tanh, not ReLU), and
    exactly if the loss is quadratic. Sign: the map named first is applied LAST; with the fields X = -g and the
    convention [X, Y] = (DY) X - (DX) Y, this is lr² [X_b, X_a].

    Args:
        loss: `loss(params, batch) -> scalar`, twice differentiable.
        params: pytree of floating-point tensors.
        batch_a, batch_b: the two batches.
        lr: learning rate.

    Returns:
        A pytree like `params`. Cost: two gradients and two Hessian-vector products.

    Source: Baker-Campbell-Hausdorff to second order; Dherin et al. (arXiv 2502.01557), outlook on Lie brackets.

    >>> square = lambda theta, x: 0.5 * (theta - x) ** 2
    >>> lie_bracket(square, torch.tensor(0.0), torch.tensor(1.0), torch.tensor(0.0), lr=0.5)
    tensor(0.2500)
    """
    slope = _gradient(loss)
    g_a, g_b = slope(params, batch_a), slope(params, batch_b)
    bent_a, bent_b = _curved(slope, params, batch_a, g_b), _curved(slope, params, batch_b, g_a)
    return detach(tree_map(lambda a, b: lr**2 * (a - b), bent_a, bent_b))


def window_correction(loss: Loss, params: Tree, window: Tree, lr: float) -> Tree:
    """Backward minus forward over a window of batches, up to O(lr³): lr² Σ_i H_i (Σ_{j>i} g_j - Σ_{j<i} g_j).

    It is the sum of H_i g_j - H_j g_i over all pairs i < j, where batch i is older than batch j. All derivatives are
    taken at `params`, where the window starts.

    Args:
        loss, params, lr: as for `lie_bracket`.
        window: a stack of batches, oldest first: every tensor has a leading axis of w batches.

    Returns:
        A pytree like `params`. Cost: w gradients and w Hessian-vector products, in two batched calls.

    >>> square = lambda theta, x: 0.5 * (theta - x) ** 2
    >>> window_correction(square, torch.tensor(0.0), torch.tensor([1.0, 0.0]), lr=0.5)
    tensor(0.2500)
    """
    slope = _gradient(loss)
    gradients = torch.vmap(slope, (None, 0))(params, window)

    def newer_minus_older(g: torch.Tensor) -> torch.Tensor:
        until = g.cumsum(0)  # Σ_{j<=i} g_j
        return (until[-1] - until) - (until - g)

    bent = torch.vmap(lambda batch, v: _curved(slope, params, batch, v))(window, tree_map(newer_minus_older, gradients))
    return detach(tree_map(lambda b: lr**2 * b.sum(0), bent))


@dataclass(frozen=True, repr=False)
class LieCorrected(GradientUpdate):
    """See `lie_corrected`."""

    loss: Loss
    lr: float

    def __call__(self, state: State, window: Tree, key: Key = None) -> State:
        step = sgd(self.loss, self.lr)
        after = state
        for number in range(len(pytree.tree_leaves(window)[0])):
            after = step(after, row(window, number), key)
        if getattr(self.loss, "stochastic", False):
            _refuse("a module that draws random numbers")
        correction = window_correction(self.loss, state["params"], window, self.lr)
        return after | {"params": tree_map(torch.add, after["params"], correction)}

    def examine(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> None:
        """Plain SGD has no memory that could differ from torch's; and batches are windows here."""

    def cost(self, width: int) -> int:
        """Evaluations of T that one window of `width` batches costs, if a Hessian-vector product counts as two.

        The forward pass needs w gradients and the bracket w more, of which the oldest batch's is shared; w
        Hessian-vector products come on top: 4w - 1 in all. Running the window backward costs w.
        """
        return (2 * width - 1) + 2 * width


def lie_corrected(loss: Loss, lr: float) -> LieCorrected:
    """SGD that runs a window of batches FORWARD and adds the bracket terms that lead to the backward window.

    One evaluation takes a whole window, so use it with `ro.batches.Windows`, in forward order. It then follows
    `BackwardBlocks(width)` up to O(lr³) a window. It teaches what backward does; it saves nothing, since brackets cost
    more than running the window backward (see `LieCorrected.cost`), though all of a window's can be had in two
    batched calls.

    Args:
        loss: `loss(params, batch) -> scalar` with three continuous derivatives, without randomness and buffers.
        lr: learning rate, > 0, constant.

    Returns:
        A pure `update(state, window) -> state`; start from `update.init(params)`.

    Raises:
        ValueError: a loss with buffers (BatchNorm) or randomness (dropout), whose brackets would leave those out.

    Source: Dherin et al. (arXiv 2502.01557), outlook: windowed backward-SGD by Lie-bracket corrections.
    """
    sgd(loss, lr)  # checks both
    buffers = getattr(loss, "buffers", {})
    if buffers:
        _refuse(describe(buffers))
    return LieCorrected(loss, lr)


def _refuse(found: str) -> None:
    raise ValueError(f"loss: got {found}, but brackets are only defined for a loss of params and batch alone")


def _gradient(loss: Loss) -> Callable[[Tree, Tree], Tree]:
    return torch.func.grad(loss)


def _curved(slope: Callable[[Tree, Tree], Tree], params: Tree, batch: Tree, vector: Tree) -> Tree:
    """H v: the derivative of the gradient along v, without the Hessian."""
    return jvp(lambda p: slope(p, batch), params, vector)
