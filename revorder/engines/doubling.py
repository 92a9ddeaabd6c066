"""All states of a chain of affine maps by doubling: neighbouring blocks of maps are joined, two by two, to one.

For T_0, …, T_{N-1} every block (T_i, …, T_{j-1}) has its product M_i⋯M_{j-1} and the states that it reaches by itself,
T_i∘…∘T_{k-1}(s_0) for k = i + 1 … j. States are kept as differences from s_0, along which joining is a product alone:

    u_k ← u_m + M_i⋯M_{m-1} u_k    for k in the right one of the blocks (i … m - 1) and (m … j - 1).

That takes 2N products of matrices in about 2·log2 N batched calls. On the way back, from long blocks to short ones,
the same products give the states that the maps meet in words that begin at the end of a block.

Source: the parallel prefix of Blelloch (1990), with the start in place of the identity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

SMALL = 32  # up to this many numbers in a state, products on a CPU are NumPy's, whose calls begin sooner

Array = Any  # a tensor, or an array of NumPy's
Join = tuple[Array, Array]  # of all right blocks: their products (pairs, d, d), what they reach


def joined(products: torch.Tensor, reached: torch.Tensor) -> tuple[torch.Tensor, list[Join]]:
    """Join all blocks.

    Args:
        products: (blocks, d, d) of every block.
        reached: (blocks, width, rows, d) the differences from the start that each block reaches by itself; the rows
            of a state are moved alike.

    Returns:
        (blocks·width or more, rows, d) the differences reached from the very beginning, and what each join knew.
    """
    blocks, width, rows, d = reached.shape
    found = reached.new_empty(1 << (blocks - 1).bit_length(), width, rows, d)
    found[:blocks] = reached
    small = d <= SMALL and found.device.type == "cpu" and found.dtype in (torch.float32, torch.float64)
    joins = _join(*(products.numpy(), found.numpy()) if small else (products, found))
    return found.view(-1, rows, d), joins


@np.errstate(all="ignore")  # states that overflow are found where they are gathered
def _join(products: Array, states: Array) -> list[Join]:
    """The same in place, in states (blocks, width, rows, d) that are as many as a power of two."""
    joins, (width, rows, d) = [], states.shape[1:]
    while len(products) > 1:
        pairs, alone = divmod(len(products), 2)
        left, right = products[0 : 2 * pairs : 2], products[1::2]
        halves = states.reshape(-1, 2, width, rows, d)
        before, after = halves[:pairs, 0], halves[:pairs, 1]
        joins.append((right, after[:, -1] + 0))  # a copy: `after` changes
        after[:] = _moved(after, left)
        after += before[:, -1:]
        if alone:  # its right neighbour does nothing
            halves[pairs, 1] = halves[pairs, 0, -1]
        products = _joined(left, right, products) if len(products) > 2 else products[:1]
        width *= 2
    return joins


@np.errstate(all="ignore")
def entered(joins: list[Join], blocks: int, every: int = 3) -> torch.Tensor:
    """The differences from the start at which states enter each of two or more blocks, in words of several lengths.

    Returns:
        (blocks, words, rows, d): the first is the longest word, the last begins at the block itself. Between are words
        that begin at the end of every block of 2^(every·k) blocks.
    """
    states = _empty(joins[-1][1], *joins[-1][1].shape)[:, None]
    states[:] = 0
    for height in range(len(joins) - 1, -1, -1):
        (right, reached), above, last = joins[height], states, height % every == 0
        pairs, words = len(right), above.shape[1]
        states = _empty(above, 2 * len(above), words + last, *above.shape[2:])
        states[1::2, :words] = above
        states[: 2 * pairs : 2, :words] = _moved(above[:pairs], right) + reached[:, None]
        states[2 * pairs :: 2, :words] = above[pairs:]  # a block without a right neighbour
        states[:, words:] = 0
        states = states[: blocks + (1 << height) - 1 >> height]
    return torch.as_tensor(states)


def _joined(left: Array, right: Array, products: Array) -> Array:
    """The products of all pairs, and that of the last block, if it is alone."""
    pairs, alone = divmod(len(products), 2)
    found = _empty(products, pairs + alone, *products.shape[1:])
    multiply: Any = torch.bmm if isinstance(found, torch.Tensor) else np.matmul
    multiply(left, right, out=found[:pairs])
    found[pairs:] = products[2 * pairs :]
    return found


def _moved(states: Array, products: Array) -> Array:
    """(blocks, words, rows, d) states under the products (blocks, d, d)."""
    blocks, _, _, d = states.shape
    return (states.reshape(blocks, -1, d) @ products.swapaxes(1, 2)).reshape(states.shape)


def _empty(like: Array, *shape: int) -> Array:
    return like.new_empty(shape) if isinstance(like, torch.Tensor) else np.empty(shape, like.dtype)
