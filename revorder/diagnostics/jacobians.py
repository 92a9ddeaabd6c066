"""The Jacobian of one map at one state, through products with vectors; it is never formed where it is large."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.diagnostics.estimates import warn
from revorder.pytrees import Key, Tree
from revorder.updates.keys import keyed
from revorder.updates.tangents import jvp

DENSE = 256  # a Jacobian of at most so many rows is formed, and its eigenvalues are found directly


def floats(state: Tree) -> torch.Tensor:
    """All floating-point numbers of a state as one vector (d,), in the widest of their dtypes."""
    leaves = [leaf for leaf in pytree.tree_leaves(state) if leaf.is_floating_point()]
    if not leaves:
        raise TypeError("state: it holds no floating-point tensor, so it has no distance and no Jacobian")
    return torch.cat([leaf.reshape(-1) for leaf in leaves])


class Local:
    """T near one state, as a function of the state's floating-point numbers; other numbers stay as they are."""

    def __init__(self, update: Callable[..., Tree], state: Tree):
        self.apply, self.at = keyed(update), floats(state)
        self.leaves, self.structure = pytree.tree_flatten(state)

    def random(self, seed: int) -> torch.Tensor:
        """A unit vector (d,) of random direction."""
        made = torch.randn(len(self.at), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        unit: torch.Tensor = made / made.norm()
        return unit.to(self.at)

    def function(self, batch: Tree, key: Key = None) -> Callable[[torch.Tensor], torch.Tensor]:
        """T on vectors (d,) instead of states."""
        return lambda vector: floats(self.apply(self._state(vector), batch, key))

    def pushed(self, direction: torch.Tensor, batch: Tree, key: Key = None) -> torch.Tensor:
        """J v, of shape (d,): how T moves a small perturbation v."""
        moved: torch.Tensor = jvp(self.function(batch, key), self.at, direction)
        return moved

    def _state(self, vector: torch.Tensor) -> Tree:
        parts, used = [], 0
        for leaf in self.leaves:
            if leaf.is_floating_point():
                parts.append(vector[used : used + leaf.numel()].reshape(leaf.shape).to(leaf.dtype))
                used += leaf.numel()
            else:
                parts.append(leaf)
        return pytree.tree_unflatten(parts, self.structure)


def lipschitz(
    update: Callable[..., Tree], state: Tree, batch: Tree, *, key: Key = None, most: int = 1000, tol: float = 1e-7
) -> float:
    """The local Lipschitz constant of T at a state: the largest singular value of its Jacobian J, by power iteration.

    Below 1 in a whole convex set, T contracts there. Above 1 does not mean divergence: momentum maps can have norm
    above 1 and contract all the same, see `spectral_radius`.

    Args:
        update: `update(state, batch, key=None) -> state`, differentiable with torch.func.
        state: where; Euclidean norm over all its floating-point numbers.
        batch: which map.
        key: passed to an update that draws at random.
        most: iterations v ← JᵀJ v at most.
        tol: the iteration stops when the estimate changes by less than this fraction.

    Warns:
        EstimateWarning: not converged after `most` iterations. The estimate is then a lower bound.

    >>> halfway = lambda theta, x: theta - 0.5 * (theta - x)
    >>> lipschitz(halfway, torch.tensor(0.0), torch.tensor(1.0))
    0.5
    """
    local = Local(update, state)
    function = local.function(batch, key)
    _, pull, *_ = torch.func.vjp(function, local.at)
    direction, norm = local.random(0), 0.0
    for _ in range(most):
        image = jvp(function, local.at, direction)
        before, norm = norm, float(torch.linalg.vector_norm(image))
        if norm == 0 or abs(norm - before) <= tol * norm:
            return norm
        direction = torch.nn.functional.normalize(pull(image)[0], dim=0)
    warn(f"power iteration has not converged after {most} iterations; {norm:.6g} is a lower bound", norm)
    return norm


def spectral_radius(
    update: Callable[..., Tree], state: Tree, batch: Tree, *, key: Key = None, most: int = 2000
) -> float:
    """The largest absolute eigenvalue of T's Jacobian at a state: the rate at which T, again and again, contracts.

    At most `lipschitz`, and equal to it where the Jacobian is symmetric (plain SGD). For momentum it is the smaller
    of the two, and below 1 where the norm is not: T then contracts in another norm than the Euclidean one.

    Args:
        update, state, batch, key: as for `lipschitz`.
        most: a Jacobian of more than 256 rows is not formed; the radius is then the mean growth of J^k v over the
            second half of so many products (Gelfand's formula), good to about 1 / most.

    Warns:
        EstimateWarning: the growth in the third and in the last quarter of the products differs by more than 1 %.

    >>> turn = lambda theta, x: 0.5 * torch.stack([-2 * theta[1], theta[0]]) + x  # its largest singular value is 1
    >>> round(spectral_radius(turn, torch.zeros(2), torch.zeros(2)), 4)
    0.7071
    """
    local = Local(update, state)
    if len(local.at) <= DENSE:
        jacobian = torch.func.jacrev(local.function(batch, key))(local.at)
        return float(torch.linalg.eigvals(jacobian).abs().max())
    direction, logs = local.random(0), []
    for _ in range(most):
        direction = local.pushed(direction, batch, key)
        growth = float(torch.linalg.vector_norm(direction))
        if growth == 0:
            return 0.0
        logs.append(math.log(growth))
        direction = direction / growth
    *_, third, last = (math.exp(np.mean(part)) for part in np.array_split(logs, 4))
    radius = math.sqrt(third * last)
    if abs(third - last) > 0.01 * radius:
        warn(f"the spectral radius {radius:.4g} has not settled after {most} products", radius, abs(third - last))
    return radius
