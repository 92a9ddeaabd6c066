"""One span on some lanes of a stack, by a kernel that takes many batches at once; for all seeds in turn."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.audit import Disagreement
from revorder.engines.memory import ran_out
from revorder.pytrees import Tree


def lanes_of(leaf: torch.Tensor, count: int, seeds: int | None) -> torch.Tensor:
    """Copies of a leaf of one state; what is of one seed lies side by side, since seeds take turns."""
    if seeds is None:
        return leaf.new_empty((count, *leaf.shape)).copy_(leaf)
    return leaf[:, None].repeat(1, count, *[1] * (leaf.ndim - 1)).transpose(0, 1)


class SpanKernel(Protocol):
    """Advances states under several batches, newest state last.

    Attributes:
        name: what a trajectory says of it; empty for what goes without saying.
    """

    name: str

    def advance(self, leaves: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor, begins: Any) -> None:
        """In place: state s (of the leading axis of all leaves) under the batches begins[s] to the last."""


class SpanStep:
    """Advances lanes (the leaves of some neighbouring slots, as views) under the batches of a span.

    Attributes:
        letters: of the ticks.
        begins: (lanes,) the tick at which each of them starts to advance, ascending.
        inputs, targets: (ticks, [seeds,] batch, ...) the batches.
        seeds: how many runs a state consists of; None if it is one.
    """

    def __init__(self, letters: list[int], begins: list[int], lanes: list[torch.Tensor], structure: Any,
                 stacked: tuple[torch.Tensor, torch.Tensor], seeds: int | None):  # fmt: skip
        self.letters, self.begins, self.lanes, self.structure = letters, begins, lanes, structure
        self.inputs, self.targets, self.seeds = *stacked, seeds

    def run(self, kernel: SpanKernel) -> None:
        """In place."""
        self._advance(kernel, self.lanes, self.begins, 0)

    def _advance(self, kernel: SpanKernel, lanes: list[torch.Tensor], begins: list[int], since: int) -> None:
        inputs, targets, when = self.inputs[since:], self.targets[since:], np.array(begins)
        try:
            with torch.inference_mode():
                if self.seeds is None:
                    kernel.advance(lanes, inputs, targets, when)
                for seed in range(self.seeds or 0):
                    kernel.advance([lane[:, seed] for lane in lanes], inputs[:, seed], targets[:, seed], when)
        except (RuntimeError, IndexError, ValueError) as error:
            if ran_out(error):
                raise
            raise Disagreement(f"a step for many batches failed ({str(error).splitlines()[0]})") from error

    def state(self, lane: int) -> Tree:
        """A copy of the state in a lane."""
        return pytree.tree_unflatten([own[lane].clone() for own in self.lanes], self.structure)

    def letters_of(self, lane: int) -> tuple[int, ...]:
        """What the state in a lane is advanced by."""
        return tuple(self.letters[self.begins[lane] :])

    def again(self, kernel: SpanKernel, lane: int, state: Tree) -> Tree:
        """What becomes of another state in the place of one."""
        leaves = [lanes_of(leaf, 2, self.seeds) for leaf in pytree.tree_leaves(state)]
        self._advance(kernel, leaves, [0, 0], self.begins[lane])
        return pytree.tree_unflatten([leaf[0] for leaf in leaves], self.structure)
