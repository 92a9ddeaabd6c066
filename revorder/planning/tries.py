"""The tries of a plan's words, and of its words read from their ends: a formula where there is one, else built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from revorder.errors import check_room
from revorder.orders import BackwardWindow, Forward
from revorder.planning.branches import of_windows
from revorder.planning.said import PER_LETTER
from revorder.planning.trie import Trie, build, chain

if TYPE_CHECKING:
    from revorder.planning.plan import Plan


def prefixes(plan: Plan) -> Trie:
    """The distinct prefixes, spelled in letters.

    Raises:
        MemoryError: they would not fit into the free memory.
    """
    nested = plan.nested
    if nested is not None and plan.cost == plan.launches:
        return chain(nested.letters, plan.lengths)
    if type(plan.order) is Forward:  # also where batches are the same
        return chain(plan.letters[: plan.lengths.max()], plan.lengths)
    if type(plan.order) is BackwardWindow and plan.all_differ:
        return of_windows(plan.steps, plan.order.width)
    return _built(plan, 1)


def suffixes(plan: Plan) -> Trie:
    """The distinct suffixes, spelled in letters from their ends. Raises as `prefixes` does."""
    if plan.nested is not None and plan.nested.is_backward:
        return chain(plan.letters[: plan.lengths.max()], plan.lengths)
    return _built(plan, -1)


def _built(plan: Plan, direction: int) -> Trie:
    letters = plan.naive_cost
    check_room("checkpoints", f"{letters:,} batch numbers in words", PER_LETTER * letters)
    return build([plan.letters[word[::direction]] for word in plan.words], int(plan.letters.max()) + 1)
