"""How far two results of one step are apart, and how far rounding may take them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.engines.purity import equal
from revorder.pytrees import Tree, layout

ROUNDINGS = 8  # of every number of the state
SMALL = 2**17  # numbers: larger tensors are not worth a copy


def difference(before: Tree, after: Tree, plain: Tree, rounding: float = 0.0) -> tuple[float, float]:
    """How far two results of a step are apart, as a share of its size, and how far they may be, due to rounding.

    The size is that of the whole step, and not of each leaf: a bias before BatchNorm has a step of 0. Params, buffers
    and each kind of memory count for themselves. Integers must be equal, and NaN must be in the same places.

    Args:
        before, after, plain: the state that was advanced, and two results.
        rounding: of the step's arithmetic, relative, where it is coarser than that of the state's dtype.
    """
    worst = (0.0, 1.0)
    for group in _groups(plain):
        old, new, right = (pytree.tree_leaves(group(tree)) for tree in (before, after, plain))
        found = _group_difference(old, new, right, rounding)
        worst = max(worst, found, key=lambda pair: pair[0] / pair[1])
    return worst


def same_bits(one: Tree, other: Tree) -> bool:
    """Whether two states are tensors that hold the same numbers, none of them NaN; the short way to a gap of 0."""
    pairs = list(zip(pytree.tree_leaves(one), pytree.tree_leaves(other), strict=False))
    dense = all(type(leaf) is torch.Tensor and leaf.layout is torch.strided for pair in pairs for leaf in pair)
    return dense and layout(one) == layout(other) and all(torch.equal(a, b) for a, b in pairs)


def _groups(state: Tree) -> list[Callable[[Tree], Tree]]:
    if isinstance(state, dict) and "params" in state:
        return [partial(_entry, name) for name in state]
    return [lambda tree: tree]


def _group_difference(before: list[Any], after: list[Any], plain: list[Any], rounding: float) -> tuple[float, float]:
    rows = [leaf.dtype for leaf in plain if isinstance(leaf, torch.Tensor) and _is_real(leaf)]
    eps = max((torch.finfo(dtype).eps for dtype in rows), default=1.0)
    gap = step = state = 0.0
    if [_shape(leaf) for leaf in after] != [_shape(leaf) for leaf in plain]:
        return float("inf"), 1.0
    if [_shape(leaf) for leaf in before] != [_shape(leaf) for leaf in plain]:  # an optimizer begins to remember
        before = [torch.zeros_like(leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in plain]
    for old, made, right in zip(*_joined(*map(_dense, (before, after, plain))), strict=True):
        if not isinstance(right, torch.Tensor):
            gap += 0.0 if made == right else float("inf")
            continue
        if not _is_real(right):
            gap += 0.0 if torch.equal(made, right) else float("inf")
            continue
        finite = _finite(right)
        gap += _square(made - right, finite) if _same_elsewhere(right, made, finite) else float("inf")
        step += _square(right - old, finite)
        state += _square(right, finite)
    size = step**0.5
    allowed = max(eps, rounding) ** 0.45 * size + ROUNDINGS * eps * state**0.5
    return gap**0.5 / (size or 1.0), allowed / (size or 1.0) or eps


def _entry(name: str, tree: Tree) -> Tree:
    return tree.get(name) if isinstance(tree, dict) else None


def _shape(leaf: Any) -> object:
    return leaf.shape if isinstance(leaf, torch.Tensor) else type(leaf)


def _dense(leaves: list[Any]) -> list[Any]:
    return [leaf.to_dense() if isinstance(leaf, torch.Tensor) and leaf.is_sparse else leaf for leaf in leaves]


def _joined(*states: list[Any]) -> tuple[list[Any], ...]:
    """Small real tensors of one dtype as one, which is compared in fewer operations."""
    leaves = [leaf for state in states for leaf in state]
    kinds = {
        (leaf.dtype, leaf.device) if isinstance(leaf, torch.Tensor) and _is_real(leaf) else None for leaf in leaves
    }
    if len(kinds) != 1 or None in kinds or sum(leaf.numel() for leaf in leaves) > SMALL:
        return states
    return tuple([torch.cat([leaf.detach().flatten() for leaf in state])] for state in states)


def _is_real(leaf: torch.Tensor) -> bool:
    return leaf.is_floating_point() or leaf.is_complex()


def _finite(leaf: torch.Tensor) -> torch.Tensor | None:
    """Where a tensor is finite; None if it is everywhere."""
    finite = leaf.isfinite()
    return None if finite.all() else finite


def _same_elsewhere(right: torch.Tensor, made: torch.Tensor, finite: torch.Tensor | None) -> bool:
    """Whether two tensors are infinite or NaN in the same places, in the same way."""
    also = _finite(made)
    if finite is None or also is None:
        return finite is also
    return equal(right.masked_fill(finite, 0), made.masked_fill(also, 0))


def _square(leaf: torch.Tensor, where: torch.Tensor | None) -> float:
    """The sum of the squares of the entries that count (None: of all), in double precision."""
    if not leaf.numel():
        return 0.0
    wide = torch.promote_types(leaf.dtype, torch.float64)
    counted = leaf.detach() if where is None else leaf.detach().masked_fill(~where, 0)
    norm = float(torch.linalg.vector_norm(counted, dtype=wide))
    return norm * norm


def nearby(state: Tree, random: torch.Generator) -> Tree:
    """A state a little apart in the numbers that move: the params, if it names them."""
    moving = state["params"] if isinstance(state, dict) and "params" in state else state
    numbers = [
        leaf for leaf in pytree.tree_leaves(moving) if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()
    ]
    size = max([leaf.abs().mean().item() for leaf in numbers if leaf.numel()], default=0.0) or 1.0

    def move(leaf: Any) -> Any:
        if not (isinstance(leaf, torch.Tensor) and leaf.is_floating_point()):
            return leaf
        return leaf + 1e-3 * size * torch.randn(leaf.shape, generator=random).to(leaf)

    moved = pytree.tree_map(move, moving)
    return state | {"params": moved} if moving is not state else moved
