"""The affine form of a map, piece by piece: vectors, random points, the check, matrices in calls of bounded size."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

import revorder as ro
from revorder.engines import affine
from revorder.engines.affine import Affine
from revorder.engines.linear import Linear, Vectors, alike
from revorder.engines.maps import Maps
from revorder.errors import NotAffineError

D, N = 3, 8


def pulled(x, batch):
    """An affine map with a matrix of its own for every batch."""
    return x - 0.1 * batch * (x.sum() - batch)


def linear(update=pulled, start=None, batches=None):
    start = torch.zeros(D, dtype=torch.float64) if start is None else start
    generator = torch.Generator().manual_seed(1)
    batches = torch.rand(N, D, generator=generator, dtype=torch.float64) if batches is None else batches
    return Linear(Maps(update, batches, ro.plan("backward", [N]), None), Vectors(start), start, 0)


def test_states_become_vectors_and_come_back_in_their_dtypes():
    start = {"a": torch.tensor([[1.0, 2.0]], dtype=torch.float64), "b": torch.tensor(3.0)}
    vectors = Vectors(start)
    assert vectors.flat(start).tolist() == [1.0, 2.0, 3.0] and vectors.dtype == torch.float64
    assert vectors.eps == torch.finfo(torch.float32).eps
    back = vectors.tree(torch.tensor([[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], dtype=torch.float64))
    assert back["a"].dtype == torch.float64 and back["a"].tolist() == [[[4.0, 5.0]], [[7.0, 8.0]]]
    assert back["b"].dtype == torch.float32 and back["b"].tolist() == [6.0, 9.0]


def test_random_points_are_the_same_every_time_and_leave_torch_alone():
    state = torch.get_rng_state()
    points = [linear()._random(2) for _ in range(2)]
    assert torch.equal(*points) and points[0].shape == (2, D)
    assert not torch.equal(points[0], points[0].float().double())  # all 53 bits of float64
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(1)
    assert torch.equal(linear()._random(2), points[0])


def test_points_have_the_scale_of_the_start():
    seen = []

    def update(x, batch):
        seen.append(x.detach())
        return 0.5 * x

    found = linear(update, start=torch.full((D,), 1e6, dtype=torch.float64), batches=[None] * N)
    assert found.scale == 1e6
    seen.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found, "_random", lambda rows: torch.full((rows, D), 0.5, dtype=torch.float64))
        given = []
        patch.setattr(found, "_derive", lambda letter, rows, batch, x: given.append(x) or (rows, x, x[0] * 0, x[0]))
        found.one(0, torch.eye(D, dtype=torch.float64))
    assert given[0].tolist() == [5e5] * D


def test_many_is_one_by_one_in_one_call(monkeypatch):
    found = linear()
    identity = torch.eye(D, dtype=torch.float64)
    alone = [found.one(letter, identity) for letter in range(N)]
    monkeypatch.setattr(found, "one", None)
    for (matrix, shift), (expected, b) in zip(found.many(list(range(N))), alone, strict=True):
        assert torch.allclose(matrix, expected, atol=1e-14) and torch.allclose(shift, b, atol=1e-14)


def test_many_maps_have_points_of_their_own_at_the_scale_of_the_start(monkeypatch):
    found = linear()
    found.scale = 4.0
    monkeypatch.setattr(found, "_random", lambda rows: torch.full((rows, D), 0.5) * torch.arange(1, rows + 1)[:, None])
    monkeypatch.setattr(found, "_derive", lambda letter, rows, batch, x: (rows, x, x[0] * 0, x[0]))
    assert [point.tolist() for _, point in found.many([2, 3])] == [[2.0] * D, [4.0] * D]


@pytest.mark.parametrize("gap, refused", [(0.0, False), (0.9, False), (1.1, True), (float("nan"), True)])
def test_a_gap_is_rounding_up_to_the_two_thirds_power_of_epsilon(gap, refused):
    found = linear()
    size = 10.0
    gaps = torch.tensor([0.0, gap * found.vectors.eps ** (2 / 3) * size])
    rest = torch.zeros(2, D, D), torch.zeros(2, D), gaps, torch.tensor([0.0, size])
    if refused:
        with pytest.raises(NotAffineError, match="on batch 2, pulled is not affine"):
            found._checked([0, 2], *rest)
    else:
        assert len(found._checked([0, 2], *rest)) == 2


def test_batches_arealike_if_their_layouts_are():
    a, b = torch.zeros(2), torch.zeros(3)
    assert alike([a, a]) and alike([(a, b), (a, b), (a, b)]) and alike([a])
    assert not alike([a, b]) and not alike([a, a, b]) and not alike([b, a, a])
    assert not alike([1, 1]) and not alike([(a, 1), (a, 2)])


@pytest.mark.parametrize("d, letters, small", [
    (128, 1, True), (129, 1, False), (128, 2048, True), (128, 2049, False), (64, 8192, True), (64, 8193, False),
])  # fmt: skip
def test_matrices_are_found_beforehand_where_they_fit(d, letters, small):
    assert affine._small(SimpleNamespace(d=d), [0] * letters) is small


@pytest.mark.parametrize("d, steps, calls", [(2, 1500, [1024, 476]), (128, 40, [32, 8]), (64, 200, [128, 72])])
def test_matrices_are_found_in_calls_of_bounded_size(d, steps, calls):
    made = []
    pair = torch.eye(d), torch.zeros(d)
    stub = SimpleNamespace(d=d, many=lambda letters: made.append(letters) or [pair] * len(letters))
    assert list(affine._matrices(stub, list(range(steps)))) == list(range(steps))
    assert [len(part) for part in made] == calls
    assert sorted(letter for part in made for letter in part) == list(range(steps))


def test_checkpoints_of_a_walk_are_handed_over_in_blocks(monkeypatch):
    monkeypatch.setattr(affine, "chain_of", lambda plan: None)
    plan = ro.plan("backward", range(1, 2 * affine.BLOCK + 45))
    maps = Maps(lambda x, b: 0.5 * x + b, torch.rand(2 * affine.BLOCK + 44), plan, None)
    sizes = [len(rows) for rows, _ in Affine().states(maps, torch.tensor(0.0), plan, lambda n: None)]
    assert sizes == [affine.BLOCK, affine.BLOCK, 44]
