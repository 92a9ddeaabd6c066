"""Whether an engine can go on from a place that was read from a file: a damaged one may say anything."""

from __future__ import annotations

from typing import Any

from torch.utils._pytree import tree_leaves

from revorder.engines.memory import MOST_LANES
from revorder.engines.places import Place
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, layout


def check_replay(place: Place, plan: Plan, start: Tree) -> None:
    """Raise unless the replay engine can go on from a place: nodes that wait, each for one of the states."""
    waiting, states = place.position["waiting"], place.states
    nodes = [node for node, _ in waiting]
    fits = _within(nodes, 1, plan.trie.size) and len(set(nodes)) == len(nodes)
    fits = fits and _within([number for _, number in waiting], 0, len(states) - 1)
    if not fits or any(layout(state) != layout(start) for state in states):
        raise ValueError("the replay engine cannot go on from it")


def check_wavefront(place: Place, plan: Plan, start: Tree) -> None:
    """Raise unless the wavefront engine can go on from a place: a tick of a sweep, and a state for every slot.

    Where it walks as replay does, its places are those of replay.
    """
    if "waiting" in place.position:
        check_replay(place, plan, start)
    else:
        _check_sweep(place, plan, start)


def _check_sweep(place: Place, plan: Plan, start: Tree) -> None:
    part, ticks, most = (place.position[name] for name in ("part", "ticks", "max_states"))
    if not _within([most], 1, 2**63):
        raise ValueError("it has no number of states")
    sweeps = [sweep for _, sweep in plan.split(most)]
    if not _within([part], 0, len(sweeps) - 1) or not _within([ticks], 1, sweeps[part].launches):
        raise ValueError("it has a tick that there is none of")
    if not _are_blocks(place.position.get("blocks")):
        raise ValueError("it has no number of states in one call")
    slots = [((sweeps[part].peak_states, *leaf.shape), leaf.dtype) for leaf in tree_leaves(start)]
    if [(tuple(leaf.shape), leaf.dtype) for leaf in place.states] != slots:
        raise ValueError("its states are not those of its slots")


def _are_blocks(kept: Any) -> bool:
    """Whether this is what `Blocks` keeps; None in a snapshot of an earlier version."""
    if kept is None:
        return True
    lanes, *seconds, full = kept
    known = all(each is None or (type(each) is float and 0 <= each < 1e9) for each in seconds)
    return len(kept) == 4 and _within([lanes], 1, MOST_LANES) and known and type(full) is bool


def _within(numbers: list[Any], least: int, most: int) -> bool:
    return all(type(number) is int and least <= number <= most for number in numbers)
