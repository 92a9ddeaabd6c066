"""The plan against brute force: prefixes counted one by one, and ticks carried out on words instead of states."""

from __future__ import annotations

import numpy as np
import pytest
from family import ORDERS, beginnings, spelled
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro

checkpoints = st.lists(st.integers(1, 24), min_size=1, max_size=12)
labels = st.one_of(st.none(), st.lists(st.sampled_from([0, 1, 2, "x"]), min_size=24, max_size=24))


class Stutter:
    """A user's order: repeats, and a length that is not n."""

    def word(self, n):
        return (n - 1, 0, n - 1) * (1 + n % 2)

    def __str__(self):
        return "stutter"


FAMILY = [*ORDERS, Stutter()]


@pytest.mark.parametrize("order", FAMILY, ids=str)
@given(checkpoints, labels)
def test_cost_is_the_number_of_distinct_prefixes(order, checkpoints, labels):
    plan = ro.plan(order, checkpoints, labels)
    assert plan.cost == len(beginnings(spelled(order, checkpoints, labels)))
    assert plan.naive_cost == sum(len(order.word(n)) for n in checkpoints)


def carry_out(plan):
    """Run the ticks on words: a slot holds the word applied so far. Returns row -> word, and evaluations made."""
    slots, reached, evaluations = {0: ()}, {}, 0
    for tick in plan.ticks:
        for source, target in zip(tick.source, tick.target, strict=True):
            slots[target] = slots[source]
        for slot, node in zip(tick.slots, tick.nodes, strict=True):
            slots[slot] = (*slots[slot], tick.letter)
            evaluations += 1
            rows = plan.rows_at.get(node, [])
            assert tick.rows[tick.ends == slot].tolist() == rows
        for row, slot in zip(tick.rows.tolist(), tick.ends, strict=True):
            reached[row] = slots[slot]
    return reached, evaluations, max(slots) + 1


@pytest.mark.parametrize("order", FAMILY, ids=str)
@given(checkpoints, labels)
def test_ticks_compute_every_word(order, checkpoints, labels):
    plan = ro.plan(order, checkpoints, labels)
    reached, evaluations, slots = carry_out(plan)
    assert [reached[row] for row in range(len(checkpoints))] == [
        tuple(plan.letters[np.array(order.word(n))]) for n in checkpoints
    ]
    assert evaluations == plan.cost
    assert slots == plan.peak_states
    assert plan.launches == len(plan.ticks)


@pytest.mark.parametrize("order", [ro.Forward(), ro.Backward(), ro.TwoSided()], ids=str)
@given(checkpoints)
def test_launches_are_minimal(order, checkpoints):
    """Every batch up to the last checkpoint needs a call of its own, so there cannot be fewer."""
    assert ro.plan(order, checkpoints).launches == max(checkpoints)


@pytest.mark.parametrize("order", FAMILY, ids=str)
@given(checkpoints, labels, st.integers(1, 5))
def test_split_bounds_the_states_and_serves_every_row(order, checkpoints, labels, max_states):
    parts = ro.plan(order, checkpoints, labels).split(max_states)
    assert all(part.peak_states <= max_states for _, part in parts)
    assert sorted(row for rows, _ in parts for row in rows) == list(range(len(checkpoints)))
    assert all([checkpoints[row] for row in rows] == list(part.steps) for rows, part in parts)


def test_split_keeps_sharing_within_a_part():
    cyclic = ro.plan("backward", range(1, 41), [i % 4 for i in range(40)])
    parts = [part for _, part in cyclic.split(1)]
    assert len(parts) == 4  # one for each of the chains, which share nothing
    assert sum(part.cost for part in parts) == cyclic.cost
    backward = ro.plan("backward", range(1, 41))
    assert sum(part.cost for _, part in backward.split(7)) == backward.cost


