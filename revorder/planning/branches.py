"""The trie of windowed words in closed form: a trunk in forward order, and one branch for each checkpoint."""

from __future__ import annotations

import numpy as np

from revorder.planning.trie import Integers, Trie


def of_windows(steps: tuple[int, ...], width: int) -> Trie:
    """The trie of the words of `BackwardWindow(width)`, width >= 2, at some steps, all batches different.

    The word of step n leaves the trunk behind its first m = max(n - width, 0) batches, and goes on with n - 1, …, m.
    There a branch shares no letter with others, nor with the trunk, which goes on with m; but for the word of step 1.
    """
    asked, at = np.unique(steps, return_inverse=True)
    leaves = np.maximum(asked - width, 0)
    trunk = int(leaves.max())
    leaves[asked == 1] = min(trunk, 1)  # its one batch is the first of the trunk
    length = asked - leaves
    branch = np.repeat(np.arange(len(asked)), length)
    depth = _counted(length) + leaves[branch] + 1
    level = np.concatenate([np.arange(trunk + 1), depth])
    letter = np.concatenate([np.arange(-1, trunk), (asked + leaves)[branch] - depth])
    # in a level the trunk comes first, then the branches that have left it last, of these the shorter words
    age = np.concatenate([np.full(trunk + 1, -1), trunk - leaves[branch]])
    order = np.lexsort((np.concatenate([np.zeros(trunk + 1, dtype=np.int64), branch]), age, level))
    node = np.empty_like(order)
    node[order] = np.arange(len(order))
    own = node[trunk + 1 :]
    before = np.where(depth == leaves[branch] + 1, node[leaves[branch]], np.roll(own, 1))
    parent = np.concatenate([node[np.maximum(np.arange(trunk + 1) - 1, 0)], before])[order]
    bounds = np.searchsorted(level[order], np.arange(1, int(level.max()) + 2))
    end = np.append(own, 0)[np.cumsum(length) - 1]
    return Trie(parent, letter[order], bounds, np.where(length > 0, end, node[leaves])[at])


def _counted(lengths: Integers) -> Integers:
    """0, 1, …, length - 1 for each of the lengths, one after the other."""
    counted: Integers = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return counted
