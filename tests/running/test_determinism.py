"""The same seeds give the same bits: in any order of calls, in any process, and under replay with any checkpoints.

Where it does not hold: another number of threads, another kind of processor or another version of torch may round
sums differently. Then states agree to rounding only, and `ro.provenance()` says what was used.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import family
import numpy as np
import pytest
import torch
from family import CASES, ORDERS, STEPS, distance
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import printed

from revorder.experiments.arithmetic import torch_threads
from revorder.pytrees import row

HERE = Path(__file__).parent
TRAINED = ["MLP", "CNN with BatchNorm", "dropout", "augmentation", "momentum"]
CHECKPOINTS = [2, 5, STEPS]


def states(name, order, checkpoints=CHECKPOINTS, engine="replay"):
    return family.run(CASES[name](), order, checkpoints, engine=engine).states


def bits(tree):
    leaves = torch.utils._pytree.tree_leaves(tree)
    return hashlib.sha256(b"".join(leaf.contiguous().numpy().tobytes() for leaf in leaves)).hexdigest()


def elsewhere(calls):
    """What these calls give in a fresh process: one digest for each, in their order."""
    code = (
        f"import sys; sys.path[:0] = {[str(HERE), str(Path(family.__file__).parent)]!r}\n"
        f"import torch; torch.set_num_threads({torch.get_num_threads()})\n"
        "from test_determinism import bits, states\n"
        f"for call in {calls!r}: print(bits(states(*call)))"
    )
    return dict(zip(calls, printed("-c", code, timeout=300).split(), strict=True))


@pytest.fixture(scope="module")
def calls():
    return [(name, order) for name in TRAINED for order in ("forward", "backward", "shuffled:5")]


@pytest.fixture(scope="module")
def here(calls):
    return {call: bits(states(*call)) for call in calls}


def test_different_seeds_give_different_bits(here):
    """Else equal digests would say nothing."""
    assert len(set(here.values())) == len(here)


def test_the_same_bits_again_in_another_order_of_calls(calls, here):
    torch.manual_seed(123)
    np.random.seed(123)
    assert {call: bits(states(*call)) for call in reversed(calls)} == here


def test_the_same_bits_in_another_process(calls, here):
    assert elsewhere(calls[::-1]) == here


@pytest.mark.parametrize("name", TRAINED)
def test_two_threads_agree_to_rounding(name):
    """The sums of these small tensors may or may not be split among threads, so bits are not promised."""
    found = []
    for threads in (1, 2):
        with torch_threads(threads):
            found.append(states(name, "backward"))
    assert distance(*found) <= 1e-12


def test_threads_can_change_the_last_bits():
    """Why bits are promised for one number of threads only: a long sum is rounded in another order."""
    numbers = torch.rand(2_000_003, generator=torch.Generator().manual_seed(0))
    sums = set()
    for threads in (1, 2, 3):
        with torch_threads(threads):
            sums.add(numbers.sum().item())
    assert len(sums) > 1
    assert max(sums) - min(sums) < 1e-5 * max(sums)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_state_does_not_depend_on_which_other_checkpoints_are_asked_for(name, order):
    alone, among = states(name, order, [7]), states(name, order, [9, 7, 1, 7, 3])
    assert bits(row(alone, 0)) == bits(row(among, 1)) == bits(row(among, 3))


@settings(max_examples=25)
@given(st.permutations(range(6)), st.integers(0, 99))
def test_a_batch_does_not_depend_on_who_asked_first(asked, seed):
    """Indices, prepared batches (augmentation) and masks: whatever order the batches are asked for in."""
    case, again = CASES["augmentation"](), CASES["augmentation"]()
    maps = {number: bits(case.update(case.start, case.batches[number], key=number)) for number in asked}
    torch.manual_seed(seed)
    for number in sorted(asked):
        assert bits(again.update(again.start, again.batches[number], key=number)) == maps[number]
