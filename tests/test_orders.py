from __future__ import annotations

import pytest
from family import ORDERS
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro

TABLE = {
    ro.Forward(): (0, 1, 2, 3, 4),
    ro.Backward(): (4, 3, 2, 1, 0),
    ro.BackwardWindow(2): (0, 1, 2, 4, 3),
    ro.BackwardTail(2): (0, 1, 4, 3, 2),
    ro.BackwardBlocks(2): (1, 0, 3, 2, 4),
    ro.TwoSided(): (3, 1, 0, 2, 4),
}


@pytest.mark.parametrize(("order", "word"), TABLE.items(), ids=str)
def test_word_of_the_table(order, word):
    assert order.word(5) == word


some_order = st.one_of(
    st.just(ro.Forward()),
    st.just(ro.Backward()),
    st.just(ro.TwoSided()),
    st.builds(ro.BackwardWindow, st.integers(1, 9)),
    st.builds(ro.BackwardTail, st.integers(0, 9)),
    st.builds(ro.BackwardBlocks, st.integers(1, 9)),
    st.builds(ro.Shuffled, st.integers(0, 99)),
)


@given(some_order, st.integers(0, 30))
def test_every_word_is_a_permutation_of_plain_integers(order, n):
    word = order.word(n)
    assert sorted(word) == list(range(n))
    assert all(type(number) is int for number in word)


@given(st.integers(0, 30), st.integers(1, 30))
def test_families_meet_in_their_extremes(n, more):
    backward = ro.Backward().word(n)
    assert ro.BackwardWindow(n + more).word(n) == ro.BackwardBlocks(n + more).word(n) == backward
    assert ro.BackwardTail(0).word(n) == backward
    assert ro.BackwardWindow(1).word(n) == ro.BackwardBlocks(1).word(n) == ro.Forward().word(n)
    assert ro.BackwardTail(n + more).word(n) == ro.Forward().word(n)


@given(st.integers(1, 30))
def test_two_sided_grows_at_alternating_ends(n):
    shorter, word = ro.TwoSided().word(n - 1), ro.TwoSided().word(n)
    assert word == ((*shorter, n - 1) if n % 2 else (n - 1, *shorter))


def test_shuffled_is_fresh_for_every_n_and_the_same_for_the_same_seed():
    assert ro.Shuffled(3).word(20) == ro.Shuffled(3).word(20)
    assert ro.Shuffled(3).word(20) != ro.Shuffled(4).word(20)
    assert ro.Shuffled(3).word(20) != tuple(i for i in ro.Shuffled(3).word(21) if i != 20)
    firsts = [ro.Shuffled(seed).word(4)[0] for seed in range(2000)]
    assert all(abs(firsts.count(i) - 500) < 5 * (2000 * 0.25 * 0.75) ** 0.5 for i in range(4))


@given(some_order)
def test_text_and_back(order):
    assert ro.order(str(order)) == order
    assert hash(ro.order(str(order))) == hash(order)
    assert ro.order(order) is order


def test_a_kind_of_an_order_has_its_text():
    class Mine(ro.BackwardWindow):
        pass

    assert str(Mine(3)) == "backward-window:3"


def test_orders_are_frozen():
    with pytest.raises(AttributeError):
        ro.BackwardWindow(2).width = 3


def test_a_users_order_is_anything_with_a_word():
    class Twice:
        def word(self, n):
            return (0,) * n

    mine = Twice()
    assert ro.order(mine) is mine


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("backwards", "did you mean 'backward'"),
        ("Backward", "did you mean 'backward'"),
        ("backward_window:2", "did you mean 'backward-window'"),
        ("backward-window", "needs its width"),
        ("backward-window:", "must be a whole number"),
        ("backward-window:2.5", "must be a whole number"),
        ("backward-window:-1", "must be a whole number"),
        ("backward-window:²", "must be a whole number"),
        ("backward-window:" + "9" * 30, "must be a whole number"),
        ("backward-window:" + "9" * 19, "order: got"),
        ("backward-window:0", "width: got 0"),
        ("forward:3", "takes no number"),
        ("", "the known names are forward"),
    ],
)
def test_text_not_understood(text, says):
    with pytest.raises(ValueError, match=says):
        ro.order(text)


@pytest.mark.parametrize("thing", [3, None, ro.Backward, object()])
def test_not_an_order(thing):
    with pytest.raises(TypeError, match=r"order: got .*word\(n\)"):
        ro.order(thing)


def test_numbers_may_have_18_digits():
    assert ro.order("backward-window:" + "9" * 18).word(3)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda: ro.BackwardWindow(0), "must be an integer >="),
        (lambda: ro.BackwardTail(-1), "start: got -1, but it must be an integer >= 0$"),
        (lambda: ro.BackwardBlocks(0), "size: got 0, but it must be an integer >= 1$"),
        (lambda: ro.Shuffled(-1), "seed: got -1, but it must be an integer >= 0$"),
    ],
)
def test_numbers_out_of_range(bad, says):
    with pytest.raises(ValueError, match=says):
        bad()


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_words_have_a_length(order):
    with pytest.raises(ValueError, match=r"n: got -1, but it must be an integer >= 0$"):
        order.word(-1)


@pytest.mark.parametrize(
    "bad", [lambda: ro.BackwardTail(1.5), lambda: ro.BackwardBlocks("2"), lambda: ro.Shuffled(True)]
)
def test_numbers_of_the_wrong_type(bad):
    with pytest.raises(TypeError, match="must be an integer"):
        bad()
