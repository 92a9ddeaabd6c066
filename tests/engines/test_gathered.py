"""Many batches by one gather against the batches asked for one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils import _pytree as pytree

import revorder as ro
from revorder.engines.maps import Maps
from revorder.planning.plan import plan_for
from revorder.pytrees import row, stack
from revorder.running.together import Together

STEPS, LETTERS = 6, [3, 0, 5, 3]
GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn(20, 3, 4, generator=GENERATOR)
TARGETS = torch.arange(20)
INDEX = ro.batches.iid(20, 5, STEPS, seed=1)
DATA = {
    "tuple": (IMAGES, TARGETS),
    "dict": {"x": IMAGES, "y": [TARGETS, TARGETS.double()]},
    "tensor": IMAGES,
    "strided": (IMAGES.transpose(1, 2), TARGETS),
    "nested tuple": ((IMAGES,), TARGETS),
}


class Mine(ro.batches.Minibatches):
    """A class of one's own, whose batches are others."""

    def __getitem__(self, number):
        return tuple(-part for part in super().__getitem__(number))


def maps(batches, labels=None):
    return Maps(lambda state, batch: state, batches, plan_for("backward", [STEPS], labels, len(batches)), labels)


def same(one, other):
    pairs = zip(*(pytree.tree_leaves(tree) for tree in (one, other)), strict=True)
    same_form = pytree.tree_structure(one) == pytree.tree_structure(other)
    return same_form and all(a.dtype == b.dtype and torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("index", [INDEX, INDEX.int()])
def test_a_batch_has_the_rows_of_its_examples(kind, index):
    batches = ro.batches.Minibatches(DATA[kind], index)
    for number in (0, 4, -1, np.int64(2)):
        assert same(batches[number], row(DATA[kind], INDEX[number]))
    assert same(batches[1:3], row(DATA[kind], INDEX[1:3]))
    with pytest.raises(IndexError):
        batches[STEPS]


@pytest.mark.parametrize("kind", DATA)
def test_a_gather_has_what_is_asked_for_one_by_one(kind):
    batches = ro.batches.Minibatches(DATA[kind], INDEX)
    one_by_one = stack([batches[number] for number in LETTERS])
    assert same(batches.gather(np.array(LETTERS)), one_by_one)
    assert same(maps(batches).gathered(LETTERS), one_by_one)
    assert not same(batches.gather(np.array(LETTERS[::-1])), one_by_one)


def test_letters_are_not_numbers():
    """Batches with equal labels have one letter; the first of them is taken."""
    batches = ro.batches.Minibatches((IMAGES, TARGETS), INDEX[[0, 0, 1, 2, 1, 3]])
    own = maps(batches, labels="aabcbd")
    assert own.numbers == [0, 2, 3, 5]
    assert same(own.gathered([3, 1]), stack([batches[5], batches[2]]))


def test_tensors_are_gathered_and_other_sequences_are_not():
    assert same(maps(IMAGES[:STEPS]).gathered(LETTERS), IMAGES[:STEPS][LETTERS])
    prepared = ro.batches.Minibatches((IMAGES, TARGETS), INDEX, prepare=lambda batch: batch)
    for batches in (list(IMAGES[:STEPS]), prepared, Mine((IMAGES, TARGETS), INDEX)):
        assert maps(batches).gathered(LETTERS) is None


@pytest.mark.parametrize("form", ["alike", "equal data", "tensor", "prepared", "other data", "other dtype"])
def test_the_batches_of_many_seeds(form):
    indices = [ro.batches.iid(20, 5, STEPS, seed=seed) for seed in range(3)]
    prepare = (lambda batch: (2 * batch[0], batch[1])) if form == "prepared" else None
    sequences = [ro.batches.Minibatches((IMAGES, TARGETS), index, prepare) for index in indices]
    if form == "equal data":  # loaded once for each seed
        sequences = [ro.batches.Minibatches((IMAGES.clone(), TARGETS.clone()), index) for index in indices]
    if form == "other dtype":
        sequences[1] = ro.batches.Minibatches((IMAGES, TARGETS.int()), indices[1])
    if form == "other data":
        sequences[1] = ro.batches.Minibatches((IMAGES + 1, TARGETS), indices[1])
    together = Together(torch.stack(indices) if form == "tensor" else sequences)
    own = indices if form == "tensor" else sequences
    if form == "other dtype":
        assert maps(together).gathered(LETTERS) is None
        return
    assert same(together[4], stack([each[4] for each in own]))
    found = maps(together).gathered(LETTERS)
    if form in ("prepared", "other data"):
        assert found is None
    else:
        assert same(found, stack([stack([each[number] for each in own]) for number in LETTERS]))
