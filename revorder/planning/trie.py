"""The trie of a set of words (Fredkin 1960): every distinct non-empty prefix is one node, so it is computed once.

Built level by level with whole-array operations, since a run can have millions of prefixes. Needs numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from revorder.once import cached_property

Integers = npt.NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Trie:
    """Node 0 is the root (the empty word, the start state); the others are numbered level by level.

    Attributes:
        parent: (nodes,) the node whose word is one letter shorter; the root is its own parent.
        letter: (nodes,) the last letter of the node's word; -1 at the root.
        level: (depth + 1,) the first node of every level, and at the end the number of nodes.
        end: (words,) the node of every word that was put in.
    """

    parent: Integers
    letter: Integers
    level: Integers
    end: Integers

    @property
    def size(self) -> int:
        """The number of distinct non-empty prefixes."""
        return len(self.parent) - 1

    @property
    def is_chain(self) -> bool:
        """Whether every word is a prefix of the longest one."""
        return len(self.level) == len(self.parent)

    @cached_property
    def first_child(self) -> Integers:
        """(nodes + 1,) the children of node i are the nodes first_child[i] to first_child[i + 1] - 1.

        Parents are non-decreasing along the nodes, because levels are sorted by (parent, letter).
        """
        return np.searchsorted(self.parent[1:], np.arange(len(self.parent) + 1)) + 1

    @cached_property
    def n_children(self) -> Integers:
        """(nodes,) how many letters follow each node's word."""
        return np.diff(self.first_child)

    def children(self, nodes: Integers) -> Integers:
        """All children of `nodes`, as one array."""
        count = self.n_children[nodes]
        if (count == 1).all():
            return self.first_child[nodes]
        start = np.cumsum(count) - count
        return np.repeat(self.first_child[nodes] - start, count) + np.arange(count.sum())

    def reached(self, nodes: Integers) -> tuple[Integers, Integers]:
        """The rows of the words that end at some nodes, node by node, and the nodes where they end."""
        first, by_end = self._ends
        here = nodes[first[nodes + 1] > first[nodes]]
        count = first[here + 1] - first[here]
        start = np.cumsum(count) - count
        return by_end[np.repeat(first[here] - start, count) + np.arange(count.sum())], np.repeat(here, count)

    @cached_property
    def _ends(self) -> tuple[Integers, Integers]:
        """Words sorted by their end: those of node i are by_end[first[i]] to by_end[first[i + 1] - 1]."""
        by_end = np.argsort(self.end, kind="stable")
        return np.searchsorted(self.end[by_end], np.arange(len(self.parent) + 1)), by_end

    @cached_property
    def rows_at(self) -> dict[int, list[int]]:
        """Node -> the rows of the words (their positions among those put in) that end there."""
        rows: dict[int, list[int]] = {}
        for row, node in enumerate(self.end.tolist()):
            rows.setdefault(node, []).append(row)
        return rows

    @cached_property
    def height(self) -> Integers:
        """(nodes,) how many nodes the longest downward path has, the node itself included."""
        height = np.ones(len(self.parent), dtype=np.int64)
        for first, last in self._levels_upward():
            np.maximum.at(height, self.parent[first:last], height[first:last] + 1)
        return height

    @cached_property
    def weight(self) -> Integers:
        """(nodes,) how many nodes there are from each node downward, the node itself included."""
        weight = np.ones(len(self.parent), dtype=np.int64)
        for first, last in self._levels_upward():
            np.add.at(weight, self.parent[first:last], weight[first:last])
        return weight

    @cached_property
    def preorder(self) -> Integers:
        """(nodes,) the rank of every node in a depth-first walk: words with long common prefixes are neighbours."""
        before = np.concatenate([[0], np.cumsum(self.weight[1:])])[:-1]  # weight of the nodes 1 … i-1, by node i - 1
        rank = np.zeros(len(self.parent), dtype=np.int64)
        for first, last in zip(self.level[:-1], self.level[1:], strict=True):
            parent = self.parent[first:last]
            eldest = self.first_child[parent]
            rank[first:last] = rank[parent] + 1 + before[first - 1 : last - 1] - before[eldest - 1]
        return rank

    def _levels_upward(self) -> list[tuple[int, int]]:
        return list(zip(self.level[:-1], self.level[1:], strict=True))[::-1]


def chain(letters: Integers, end: Integers) -> Trie:
    """The trie of one word and some of its prefixes, given by their lengths `end`."""
    nodes = np.arange(len(letters) + 2)
    return Trie(np.maximum(nodes[:-1] - 1, 0), np.concatenate([[-1], letters]), nodes[1:], end)


def build(words: list[Integers], n_letters: int) -> Trie:
    """Merge words (integer arrays with letters in [0, n_letters)) into their trie.

    At every depth, the words that are long enough are grouped by (node reached so far, next letter).
    """
    lengths = np.array([len(word) for word in words])
    longest_first = np.argsort(-lengths, kind="stable")
    flat = np.concatenate([words[i] for i in longest_first])
    offset = np.concatenate([[0], np.cumsum(lengths[longest_first])[:-1]])
    alive = len(words) - np.searchsorted(np.sort(lengths), np.arange(lengths.max()), side="right")

    node = np.zeros(len(words), dtype=np.int64)
    parents, letters, level = [np.array([0])], [np.array([-1])], [1]
    for depth, count in enumerate(alive):
        pair = node[:count] * n_letters + flat[offset[:count] + depth]
        if (pair == pair[0]).all():  # the words are still one word: nothing to sort
            distinct, member = pair[:1], np.zeros_like(pair)
        else:
            distinct, member = np.unique(pair, return_inverse=True)
        node[:count] = level[-1] + member
        parents.append(distinct // n_letters)
        letters.append(distinct % n_letters)
        level.append(level[-1] + len(distinct))

    end = np.empty_like(node)
    end[longest_first] = node
    return Trie(np.concatenate(parents), np.concatenate(letters), np.array(level), end)
