"""What is too large is refused before anything of it is made; what is large, and fits, takes O(N) memory."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
import torch

import revorder as ro

HUGE = (10**8, 10**9, 10**19, 10**30)
NAMED = [
    "forward", "backward", "two-sided", "shuffled", "backward-window:3", "backward-tail:2", "backward-blocks:4"
]  # fmt: skip
MOST = 64 * 2**20  # bytes


class Words:
    """An order of one's own, made of a function."""

    def __init__(self, word):
        self.word = word


def halfway(state, batch):
    return state - 0.5 * (state - batch)


def peak(call):
    """The most memory that Python and numpy held at once in a call, in bytes, and what it returned or raised."""
    tracemalloc.start()
    try:
        found = call()
    except (ValueError, MemoryError) as error:
        found = error
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most, found


def runs(order, checkpoints, steps=8, **options):
    batches = torch.zeros(steps, dtype=torch.float64)
    start = torch.zeros((), dtype=torch.float64)
    return ro.run(halfway, start, batches, order, checkpoints, progress=False, **options)


@pytest.mark.parametrize("order", NAMED)
@pytest.mark.parametrize("n", HUGE)
def test_steps_beyond_the_batches_are_refused_before_words_exist(order, n):
    most, error = peak(lambda: runs(order, [3, n]))
    assert most < MOST and isinstance(error, ValueError)
    assert f"step {n} of {ro.order(order)} asks for batch {n - 1}, but batch numbers must be 0 to 7" in str(error)


@pytest.mark.parametrize("order", NAMED)
@pytest.mark.parametrize("n", [10**12, 10**30])
def test_plans_beyond_the_memory_are_refused(order, n):
    most, error = peak(lambda: ro.plan(order, [n]))
    assert most < MOST and isinstance(error, MemoryError) and f"step {n:,} of {ro.order(order)}" in str(error)


@pytest.mark.parametrize("word", [range(10**9), range(10**30), range(0, 10**12, 7), [0] * 100_000 + [10**6]])
def test_huge_words_of_an_own_order_are_refused(word):
    most, error = peak(lambda: runs(Words(lambda n: word), [2]))
    assert most < MOST and isinstance(error, ValueError | MemoryError)
    assert "Words" in str(error)


@pytest.mark.parametrize("checkpoints", [range(1, 10**12), range(1, 10**30)])
def test_too_many_checkpoints_are_refused(checkpoints):
    most, error = peak(lambda: ro.plan("forward", checkpoints))
    assert most < MOST and isinstance(error, MemoryError) and "checkpoints: so many of them" in str(error)


def test_checkpoints_without_an_end_are_refused(monkeypatch):
    monkeypatch.setattr("revorder.planning.words.MOST_UNCOUNTED", 1000)
    with pytest.raises(ValueError, match="iterator of more than 1,000; give a list or a range"):
        ro.plan("forward", itertools.count(1))
    assert ro.plan("forward", iter([3, 2])).steps == (3, 2)


@pytest.mark.parametrize("order", ["shuffled", Words(lambda n: np.arange(n)), "backward"])
def test_many_words_are_counted_before_their_trie_is_built(order, monkeypatch):
    monkeypatch.setattr("revorder.planning.tries.PER_LETTER", 2**60)
    with pytest.raises(MemoryError, match="checkpoints: 55 batch numbers in words"):
        _ = ro.plan(order, range(1, 11), labels=[0, 1] * 5).trie


@pytest.mark.parametrize("name", ["iid", "reshuffle", "shuffle_once", "flipflop", "incremental"])
@pytest.mark.parametrize("sizes", [(100, 10, 10**15), (10**16, 10, 4), (10**10, 10**10, 1000)])
def test_batches_beyond_the_memory_are_refused(name, sizes):
    most, error = peak(lambda: getattr(ro.batches, name)(*sizes))
    assert most < MOST and isinstance(error, MemoryError) and "steps, batch_size: " in str(error)


def changing():
    rng = np.random.default_rng(0)
    return Words(lambda n: rng.permutation(n))


def one_array():
    """Gives the same array each time, with other numbers in it."""
    held = np.arange(8)

    def word(n):
        held[:n] = held[:n][::-1].copy()
        return held[:n]

    return Words(word)


