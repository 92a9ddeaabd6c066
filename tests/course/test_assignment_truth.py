"""What the instructor holds for right, against properties that do not know its formulas; and what of it is public."""

from __future__ import annotations

import json
from itertools import permutations, product

import numpy as np
import pytest
from graded import TASKS, data

from revorder.course.asking import decoded
from revorder.course.assignment import FOLDER
from revorder.course.judging import same

SEEDS = [0, 1, 2, 4711]


def solved(name, seed):
    """The arguments of each case, and what is held for right, of the first part that judges it."""
    task = data(name, seed)
    for number, case in enumerate(task["cases"]):
        part = next(part for part in task["parts"] if number in part["where"])
        with decoded(case) as arguments:
            yield arguments, part["expected"][part["where"].index(number)]


@pytest.mark.parametrize("seed", SEEDS)
def test_path_is_the_product_of_matrices(seed):
    for (_, start, batches), right in solved("11-path", seed):
        homogeneous = [np.vstack([batch.numpy(), [0, 0, 1]]) for batch in batches]
        product_of = np.eye(3)
        for matrix, state in zip(homogeneous, right, strict=True):
            product_of = product_of @ matrix  # the newest map is applied first, so it stands on the right
            assert np.allclose((product_of @ [*start, 1])[:2], state)


@pytest.mark.parametrize("seed", SEEDS)
def test_order_has_newest_blocks_first_and_runs_forward_inside(seed):
    for (size, n), word in solved("11-order", seed):
        blocks = [i // size for i in word]
        assert sorted(word) == [*range(n)] and blocks == sorted(blocks, reverse=True)
        assert all(i < j for i, j in zip(word, word[1:], strict=False) if i // size == j // size)


@pytest.mark.parametrize("seed", SEEDS)
def test_cost_counts_the_different_beginnings_of_words(seed):
    for (looks, period), right in solved("11-cost", seed):
        words = [[(n - 1 - k) % period for k in range(n)] for n in looks]
        assert right == len({tuple(word[:k]) for word in words for k in range(1, len(word) + 1)})


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_are_the_first_at_which_the_worst_batches_are_near(seed):
    for (h, low, high, start, tol), n in solved("11-steps", seed):
        distance = max(high - start, start - low)  # all later batches at one end
        assert (1 - h) ** n * distance <= tol < (1 - h) ** (n - 1) * distance


@pytest.mark.parametrize("seed", SEEDS)
def test_spreads_are_roots_of_mean_squares(seed):
    for (values, last), (along, over) in solved("11-spreads", seed):
        tails = values[:, -last:]
        assert np.isclose(along, np.mean(np.sqrt((tails**2).mean(axis=1) - tails.mean(axis=1) ** 2)))
        ends = values[:, -1]
        assert np.isclose(over**2, ((ends[:, None] - ends) ** 2).mean() / 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_law_is_what_a_list_of_all_sequences_says(seed):
    one, six = [*permutations(range(3))], [*product(range(3), repeat=6)]
    listed = {
        "iid": six,
        "shuffle_once": [p * 4 for p in one],
        "reshuffle": [p + q for p in one for q in one],
        "flipflop": [p + p[::-1] + q + q[::-1] for p in one for q in one],
        "incremental": [(0, 1, 2) * 4],
    }
    judged = 0
    for (order, n, period), right in solved("11-law", seed):
        if period == 3 and n <= len(listed[order][0]):
            law = sorted(run[:n] for run in listed[order])
            judged += 1
            assert right == (law == sorted(run[::-1] for run in law)), (order, n)
    assert judged > 20


def test_no_mistake_is_right_and_no_two_are_the_same():
    for name in TASKS:
        task = data(name, 3)
        for part in task["parts"]:
            outcomes = [part["expected"], *(mistake["outcomes"] for mistake in part["mistakes"])]
            for i, one in enumerate(outcomes):
                for other in outcomes[:i]:
                    assert not all(map(same, one, other)), (name, i)


def test_seeds_draw_other_cases():
    for name in TASKS:
        assert len({json.dumps(data(name, seed)["cases"]) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("number", sorted({name[:2] for name in TASKS}))
def test_what_is_public_is_written_by_publish(number):
    """Outcomes may differ in their last bits from machine to machine."""
    kept = json.loads((FOLDER / f"{number}.json").read_text(encoding="utf-8"))
    assert kept.keys() == {name for name in TASKS if name.startswith(number)}
    for name, task in kept.items():
        assert alike(task, json.loads(json.dumps(data(name, 0)))), f"{name}: run notebooks/instructor/publish.py"


def alike(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(alike(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(alike, a, b))
    return np.isclose(a, b, rtol=1e-12) if isinstance(a, float) and isinstance(b, float) else a == b
