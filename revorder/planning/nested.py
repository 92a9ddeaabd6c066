"""Plans in closed form: for most orders of this package the schedule of ticks is a formula, and no trie is needed.

Their words nest: the longest leads through all ticks, and every shorter one joins it where it begins to agree with what
the longest still has to do. That is so for words made of blocks (see `revorder.planning.words`) and for two-sided ones.
What is found is what `revorder.planning.schedule` finds, tick by tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from revorder.once import cached_property
from revorder.orders import Order, TwoSided
from revorder.planning.lazy import Lazy
from revorder.planning.schedule import Tick, ticks
from revorder.planning.trie import Integers, build
from revorder.planning.words import edges_of, reversed_inside, spell

NONE = np.array([], dtype=np.int64)


def nested(order: Order, steps: tuple[int, ...]) -> Nested | None:
    """The work of an order without labels in closed form; None if there is no such form."""
    if not steps:
        return None
    if type(order) is TwoSided:
        return _two_sided(order, steps)
    edges = edges_of(order, max(steps))
    return None if edges is None else _of_blocks(order, steps, edges)


@dataclass(frozen=True, eq=False)
class Nested:
    """The work of words that nest. In a *section* of ticks states join that all begin at one state, the longest first.

    Attributes:
        order, steps: whose words.
        letters: (ticks,) the longest word.
        base: (ticks,) the slot of the state that the states of the tick's section begin at: 0 or 1.
        members: (ticks,) how many states join in the tick's section.
        widths: (ticks,) how many of them the tick advances: always the first ones.
        born: (ticks,) the slot of the state that is copied before the tick; -1 if none is.
        rows, ends: (checkpoints,) rows in the sequence in which they are reached, and their slots.
        bounds: (ticks + 1,) tick i reaches rows[bounds[i]:bounds[i + 1]].
        rank, leaf: (checkpoints,) as in `schedule.Work`.
    """

    order: Order
    steps: tuple[int, ...]
    letters: Integers
    base: Integers
    members: Integers
    widths: Integers
    born: Integers
    rows: Integers
    ends: Integers
    bounds: Integers
    rank: Integers
    leaf: np.ndarray

    @property
    def cost(self) -> int:
        return int(self.widths.sum())

    @property
    def peak_states(self) -> int:
        return int(self.members.max())

    @property
    def is_backward(self) -> bool:
        """Whether all words are reversed as a whole, so that each is a suffix of the longest."""
        return bool((np.diff(self.letters) == -1).all())

    @property
    def ticks(self) -> Lazy[Tick]:
        return Lazy(self._tick, range(len(self.letters)))

    def _tick(self, i: int) -> Tick:
        base, born = self.base.item(i), self.born.item(i)
        numbers, here = self._numbers[0], slice(self.bounds.item(i), self.bounds.item(i + 1))
        source, target = (numbers[base : base + 1], numbers[born : born + 1]) if born >= 0 else (NONE, NONE)
        slots = self._slots(base, self.members.item(i), self.widths.item(i))
        return Tick(self.letters.item(i), source, target, slots, self.rows[here], self.ends[here],
                    partial(self._nodes, i))  # fmt: skip

    def _slots(self, base: int, members: int, width: int) -> Integers:
        """The first one has the other one of the slots 0 and 1, the last one takes over its base."""
        if width < members:
            return self._numbers[base][1 : width + 1]
        return self._numbers[0][:members] if members > 1 else self._numbers[0][base : base + 1]

    @cached_property
    def _numbers(self) -> tuple[Integers, Integers]:
        """0, 1, 2, … and 0, 0, 2, …, of which slots are views."""
        numbers = np.arange(self.peak_states + 1)
        return numbers, np.where(numbers == 1, 0, numbers)

    def _nodes(self, i: int) -> Integers:
        return self._scheduled[i].nodes

    @cached_property
    def _scheduled(self) -> list[Tick]:
        return ticks(build([spell(self.order, n) for n in self.steps], len(self.letters)))[0]


def _of_blocks(order: Order, steps: tuple[int, ...], edges: Integers) -> Nested:
    """Every block is a section: of the words that end in it, and of the one that goes on."""
    asked, last = np.array(steps), max(steps)
    points = np.unique(np.concatenate([asked, edges[1:]]))
    section: Integers = np.searchsorted(edges, points) - 1
    members = np.bincount(section)
    final = np.cumsum(members)
    later = final[section] - 1 - np.arange(len(points))  # longer ones in its section
    base = np.concatenate([[0], np.cumsum(members > 1)[:-1] % 2])
    slot = _slot_of(base[section], members[section], later)
    begins = edges[section] + edges[section + 1] - points
    forks = later < members[section] - 1
    length = np.diff(edges)
    at = np.searchsorted(points, asked)
    return Nested(
        order, steps, reversed_inside(edges), np.repeat(base, length), np.repeat(members, length),
        np.cumsum(np.bincount(begins, minlength=last)) - np.repeat(final - members, length),
        _put(last, begins[forks], slot[forks]),
        *_arrivals(last, edges[section + 1][at] - 1, slot[at]),
        np.cumsum(points - edges[section])[at], (later[at] > 0) | (asked == last),
    )  # fmt: skip


def _two_sided(order: Order, steps: tuple[int, ...]) -> Nested:
    """One section: words with equally many odd batches are prefixes of the longest of these."""
    asked = np.array(steps)
    last = max(steps)
    odd, at = np.unique(asked // 2, return_inverse=True)
    longest = np.zeros_like(odd)
    np.maximum.at(longest, at, asked)
    later = len(odd) - 1 - np.arange(len(odd))
    slot = _slot_of(np.zeros_like(odd), np.full_like(odd, len(odd)), later)
    turn = last // 2  # from here on even batches are appended
    joined, left = (np.bincount(when, minlength=last)[:last] for when in (turn - odd, turn + (longest + 1) // 2))
    forks = later < len(odd) - 1
    return Nested(
        order, steps, spell(order, last), np.zeros(last, dtype=np.int64), np.full(last, len(odd)),
        np.cumsum(joined - left), _put(last, (turn - odd)[forks], slot[forks]),
        *_arrivals(last, turn + (asked + 1) // 2 - 1, slot[at]),
        (np.cumsum(longest) - longest)[at] + asked, longest[at] == asked,
    )  # fmt: skip


def _slot_of(base: Integers, members: Integers, later: Integers) -> Integers:
    """The slot of a state that joins after `later` others of its section."""
    return np.where(later == members - 1, base, np.where(later == 0, 1 - base, later + 1))


def _put(count: int, where: Integers, what: Integers) -> Integers:
    put = np.full(count, -1)
    put[where] = what
    return put


def _arrivals(count: int, tick: Integers, slot: Integers) -> tuple[Integers, Integers, Integers]:
    """Rows in the sequence in which they are reached, their slots, and where those of each tick begin."""
    rows = np.lexsort((slot, tick))
    return rows, slot[rows], np.searchsorted(tick[rows], np.arange(count + 1))
