"""The closed form of the assignment's exercise on laws against the definition: list all sequences of batches."""

from __future__ import annotations

import itertools

import graded  # noqa: F401 - finds what the instructor has
import pytest
from grading.laws import SHUFFLES, same_law


def epochs(data_order, shuffles, number):
    if data_order == "shuffle_once":
        return [p * number for p in shuffles]
    if data_order == "reshuffle":
        return [sum(runs, ()) for runs in itertools.product(shuffles, repeat=number)]
    pairs = [p + p[::-1] for p in shuffles]
    return [sum(runs, ()) for runs in itertools.product(pairs, repeat=-(-number // 2))]


@pytest.mark.parametrize("period, number", [(3, 4), (4, 3)])
@pytest.mark.parametrize("data_order", SHUFFLES[1:])
def test_same_law_says_what_a_list_of_all_sequences_says(data_order, period, number):
    runs = epochs(data_order, [*itertools.permutations(range(period))], number)
    for n in range(1, number * period + 1):
        law = sorted(run[:n] for run in runs)
        assert same_law(data_order, n, period) == (law == sorted(run[::-1] for run in law)), n


@pytest.mark.parametrize("n", range(1, 8))
def test_same_law_of_independent_and_of_fixed_batches(n):
    law = sorted(itertools.product(range(3), repeat=n))
    assert same_law("iid", n, 3) == (law == sorted(run[::-1] for run in law))
    fixed = [i % 3 for i in range(n)]
    assert same_law("incremental", n, 3) == (fixed == fixed[::-1])
