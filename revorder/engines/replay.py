"""The replay engine: one state at a time, any update. It is the specification that the other engines are held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from revorder.engines.audit import EVERY_STEP
from revorder.engines.maps import Maps
from revorder.engines.places import Keeper, Place, beside
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, stack


@dataclass(frozen=True)
class Replay:
    """Walks the trie of words depth-first: every distinct prefix is computed once, from its parent's state."""

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any], keeper: Keeper | None = None
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        trie, rows_at = plan.trie, plan.rows_at
        letter, first = trie.letter, trie.first_child
        made, pending = 0, [(child, start) for child in range(1, int(first[1]))]
        if keeper is not None and keeper.place is not None:
            pending = _pending(beside(keeper.place, start))
            waiting = np.array([node for node, _ in pending], dtype=np.int64)
            made = plan.cost - int(trie.weight[waiting].sum())
        maps.audit.spread(plan.cost, EVERY_STEP, made)
        while pending:
            node, state = pending.pop()
            state = maps.step(int(letter[node]), state)
            advanced(1)
            if node in rows_at:
                rows = np.array(rows_at[node])
                yield rows, stack([state] * len(rows))
            pending.extend((child, state) for child in range(int(first[node]), int(first[node + 1])))
            if keeper is not None:
                keeper.reached(lambda: _place(pending))


def _place(pending: list[tuple[int, Tree]]) -> Place:
    """Nodes that wait, and their parents' states: each state once, though many nodes may wait for it."""
    states = {id(state): state for _, state in pending}
    number = {key: i for i, key in enumerate(states)}
    waiting = [[node, number[id(state)]] for node, state in pending]
    return Place({"waiting": waiting}, list(states.values()))


def _pending(place: Place) -> list[tuple[int, Tree]]:
    return [(node, place.states[number]) for node, number in place.position["waiting"]]