@given(st.integers(1, 60), st.integers(1, 12))
def test_costs_of_cyclic_sequences(n, period):
    """A cyclic sequence of period K, every step a checkpoint, backward: KN - K(K-1)/2 (N >= K)."""
    n = max(n, period)
    cyclic = [i % period for i in range(n)]
    assert ro.plan("backward", range(1, n + 1), cyclic).cost == period * n - period * (period - 1) // 2


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6))
def test_strides_of_cyclic_sequences(period, stride, count):
    """Checkpoints of stride s fall into K/gcd(s, K) chains; a stride of K costs N."""
    n = stride * period * count
    plan = ro.plan("backward", range(stride, n + 1, stride), [i % period for i in range(n)])
    chains = period // np.gcd(stride, period)
    longest = [n - stride * i for i in range(chains)]
    assert plan.cost == sum(longest)
    assert plan.peak_states == chains


def test_known_costs():
    cyclic = ro.plan("backward", range(1, 101), [i % 10 for i in range(100)])
    assert (cyclic.cost, cyclic.naive_cost, cyclic.launches) == (955, 5050, 100)
    distinct = ro.plan("backward", range(1, 101))
    assert (distinct.cost, distinct.launches, distinct.peak_states) == (5050, 100, 100)
    window = ro.plan("backward-window:4", range(10, 101, 5))
    assert window.cost == (100 - 4) + 19 * 4
    forward = ro.plan("forward", range(1, 101))
    assert (forward.cost, forward.launches, forward.peak_states) == (100, 100, 1)


@pytest.mark.parametrize(
    ("order", "checkpoints", "labels", "error", "says"),
    [
        ("backward", [], None, ValueError, "checkpoints: got none"),
        ("backward", [3, 0], None, ValueError, "checkpoints: got 0"),
        ("backward", [-2], None, ValueError, "checkpoints: got -2"),
        ("backward", [2.0], None, TypeError, "checkpoints: got 2.0"),
        ("backward", [True], None, TypeError, "checkpoints: got True"),
        ("backward", 5, None, TypeError, "checkpoints: got 5"),
        ("backward", [4], [0, 1, 2], ValueError, "step 4 of backward asks for batch 3.*0 to 2"),
        ("backward", [2], [0, 1.5], TypeError, "labels: got 1.5"),
    ],
)
def test_bad_input(order, checkpoints, labels, error, says):
    with pytest.raises(error, match=says):
        ro.plan(order, checkpoints, labels)


@pytest.mark.parametrize(
    ("word", "error", "says"),
    [
        (lambda n: (), ValueError, "for step 2, but a word must have at least one batch"),
        (lambda n: (0, -1), ValueError, "step 2 of .* asks for batch -1"),
        (lambda n: (0, 1.0), TypeError, "batch numbers must be integers"),
        (lambda n: ((0,), (1,)), ValueError, "must have at least one batch"),
        (lambda n: None, ValueError, "at least one batch"),
    ],
)
def test_bad_words(word, error, says):
    order = type("Mine", (), {"word": staticmethod(word), "__str__": lambda self: "mine"})()
    with pytest.raises(error, match=says):
        ro.plan(order, [2])


def test_the_batch_with_the_most_work_to_come_goes_first():
    """Words 0 1 and 1: batch 0 first, though batch 1 is newer and as many wait for it; then one call serves both."""

    class Given:
        def word(self, n):
            return [(0, 1), (1,)][n - 1]

    assert [tick.letter for tick in ro.plan(Given(), [1, 2]).ticks] == [0, 1]


def test_no_states_at_all_are_too_few():
    with pytest.raises(ValueError, match="^max_states: got 0, but it must be"):
        ro.plan("backward", [2]).split(0)


def test_the_root_is_its_own_parent_and_has_no_letter():
    trie = ro.plan("backward", [1, 3]).trie
    assert (trie.parent[0], trie.letter[0]) == (0, -1)


def test_numbers_below_zero_are_no_batches():
    class Below:
        def word(self, n):
            return (-1,)

    with pytest.raises(ValueError, match=r"must be.* >= 0$"):
        ro.plan(Below(), [1])


def test_errors_call_an_order_without_a_text_by_its_class():
    class Mine:
        def word(self, n):
            return [0] * (n > 1)

    with pytest.raises(ValueError, match="order: Mine gave"):
        ro.plan(Mine(), [1])
