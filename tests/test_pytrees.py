"""The ground of all rooms: what is done to every tensor of a tree, against torch's own walk of it."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import clone, detach, is_finite, picked, row

INF, NAN = float("inf"), float("nan")


class Pair(NamedTuple):
    one: torch.Tensor
    other: torch.Tensor


def tensors(kind=torch.float32):
    return [torch.arange(6.0).reshape(3, 2).to(kind).requires_grad_(kind.is_floating_point) for _ in range(3)]


TREES = {
    "tensor": tensors()[0],
    "nested": {"b": tensors()[0], "a": (tensors()[1], {"c": [tensors(torch.int64)[0]]}), "empty": {}},
    "named tuple": Pair(*tensors()[:2]),
    "numbers": {"lr": 0.5, "none": None, "x": tensors()[0]},
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
@pytest.mark.parametrize("function", [detach, clone, lambda tree: row(tree, 1)])
def test_every_tensor_and_nothing_else_is_changed(function, tree):
    made = function(tree)
    assert pytree.tree_structure(made) == pytree.tree_structure(tree)
    for new, old in zip(pytree.tree_leaves(made), pytree.tree_leaves(tree), strict=True):
        if isinstance(old, torch.Tensor):
            assert torch.equal(new, function(old))
            assert function not in (detach, clone) or not new.requires_grad
        else:
            assert new is old


def test_clones_share_nothing_and_detached_tensors_all():
    tree = {"x": (torch.zeros(2),)}
    clone(tree)["x"][0].add_(1)
    assert tree["x"][0].tolist() == [0, 0]
    detach(tree)["x"][0].add_(1)
    assert tree["x"][0].tolist() == [1, 1]


@pytest.mark.parametrize(
    "rows", [torch.tensor([2, 0]), torch.tensor([[1], [2]]), torch.tensor(1), torch.tensor([0]).int()]
)
def test_picked_rows_are_those_of_indexing(rows):
    whole = torch.arange(24).reshape(3, 2, 4)
    for leaf in (whole, whole.transpose(1, 2), whole[:, 0, 0]):
        assert torch.equal(picked(leaf, rows), leaf[rows])
    assert torch.equal(picked({"a": (whole,)}, rows)["a"][0], whole[rows])


@pytest.mark.parametrize("number", [INF, -INF, NAN])
def test_one_number_that_is_not_finite_is_found(number):
    good = {"x": torch.zeros(2, 2), "n": torch.tensor(1), "lr": 0.5, "flag": torch.tensor(True), "name": "sgd"}
    assert is_finite(good) and is_finite({})
    bad = torch.zeros(2, 2)
    bad[1, 0] = number
    for leaf in (bad, bad.double(), bad.to(torch.complex64), bad.T, number, torch.tensor(number)):
        assert not is_finite(good | {"y": leaf})
    assert is_finite(good | {"y": torch.full((2,), 1e38)})  # their sum is not
    assert is_finite({"y": torch.zeros(2, device="meta")})
