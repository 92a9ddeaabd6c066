"""Plans in closed form against the general trie and schedule, which they must equal tick by tick."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro
from revorder.orders import Backward
from revorder.planning.nested import Nested
from revorder.planning.plan import Plan
from revorder.planning.schedule import Scheduled
from revorder.planning.trie import build
from revorder.running import parallel

number = st.integers(1, 12)
closed = st.one_of(
    st.sampled_from([ro.Forward(), ro.Backward(), ro.TwoSided(), ro.BackwardWindow(1), ro.BackwardWindow(200)]),
    st.builds(ro.BackwardTail, st.integers(0, 12)),
    st.builds(ro.BackwardBlocks, number),
)
checkpoints = st.one_of(
    st.lists(st.integers(1, 8), min_size=1, max_size=12),
    st.lists(st.integers(1, 40), min_size=1, max_size=12),
    st.builds(lambda first, stride, count: list(range(first, first + stride * count, stride)), number, number, number),
)
FIELDS = ("letter", "source", "target", "slots", "rows", "ends", "nodes")


class Stranger(Backward):
    """Words as those of backward order, but of a class of its own, of which nothing is known."""

    def word(self, n):
        return tuple(reversed(range(n)))


def specification(order, steps):
    return Scheduled(build([np.array(order.word(n)) for n in steps], max(steps)))


def same_tries(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("parent", "letter", "level", "end")
    )


@given(st.integers(2, 45), checkpoints)
def test_the_trie_of_windows_is_the_general_one(width, steps):
    order = ro.BackwardWindow(width)
    plan, general = ro.plan(order, steps), build([np.array(order.word(n)) for n in steps], max(steps))
    assert same_tries(plan.trie, general)
    labelled = ro.plan(order, steps, labels=[i % 3 for i in range(max(steps))])
    assert same_tries(labelled.trie, build([np.array(order.word(n)) % 3 for n in steps], 3))


@given(closed, checkpoints)
def test_every_tick_is_that_of_the_general_schedule(order, steps):
    plan, general = ro.plan(order, steps), specification(order, steps)
    assert isinstance(plan._work, Nested)
    assert len(plan.ticks) == len(general.ticks)
    for own, right in zip(plan.ticks, general.ticks, strict=True):
        for name in FIELDS:
            assert np.array_equal(getattr(own, name), getattr(right, name)), name


@given(closed, checkpoints)
def test_prices_and_walks_are_those_of_the_trie(order, steps):
    plan, general = ro.plan(order, steps), specification(order, steps)
    assert (plan.cost, plan.launches, plan.peak_states) == (general.cost, len(general.ticks), general.peak_states)
    assert plan.naive_cost == sum(len(order.word(n)) for n in steps)
    assert plan.lengths.tolist() == [len(order.word(n)) for n in steps]
    for name in ("widths", "rank", "leaf"):
        assert np.array_equal(getattr(plan._work, name), getattr(general, name)), name


@given(closed, checkpoints)
def test_tries_that_are_chains_are_made_at_once(order, steps):
    plan = ro.plan(order, steps)
    assert same_tries(plan.trie, specification(order, steps).trie)
    suffixes = build([np.array(order.word(n)[::-1]) for n in steps], max(steps))
    assert same_tries(plan.suffixes, suffixes)
    assert plan.suffixes.is_chain == (suffixes.size == max(len(order.word(n)) for n in steps))


@given(st.one_of(closed, st.builds(ro.BackwardWindow, number), st.just(ro.Shuffled(3))), checkpoints)
def test_words_are_those_of_the_order(order, steps):
    words = ro.plan(order, steps).words
    assert [tuple(word) for word in words] == [order.word(n) for n in steps]
    assert all(word.dtype == np.int64 for word in words)
    assert [tuple(word) for word in words[1:3]] == [order.word(n) for n in steps[1:3]]
    assert tuple(words[-1]) == order.word(steps[-1])


@given(closed, checkpoints, st.data())
def test_parts_of_a_closed_form_are_closed_forms(order, steps, data):
    plan = ro.plan(order, steps)
    rows = np.array(data.draw(st.lists(st.integers(0, len(steps) - 1), min_size=1, max_size=6)))
    part, right = plan.only(rows), specification(order, [steps[row] for row in rows])
    assert isinstance(part._work, Nested)
    assert (part.cost, part.launches, part.peak_states) == (right.cost, len(right.ticks), right.peak_states)
    assert [tuple(word) for word in part.words] == [order.word(steps[row]) for row in rows]


@given(closed, checkpoints, st.integers(1, 5))
def test_plans_are_cut_where_the_general_ones_are(order, steps, count):
    plan = ro.plan(order, steps)
    general = Plan(order, plan.steps, tuple(plan.words), np.arange(max(steps)))
    vars(general)["_work"] = specification(order, steps)
    sweeps, right = plan.split(count), general.split(count)
    assert [rows.tolist() for rows, _ in sweeps] == [rows.tolist() for rows, _ in right]
    parts, right = parallel.split(plan, count), parallel.split(general, count)
    assert [(rows.tolist(), cost) for rows, cost in parts] == [(rows.tolist(), cost) for rows, cost in right]
    assert "trie" not in vars(plan)


def test_only_orders_that_are_known_have_a_closed_form():
    for order, labels in [(ro.BackwardWindow(2), None), (Stranger(), None), (ro.Shuffled(), None), ("backward", "aab")]:
        plan = ro.plan(order, [3, 2], labels)
        assert isinstance(plan._work, Scheduled), order
    assert isinstance(ro.plan("backward", [3, 2], "abc")._work, Nested)
    assert ro.plan(Stranger(), [5, 3]).cost == ro.plan("backward", [5, 3]).cost == 8


@pytest.mark.parametrize("order", ["backward", "forward", "two-sided", "shuffled:1", "backward-tail:2"])
def test_the_first_checkpoint_that_asks_too_much_is_named(order):
    with pytest.raises(ValueError, match=rf"step 6 of {order} asks for batch 5.*0 to 2, since there are 3"):
        ro.plan(order, [2, 6, 9, 4], labels=[0, 1, 2])


@pytest.mark.parametrize(
    ("order", "stride", "count", "price"),
    [
        ("backward", 1, 20_000, (200_010_000, 200_010_000, 20_000, 20_000)),
        ("forward", 30, 2_000, (60_000, 60_030_000, 60_000, 1)),
        ("backward-blocks:10", 1, 20_000, (20_000 // 10 * 55, 200_010_000, 20_000, 10)),
    ],
)
def test_long_plans_hold_little(order, stride, count, price):
    tracemalloc.start()
    plan = ro.plan(order, range(stride, stride * count + 1, stride))
    found = plan.cost, plan.naive_cost, plan.launches, plan.peak_states
    slots = sum(len(tick.slots) for tick in plan.ticks[:: len(plan.ticks) // 10])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found, slots > 0) == (price, True)
    assert held < 5e6
    assert f"cost {price[0]:,}" in repr(plan)
    assert "trie" not in vars(plan)


def test_ticks_and_words_can_be_sliced_and_sent():
    plan = ro.plan("backward", [4, 2, 9])
    letters = [tick.letter for tick in plan.ticks]
    assert letters == list(range(8, -1, -1))
    assert [tick.letter for tick in plan.ticks[-3:]] == letters[-3:]
    assert plan.ticks[-1].letter == 0
    with pytest.raises(IndexError):
        plan.ticks[9]
    again = pickle.loads(pickle.dumps(plan))
    assert [tuple(word) for word in again.words] == [tuple(word) for word in plan.words]
    assert [tick.slots.tolist() for tick in again.ticks] == [tick.slots.tolist() for tick in plan.ticks]
