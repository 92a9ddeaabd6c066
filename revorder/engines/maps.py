"""The frozen maps T_i: an update with its batches and keys, called with checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.audit import Audit, Letters
from revorder.engines.blame import data_hint, named, seen
from revorder.engines.drawing import Drawn, Lookout
from revorder.engines.memory import ran_out
from revorder.engines.purity import Untouched
from revorder.errors import NotBatchableError
from revorder.planning.plan import Plan
from revorder.planning.words import Label
from revorder.pytrees import Gathering, Tree, clone, describe, detach, layout, named_leaves, picked, row
from revorder.updates.keys import takes_key


def _kind(leaf: Any) -> str:
    return f"{leaf.shape} {leaf.dtype}" if isinstance(leaf, torch.Tensor) else repr(leaf)


def _plain(key: Any) -> Label:
    """A key as a number or text of Python, whose draws do not depend on where it came from."""
    found: Label = key.item() if isinstance(key, np.generic) else key
    return found


class Maps:
    """`maps(letter, state)` applies T to one state, `maps.batched(letter, states)` to a stack of states.

    Both check that the update keeps the state's layout and leaves its inputs alone; `audit` looks at more, now and
    then.

    Attributes:
        audit: of the steps of this run.
        plain: whether traced and hand-written steps are to be left out.
        draws: watches for draws from the process's generators.
        of_one_seed: the update of one state, where a state of the run is those of many seeds.
        blocks: how many states advance in one call, once that is found (see `revorder.engines.widths`).
    """

    def __init__(self, update: Callable[..., Tree], batches: Any, plan: Plan, labels: Sequence[Label] | None):
        self.update = update
        self.batches = batches
        self.numbers = plan.numbers.tolist()
        self.keys = [_plain(key) for key in (self.numbers if labels is None else (labels[i] for i in self.numbers))]
        self.labels = labels
        self.takes_key = takes_key(update)
        self.notes: list[str] = []
        self.replay_only = getattr(update, "replay_only", False)
        self.of_one_seed = getattr(update, "of_one_seed", None)
        self.plain, self.draws = False, Lookout()
        self.run: Plan | None = None  # these two are known where it is carried out
        self.kind: Any = None
        self.blocks: Any = None
        self.audit = Audit(update, self.asked, self.plain_step, self.name)

    @property
    def may_trace(self) -> bool:
        """Whether a trace may stand for the update: not for a random one, which without a key an update cannot be.

        Updates of this package say whether they use theirs. Nor for one that keeps something between its calls, if only
        to count them: the trace would not.
        """
        return not (self.plain or self.audit.remembers) and bool(getattr(self.update, "keyless", not self.takes_key))

    def step(self, letter: int, state: Tree) -> Tree:
        """T on one state, looked at more closely now and then."""
        after = self(letter, state)
        if self.audit.is_due():
            self.audit.check(letter, self.batch(letter), state, after)
        return after

    def __call__(self, letter: int, state: Tree) -> Tree:
        batch = self.batch(letter)
        inputs = Untouched(state, batch)
        after = self.blamed(letter, state, batch, lambda: self.apply(letter, state, batch))
        inputs.check()
        if not self.replay_only and layout(after) != (self.kind or layout(state)):
            raise self._changed(letter, state, after, batch)
        return after

    def batch(self, letter: int) -> Tree:
        """The batch that a letter stands for."""
        try:
            return self.batches[self.numbers[letter]]
        except Exception as error:
            raise named(error, "batches", f"when {self.name(letter)} was asked for") from error

    def gathered(self, letters: Sequence[int]) -> Tree | None:
        """The batches of some letters along a new leading axis, by one gather; None where there is none."""
        kind, numbers = type(self.batches), np.array([self.numbers[letter] for letter in letters])
        if kind is torch.Tensor and self.batches.layout is torch.strided:
            return picked(self.batches, torch.from_numpy(numbers).to(self.batches.device))
        own = issubclass(kind, Gathering) and "gather" in vars(kind)  # one's own class may have other batches
        return self.batches.gather(numbers) if own else None

    def all_examples(self, suit: Callable[[Tree], bool]) -> bool:
        """Whether all examples suit, and so every batch does; False unless batches are rows of them, and no more."""
        whole = getattr(self.batches, "prepare", self) is None and self.gathered([0]) is not None
        return whole and suit(self.batches.data)

    def asked(self, letters: Letters) -> Tree:
        """The batch of a letter; a list of those of several."""
        return [self.batch(letter) for letter in letters] if isinstance(letters, tuple) else self.batch(letters)

    def name(self, letters: Letters) -> str:
        """The batch that a letter stands for, in words; the last of several."""
        return f"batch {self.numbers[letters[-1] if isinstance(letters, tuple) else letters]}"

    def batched(self, letter: int, states: Tree, batch: Tree) -> Tree:
        """T on every state of a stack, checked."""
        inputs = Untouched(states, batch)
        try:
            after = self.draws.call(self.name(letter), lambda: self.stacked(letter, states, batch))
            if layout(after) != layout(states):
                raise ValueError(f"it turned the stack {describe(states)} into {describe(after)}")
        except Drawn:
            raise
        except Exception as error:
            self(letter, clone(row(states, 0)))  # one state alone: raises if the update itself is at fault
            if ran_out(error):
                raise MemoryError(
                    "update: it runs on one state, but memory is too small for a stack of "
                    f"{len(pytree.tree_leaves(states)[0])} states ({error}); use engine='replay', or "
                    "ro.Wavefront(max_states=...)"
                ) from error
            raise NotBatchableError(
                f"update: it runs on one state but not on a stack of states under torch.vmap ({error}); "
                "use engine='replay', or write it with torch operations only"
            ) from error
        inputs.check()
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
        return self._call(self.update, letter, state, batch)

    def plain_step(self, update: Callable[..., Tree], letters: Letters, state: Tree, batch: Tree) -> Tree:
        """T by a copy of the update, as an audit wants it: step by step, if the update is itself a shortcut.

        For several letters, the first applied first, `batch` is the list of their batches.
        """
        plain = getattr(update, "plain_step", update)
        for letter, one in zip(letters, batch, strict=True) if isinstance(letters, tuple) else [(letters, batch)]:
            state = self._call(plain, letter, state, one)
        return state

    def _call(self, update: Callable[..., Tree], letter: int, state: Tree, batch: Tree) -> Tree:
        if self.takes_key:
            return update(state, batch, key=self.keys[letter])
        return update(state, batch)

    def blamed(self, letter: int, state: Tree, batch: Tree, call: Callable[[], Any]) -> Any:
        """What a call returns; its errors say what was being computed."""
        try:
            return detach(self.draws.call(self.name(letter), call))
        except Drawn:
            raise
        except Exception as error:
            details = [seen(state, batch), *data_hint(self.batches)]
            raise named(error, "update", f"on {self.name(letter)}{self._when(letter)}", details) from error

    def _when(self, letter: int) -> str:
        """The first checkpoint that needs a batch, in words."""
        if self.run is None:
            return ""
        words = zip(self.run.steps, self.run.words, strict=True)
        needed = [step for step, word in words if (self.run.letters[word] == letter).any()]
        return f" (first needed for step {min(needed)})" if needed else ""

    def _changed(self, letter: int, state: Tree, after: Tree, batch: Tree) -> ValueError:
        names = [sorted((name, _kind(leaf)) for name, leaf in named_leaves(tree)) for tree in (state, after)]
        if names[0] == names[1]:
            return ValueError(
                f"start: its keys stand in another order than in what the update returns ({describe(after)}); make the "
                "start by update.init, or put them in that order"
            )
        return ValueError(
            f"start, update: on {self.name(letter)} the update turned the state {describe(state)} into "
            f"{describe(after)}, but structure, shapes and dtypes must stay; "
            f"check the shapes and dtypes of start and of the batch ({describe(batch)})"
        )
