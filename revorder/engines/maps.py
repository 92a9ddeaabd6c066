"""The frozen maps T_i: an update with its batches and keys, called with checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.errors import NotBatchableError
from revorder.planning.plan import Label, Plan
from revorder.pytrees import Tree, clone, describe, detach, layout, named_leaves, row
from revorder.updates.keys import takes_key


class Maps:
    """`maps(letter, state)` applies T to one state, `maps.batched(letter, states)` to a stack of states.

    Both check that the update keeps the state's layout, and the first call of each that it leaves its inputs alone.
    """

    def __init__(self, update: Callable[..., Tree], batches: Any, plan: Plan, labels: Sequence[Label] | None):
        self.update = update
        self.batches = batches
        self.numbers = plan.numbers.tolist()
        self.keys = self.numbers if labels is None else [labels[number] for number in self.numbers]
        self.takes_key = takes_key(update)
        # without a key an update cannot be random; those of this package say whether they use theirs
        self.may_trace = getattr(update, "keyless", not self.takes_key)
        self.notes: list[str] = []
        self.replay_only = getattr(update, "replay_only", False)
        self.unchecked = {"one", "many"}

    def __call__(self, letter: int, state: Tree) -> Tree:
        batch = self.batch(letter)
        before = self._remember("one", state, batch)
        try:
            after = detach(self.apply(letter, state, batch))
        except (RuntimeError, IndexError, TypeError) as error:
            raise self._blame(error, letter, state, batch) from error
        self._check_inputs(before, state, batch)
        self._check_layout(letter, state, after, batch)
        return after

    def batch(self, letter: int) -> Tree:
        """The batch that a letter stands for."""
        return self.batches[self.numbers[letter]]

    def batched(self, letter: int, states: Tree, batch: Tree) -> Tree:
        """T on every state of a stack, checked."""
        before = self._remember("many", states, batch)
        try:
            after = self.stacked(letter, states, batch)
            if layout(after) != layout(states):
                raise ValueError(f"it turned the stack {describe(states)} into {describe(after)}")
        except Exception as error:
            self(letter, clone(row(states, 0)))  # one state alone: raises if the update itself is at fault
            raise NotBatchableError(
                f"update: it runs on one state but not on a stack of states under torch.vmap ({error}); "
                "use engine='replay', or write it with torch operations only"
            ) from error
        self._check_inputs(before, states, batch)
        return after

    def stacked(self, letter: int, states: Tree, batch: Tree) -> Tree:
        """T on every state of a stack, without checks."""
        return detach(torch.vmap(lambda state: self.apply(letter, state, batch), randomness="same")(states))

    def note(self, text: str) -> None:
        """Remember something about the run that its trajectory should say, once."""
        if text not in self.notes:
            self.notes.append(text)

    def apply(self, letter: int, state: Tree, batch: Tree) -> Tree:
        """T without checks, for engines that transform it."""
        if self.takes_key:
            return self.update(state, batch, key=self.keys[letter])
        return self.update(state, batch)

    def _remember(self, kind: str, state: Tree, batch: Tree) -> tuple[Tree, Tree] | None:
        """Copies of the inputs, in the first call of each kind."""
        if kind not in self.unchecked:
            return None
        self.unchecked.remove(kind)
        return clone(state), clone(batch)

    def _check_inputs(self, before: tuple[Tree, Tree] | None, state: Tree, batch: Tree) -> None:
        for name, old, new in zip(("state", "batch"), before or (), (state, batch), strict=False):
            if not _same(old, new):
                raise ValueError(
                    f"update: it changed its input {name} in place; return new tensors, "
                    "as in `x = x - lr * g` rather than `x -= lr * g`"
                )

    def _check_layout(self, letter: int, state: Tree, after: Tree, batch: Tree) -> None:
        if not self.replay_only and layout(after) != layout(state):
            raise ValueError(
                f"start, update: on batch {self.numbers[letter]} the update turned the state {describe(state)} into "
                f"{describe(after)}, but structure, shapes and dtypes must stay; "
                f"check the shapes and dtypes of start and of the batch ({describe(batch)})"
            )

    def _blame(self, error: Exception, letter: int, state: Tree, batch: Tree) -> Exception:
        """The same error, with what was being computed."""
        kind = TypeError if isinstance(error, TypeError) else ValueError
        return kind(
            f"update: it failed on batch {self.numbers[letter]}: {error}\n"
            f"  start, batches: the state was {describe(state)}; the batch was {describe(batch)}; "
            "check that their shapes and dtypes fit the loss"
        )


def _same(old: Tree, new: Tree) -> bool:
    leaves = zip(named_leaves(old), pytree.tree_leaves(new), strict=True)
    return all(not isinstance(a, torch.Tensor) or a.is_meta or _equal(a, b) for (_, a), b in leaves)


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num())
