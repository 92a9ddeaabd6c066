"""What is tried before a run: its first step, closely, before anything is chosen or computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from revorder.engines.maps import Maps
from revorder.engines.purity import Untouched, equal
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, layout, named_leaves

EXAMINED = 5  # batches on which an update examines itself
LOOKED_AT = 64  # batches among which those are chosen, so that all kinds are there
LABELS = 8  # pairs of batches with equal labels that are compared
REPEATED = 50  # times that a step is made by an update that keeps something between its calls


def begin(maps: Maps, plan: Plan, start: Tree) -> None:
    """Try the first step, by the update and by a copy of it that sees another batch first.

    Raises:
        ValueError, TypeError: the update is no pure map, or does not fit state or batches; labels of unequal batches.
    """
    maps.run, maps.kind = plan, layout(start)
    word = plan.letters[plan.words[int(plan.lengths.argmax())]]
    letter = int(plan.letters[plan.words[0][0]])
    maps.audit.letters = np.unique(word).tolist()
    batch = maps.batch(letter)
    inputs, watch = Untouched(start, batch, values=True), maps.draws.watch()
    after = maps(letter, start)
    inputs.check()
    if moved := watch.moved():
        maps.draws.refuse(maps.name(letter), lambda: maps.apply(letter, start, batch), moved)
    maps.audit.check(letter, batch, start, after, first=True)
    for _ in range(REPEATED if maps.audit.remembers else 0):  # does it matter that it keeps something?
        maps.audit.check(letter, batch, start, after)
    _check_labels(maps, plan)
    if hasattr(maps.update, "examine"):
        maps.blamed(letter, start, batch, lambda: _examine(maps, start, word))


def _examine(maps: Maps, start: Tree, word: np.ndarray) -> None:
    """Let the update examine itself on some batches, of every kind that is seen among many."""
    update: Any = maps.update
    most = getattr(update, "examined", EXAMINED)
    some = np.random.default_rng(0).permutation(np.unique(word))[: LOOKED_AT if most > 1 else 1].tolist()
    kinds = {_kind(maps.batch(letter)): letter for letter in reversed(some)}
    chosen = [*kinds.values(), *(letter for letter in some if letter not in kinds.values())]
    chosen = chosen[:most]
    update.examine(start, [maps.batch(i) for i in chosen], [maps.keys[i] for i in chosen])


def _kind(batch: Tree) -> str:
    """What batches of one kind have in common: shapes, and what is no tensor."""
    leaves = named_leaves(batch)
    return repr([(name, tuple(leaf.shape) if isinstance(leaf, torch.Tensor) else leaf) for name, leaf in leaves])


def _check_labels(maps: Maps, plan: Plan) -> None:
    """Raise ValueError if batches that are said to be the same are not: one pair each of some labels."""
    if maps.labels is None:
        return
    first = np.array(maps.numbers)[plan.letters]
    again = np.flatnonzero(first != np.arange(len(first)))
    for number in again[:: max(1, len(again) // LABELS)].tolist():
        if not equal(maps.batches[number], maps.batches[int(first[number])]):
            raise ValueError(
                f"labels: batches {first[number]} and {number} have the label {maps.labels[number]!r}, but they are "
                "not the same; equal labels say that batches are equal, so that they share work"
            )
