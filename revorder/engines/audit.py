"""The audit of a run: single steps that an engine made, held to the plain step from the same state.

Replay is the specification: T_i on one state, by the update itself. Whatever is faster, and whatever an update might
remember between its calls, must agree with it on states that the run really reaches. Looked at are the first step,
every new kernel, new layouts of batches, and steps along the whole run, drawn from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.blame import named, seen
from revorder.engines.gaps import difference, nearby, same_bits
from revorder.engines.memory import ran_out
from revorder.engines.purity import Untouched, equal, fresh, remembered
from revorder.engines.tally import Tally
from revorder.pytrees import Tree

EVERY_CALL, EVERY_STEP = 400, 800  # batched calls, or single steps, for each that is looked at: about 1 % of the time
TRIES = 3  # states nearby, before a difference counts as one

COPIED = (
    "update: a run compares its steps with those of a copy; what an update holds and cannot be copied, such as an open "
    "file, may be shared: give its class a __deepcopy__(self, memo) that returns self"
)

Letters = int | tuple[int, ...]  # that of one step; or those of several, first applied first, with a list of batches
Apply = Callable[[Any, Any, Tree, Tree], Tree]  # (update, letters, state, batch) -> state


def _steps(letters: Letters) -> int:
    return len(letters) if isinstance(letters, tuple) else 1


class Disagreement(Exception):
    """A step of an engine is not the plain step; the run is to be made anew, with fewer shortcuts."""


class Audit(Tally):
    """Looks at some steps of one run.

    Attributes:
        rounding: of what steps are made of, relative, where it is coarser than that of the state; see `gaps`.
    """

    def __init__(self, update: Any, batches: Callable[[Any], Tree], apply: Apply, name: Callable[[Any], str]):
        super().__init__()
        self.update, self.batches, self.apply, self.name = update, batches, apply, name
        self.copy = fresh(update)  # with a life of its own, so that it remembers something else
        self.letters, self.remembers = [0], False
        self.due, self.calls, self.rounding = frozenset[int](), 0, 0.0

    def __getstate__(self) -> dict[str, Any]:
        """For a worker, where the update itself comes anew."""
        return {name: value for name, value in vars(self).items() if name != "copy"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.copy = fresh(self.update)

    def spread(self, calls: int, every: int, made: int = 0) -> None:
        """Choose which of an engine's calls are looked at: the last, and one of so many, from a fixed seed.

        A run that goes on looks at what it would have looked at without the stop, beyond the calls that were `made`.
        """
        chosen = np.random.default_rng(0).choice(calls, calls // every, replace=False).tolist()
        self.due, self.calls = frozenset([*chosen, calls - 1]), made

    def is_due(self) -> bool:
        """Whether the next call is one to look at; counts calls."""
        self.calls += 1
        return self.calls - 1 in self.due

    def lane(self, lanes: int) -> int:
        """Which of some states is looked at: not the first one if there are more, which may be the start itself.

        At the start a step may come out right that is wrong elsewhere: what it should take from the state, it has.
        """
        return 1 + self.calls % (lanes - 1) if lanes > 1 else 0

    def check(
        self,
        letter: Letters,
        batch: Tree,
        before: Tree,
        after: Tree,
        again: Callable[[Tree], Tree] | None = None,
        first: bool = False,
    ) -> None:
        """Look at one step: `after` is what the run made of `before`; `again` does the same to another state.

        Without `again`, the run made the plain step itself. It is compared with that of a copy of the update, which has
        seen hardly anything of the run; at the first step, where the update has not either, it sees another batch.

        Raises:
            ValueError: the update remembers something, draws at random, or changes its input; or a batch changes.
            Disagreement: the update is a map, but this engine's step is not its step.
        """
        if any(isinstance(leaf, torch.Tensor) and leaf.is_meta for leaf in pytree.tree_leaves(before)):
            return
        if not equal(batch, self.batches(letter)):
            raise ValueError(f"batches: {self.name(letter)} is not the same when it is asked for again; prepare "
                             "batches once, or let ro.augmented draw what is random in them")  # fmt: skip
        inputs, kept = Untouched(before, batch, values=True), remembered(self.copy) if first else []
        if first:
            self._distract(letter, before)
        plain = self._plain(self.copy, letter, before, batch)
        self.remembers = self.remembers or (first and remembered(self.copy) != kept)
        inputs.check()
        if again is None:
            self._same_map(plain, after, before, letter)
        elif not self._agrees(before, after, plain, letter):
            self._same_map(plain, self._plain(self.update, letter, before, batch), before, letter)
            self._try_nearby(letter, batch, before, after, again)

    def holds(self, letter: Letters, batch: Tree, before: Tree, after: Tree, again: Callable[[Tree], Tree]) -> bool:
        """Whether a shortcut made the plain step; the short form of `check`, for one that is new."""
        try:
            plain = self._plain(self.update, letter, before, batch)
            if not self._agrees(before, after, plain, letter):
                self._try_nearby(letter, batch, before, after, again)
        except Disagreement as error:
            if ran_out(error):
                raise
            return False
        return True

    def _plain(self, update: Any, letter: Letters, state: Tree, batch: Tree) -> Tree:
        """The plain step; its errors say that, since the run itself may have made the step well."""
        try:
            return self.apply(update, letter, state, batch)
        except Exception as error:
            copied = update is self.copy and self.copy is not self.update
            whose = "that of a copy of it" if copied else "the plain one"
            doing = f"on {self.name(letter)}, when a step was compared with {whose}"
            details = [seen(state, batch), *[COPIED] * (copied and not ran_out(error))]
            raise named(error, "update", doing, details) from error

    def _agrees(self, before: Tree, after: Tree, plain: Tree, letter: Letters) -> bool:
        gap, allowed = difference(before, after, plain, self.rounding)
        if gap <= allowed:
            self.add(_steps(letter), gap)
        return gap <= allowed

    def _try_nearby(
        self, letter: Letters, batch: Tree, before: Tree, after: Tree, again: Callable[[Tree], Tree]
    ) -> None:
        """At a kink (a ReLU at 0) both may be right; but then not at states nearby."""
        random = torch.Generator().manual_seed(0)
        states = [nearby(before, random) for _ in range(TRIES)]
        right = sum(
            self._agrees(near, again(near), self._plain(self.update, letter, near, batch), letter) for near in states
        )
        if right < TRIES - 1:
            plain = self._plain(self.update, letter, before, batch)
            gap = difference(before, after, plain)[0]
            raise Disagreement(f"on {self.name(letter)} the step was off by {gap:.1g} of the plain step")

    def _distract(self, letter: Letters, state: Tree) -> None:
        """Show the copy another batch, so that it may remember something."""
        other = next((other for other in reversed(self.letters) if other != letter), letter)
        with suppress(Exception):  # it is reported where the run needs that batch
            self.apply(self.copy, other, state, self.batches(other))

    def _same_map(self, plain: Tree, repeated: Tree, before: Tree, letter: Letters) -> None:
        if same_bits(plain, repeated):
            self.add(_steps(letter), 0.0)
            return
        gap, allowed = difference(before, repeated, plain, self.rounding)
        self.add(_steps(letter), gap)
        if gap > allowed:
            raise ValueError(
                f"update: it is not a function of state, batch and key: on {self.name(letter)} its step came out "
                f"{gap:.2g} of its size apart, after another batch; it remembers something between calls, or draws at "
                "random: keep all memory in the state, and draw from a generator made of the key"
            )
        if not equal(plain, repeated):
            self.inexact = True