def counting():
    calls = itertools.count()
    return Words(lambda n: [next(calls) % n] * n)


def used_up():
    letters = iter(range(100))
    return Words(lambda n: [next(letters) % 8 for _ in range(n)])


@pytest.mark.parametrize("make", [changing, one_array, counting, used_up])
def test_words_that_change_between_calls_are_refused(make):
    with pytest.raises(ValueError, match=r"order: Words gave \[.*for step 7, and then \[.*must always be the same"):
        runs(make(), [7, 5])


def test_an_order_that_keeps_to_its_words_is_not_refused():
    words = {n: np.random.default_rng(n).permutation(n) for n in range(1, 9)}
    found = runs(Words(words.__getitem__), range(1, 9))
    assert found.steps == list(range(1, 9))


@pytest.mark.parametrize("labels", [None, "cyclic"])
def test_forward_plans_of_every_step_take_memory_in_proportion(labels):
    def held(n):
        def look():
            plan = ro.plan("forward", range(1, n + 1), None if labels is None else [i % 7 for i in range(n)])
            return plan.cost, plan.launches, plan.peak_states, plan.trie.size, len(plan.used)

        most, found = peak(look)
        assert found == (n, n, 1, n, 7 if labels else n)
        return most

    assert held(3000) < 3 * held(1500) < 3 * MOST


@pytest.mark.parametrize("engine", ["auto", "replay", "wavefront"])
def test_forward_runs_of_every_step_take_memory_in_proportion(engine):
    runs("forward", range(1, 601), 600, engine=engine)  # imports what is needed
    short, long = (peak(lambda n=n: runs("forward", range(1, n + 1), n, engine=engine))[0] for n in (600, 1200))
    assert long < 3 * short and long < MOST


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_suffixes_are_counted_as_their_trie_has_them(order):
    plan = ro.plan(order, [7, 3, 3, 9])
    assert plan.n_suffixes == plan.suffixes.size
    assert plan.used.tolist() == list(range(9))


def test_the_letters_of_labelled_words():
    assert ro.plan("backward", [2, 3], labels=[5, 5, 4, 1]).used.tolist() == [0, 1]
    assert ro.plan(Words(lambda n: (0, 3)), [2, 3], labels=[5, 5, 4, 1]).used.tolist() == [0, 2]


class Changing:
    """The word of step 1 is (0,), and then another one."""

    def __init__(self, then):
        self.then, self.asked = then, 0

    def word(self, n):
        self.asked += 1
        return (0,) if self.asked == 1 else self.then()


@pytest.mark.parametrize("then", [
    lambda: range(10**9), lambda: range(10**30), lambda: iter(int, 1), lambda: range(1, 2), lambda: None,
    lambda: [[0], []], lambda: "0", lambda: (0, 0), lambda: (),
])  # fmt: skip
def test_a_word_that_becomes_another_one_is_read_no_further_than_that(then):
    most, error = peak(lambda: ro.plan(Changing(then), [1]))
    assert most < MOST and isinstance(error, ValueError) and "must always be the same" in str(error)


@pytest.mark.parametrize("batch", [10**7, 10**9, 10**15, 2**63 - 1, 2**64 - 1])
def test_batch_numbers_that_nobody_has(batch):
    most, error = peak(lambda: ro.plan(Words(lambda n: (batch,)), [1]))
    assert most < MOST and isinstance(error, ValueError)
    assert f"asks for batch {batch:,}, but a plan without labels takes batch numbers below" in str(error)


@pytest.mark.parametrize("word, kind", [
    ([[0, 1], [1]], TypeError), ([0.5] * 200_000, TypeError), (["x" * 10**6], TypeError), (None, ValueError),
    ([[0] * 1000] * 1000, ValueError), ({0: 1}, ValueError),
])  # fmt: skip
def test_words_that_are_none_are_named_in_short(word, kind):
    with pytest.raises(kind, match="^order: ") as caught:
        ro.plan(Words(lambda n: word), [1])
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("labels", [5, iter([0, 0])])
def test_labels_that_cannot_be_counted(labels):
    with pytest.raises(TypeError, match="labels: got .*a list with one label for each batch"):
        ro.plan("backward", [2], labels)
