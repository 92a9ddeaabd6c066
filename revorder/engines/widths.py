"""How many states advance in one batched call: where states are large and the run is long, a few widths are timed.

States in one call share what a call costs besides their own work, and fill a GPU. Beyond that, more of them only need
memory beside the stack; on a CPU, convolutions with weights of their own for each state even take longer together.
What is best depends on the device, so it is asked, while the run's stack of states is already in its memory. Small
states are not timed: as many go into one call as ever do. Nor are short runs, which are over before timing pays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch.utils import _pytree as pytree

from revorder.engines.maps import Maps
from revorder.engines.memory import MOST_LANES, hand_back, ran_out, states_that_fit, untimed_lanes
from revorder.engines.perceptrons import perceptron_of
from revorder.engines.stopwatch import seconds_of
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, copies

PAYS = 200  # evaluations of a run for each state of the widest call that is timed: timing takes a few percent of it
BESIDE = 4  # times the size of its states that a call needs beside the stack: copies, gradients, the next states
GAIN = 0.95  # of the time of a state: a wider call must take less to be worth its memory
WORSE = 1.25  # times the best: wider calls still are not looked at

Speed = Callable[[int], float | None]  # seconds of a call for so many states; None if memory or time are too short


@dataclass(frozen=True)
class Blocks:
    """How the states of a tick are cut into batched calls.

    Attributes:
        lanes: at most so many states advance in one call.
        lane: what a state more adds to the time of a call for one, as a share of it; None where nothing was timed.
        alone: seconds of one state by itself; None where nothing was timed.
        full: whether a wider call did not fit into memory.
    """

    lanes: int
    lane: float | None = None
    alone: float | None = None
    full: bool = False

    @classmethod
    def kept(cls, kept: list[Any] | None) -> Blocks | None:
        """What `to_keep` was, or None."""
        return None if kept is None else cls(*kept)

    @property
    def to_keep(self) -> list[Any]:
        """For a run that goes on with them, as JSON can hold it."""
        return [self.lanes, self.lane, self.alone, self.full]

    @property
    def one_by_one(self) -> bool:
        """Whether it was found that one state a call is best."""
        return self.lanes == 1 and self.alone is not None

    def said(self, walks: bool = False) -> str:
        """For a trajectory, what was found by timing; bits depend on it. Empty where nothing was timed."""
        if self.alone is None:
            return ""
        why = ": more were no faster" + ", or did not fit into memory" * self.full
        if self.lanes == 1:
            return "one state a call" + ", depth-first" * walks + why
        return f"up to {self.lanes} states a call" + (why if self.full else ", found by timing")

    def calls(self, widths: np.ndarray) -> int:
        """Batched calls of ticks that advance so many states."""
        return int((-(-widths // self.lanes)).sum())


def blocks_of(maps: Maps, start: Tree, plan: Plan) -> Blocks:
    """The blocks of a run; found when they are first asked for.

    Raises:
        NotBatchableError: the update does not run on a stack of states.
    """
    if maps.blocks is None:
        widths = candidates(maps, start, plan)
        maps.blocks = Blocks(untimed_lanes(start))
        if widths:
            maps.blocks = best(timer(maps, start, plan), widths, maps.blocks.lanes)
            hand_back(pytree.tree_leaves(start)[0].device)
    found: Blocks = maps.blocks
    return found


def candidates(maps: Maps, start: Tree, plan: Plan) -> list[int]:
    """The widths that are worth a look, ascending; none where nothing is to be timed."""
    leaves = pytree.tree_leaves(start)
    if untimed_lanes(start) == MOST_LANES or leaves[0].is_meta or maps.replay_only:
        return []
    if perceptron_of(maps.of_one_seed or maps.update) is not None:
        return []  # a hand-written step, whose blocks are to stay in the cache
    room = states_that_fit(start) or 1
    most = min(int(plan.widths.max()), MOST_LANES, plan.cost // PAYS, room // BESIDE)
    halves = [most >> halvings for halvings in range(most.bit_length() - 1)]
    return [1, *reversed(halves)] if halves else []


def best(speed: Speed, widths: Sequence[int], untimed: int) -> Blocks:
    """The width at which a state takes least time; of two that are about as good, the narrower one.

    Args:
        speed: seconds of a call for so many states.
        widths: ascending, from 1.
        untimed: the lanes if not even one state can be timed, since the run itself says best what is wrong.
    """
    alone = speed(1)
    if alone is None:
        return Blocks(untimed)
    found, each = Blocks(1, 1.0, alone), alone
    for width in widths[1:]:
        took = speed(width)
        if took is None:
            return replace(found, full=True)
        if took > WORSE * each * width:
            break
        if took < GAIN * each * width:
            found, each = Blocks(width, max(took / alone - 1, 0.0) / (width - 1), alone), took / width
    return found


def timer(maps: Maps, start: Tree, plan: Plan) -> Speed:
    """Times calls on copies of the start, beside a stack as large as that of the run."""
    letter = int(plan.letters[plan.words[0][0]])
    slots = min(plan.peak_states, states_that_fit(start) or plan.peak_states)

    def speed(width: int) -> float | None:
        try:
            batch = maps.batch(letter)
            stack = [leaf.new_empty((slots, *leaf.shape)) for leaf in pytree.tree_leaves(start)]
            if width == 1:
                return seconds_of(lambda: maps.apply(letter, start, batch), stack)
            states = copies(start, width)
            return seconds_of(lambda: maps.stacked(letter, states, batch), stack)
        except Exception as error:
            if width > 1 and not ran_out(error):
                maps.batched(letter, copies(start, width), batch)  # says what is wrong
                raise
            return None  # with one state, too, the run itself says so

    return speed
