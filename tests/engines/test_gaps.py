"""How far two results of a step may be apart, group by group of a state."""

from __future__ import annotations

import pytest
import torch

from revorder.engines import gaps
from revorder.engines.gaps import difference, nearby, same_bits

F64 = torch.float64
INF = float("inf")


def fits(before, after, plain):
    gap, allowed = difference(before, after, plain)
    return gap <= allowed


def one(*numbers, dtype=F64):
    return torch.tensor(numbers, dtype=dtype)


def test_a_gap_is_a_share_of_the_step():
    gap, allowed = difference(one(1.0, 1.0), one(1.0, 1.5), one(1.0, 3.0))
    assert gap == pytest.approx(0.75) and allowed < 1e-6
    assert difference(one(1.0), one(3.0), one(3.0))[0] == 0.0
    assert difference(one(1.0), one(1.0), one(3.0))[0] == pytest.approx(1.0)
    assert difference(one(1.0), one(-1.0), one(3.0))[0] == pytest.approx(2.0)  # a wrong sign


def test_the_size_is_that_of_the_whole_step():
    """A bias before BatchNorm has a step of 0, and what is left of it is rounding."""
    before = {"weight": torch.ones(3, dtype=F64), "bias": torch.zeros(2, dtype=F64)}
    plain = {"weight": torch.full((3,), 0.9, dtype=F64), "bias": torch.full((2,), 3e-18, dtype=F64)}
    after = plain | {"bias": torch.full((2,), -1e-17, dtype=F64)}
    assert fits(before, after, plain)
    assert fits(*({"params": state} for state in (before, after, plain)))
    assert not fits(before["bias"], after["bias"] * 1e8, plain["bias"])


@pytest.mark.parametrize("part", ["params", "buffers", "momentum"])
def test_params_buffers_and_memory_count_for_themselves(part):
    """A fault in a part whose step is small is not hidden behind one that is large."""
    before = {name: torch.ones(3, dtype=F64) for name in ("params", "buffers", "momentum")}
    plain = {name: 1e6 * leaf for name, leaf in before.items()} | {part: 1 + 1e-3 * before[part]}
    after = plain | {part: 1 - 1e-3 * before[part]}
    assert not fits(before, after, plain) and fits(before, plain, plain)
    assert difference(before, after, plain)[0] == pytest.approx(2.0)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool, torch.uint8])
def test_what_is_no_real_number_must_be_equal(dtype):
    before, plain = one(0, 1, dtype=dtype), one(1, 1, dtype=dtype)
    assert fits(before, plain.clone(), plain)
    assert difference(before, one(0, 1, dtype=dtype), plain)[0] == INF
    state = {"params": one(1.0), "step": plain}
    assert not fits(state, state | {"step": one(1, 0, dtype=dtype)}, state)


def test_nan_must_be_in_the_same_places():
    nan = float("nan")
    before = one(0.0, 1.0, 2.0)
    assert fits(before, one(nan, 2.0, INF), one(nan, 2.0, INF))
    assert difference(before, one(nan, 2.0, 3.0), one(0.0, 2.0, 3.0))[0] == INF
    assert difference(before, one(0.0, 2.0, 3.0), one(nan, 2.0, 3.0))[0] == INF
    assert difference(before, one(2.0, nan, 3.0), one(nan, 2.0, 3.0))[0] == INF
    assert not fits(before, one(nan, 2.5, 3.0), one(nan, 2.0, 3.0))  # the other numbers still count


def test_infinities_must_be_in_the_same_places_too():
    assert not fits(one(0.0, 1.0), one(-INF, 1.0), one(INF, 1.0))
    assert not fits(one(0.0, 1.0), one(float("nan"), 1.0), one(INF, 1.0))


@pytest.mark.parametrize("dtype, small, large", [
    (F64, 1e-10, 1e-5), (torch.float32, 1e-5, 1e-1), (torch.bfloat16, 5e-3, 1.0), (torch.float16, 1e-3, 0.5),
    (torch.complex128, 1e-10, 1e-5),
])  # fmt: skip
def test_rounding_is_that_of_the_dtype(dtype, small, large):
    before, step = torch.ones(4, dtype=dtype), torch.full((4,), 0.5, dtype=dtype)
    plain = before - step
    assert fits(before, before - (1 + small) * step, plain)
    assert not fits(before, before - (1 + large) * step, plain)


def test_numbers_of_several_dtypes_have_the_coarsest_tolerance():
    before = {"a": torch.ones(3, dtype=F64), "b": torch.ones(3, dtype=torch.float32)}
    plain = {name: 0.5 * leaf for name, leaf in before.items()}
    assert fits(before, {name: 0.5 * (1 + 1e-6) * leaf for name, leaf in before.items()}, plain)
    assert not fits(before, {name: 0.6 * leaf for name, leaf in before.items()}, plain)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_small_steps_of_large_numbers_may_round(dtype):
    """The last digit of a state is more than many a step."""
    before = torch.full((1000,), 1e4, dtype=dtype)
    plain = before * (1 - torch.finfo(dtype).eps)
    after = before * (1 + torch.finfo(dtype).eps)
    assert fits(before, after, plain)
    assert not fits(before, before * (1 + 100 * torch.finfo(dtype).eps), plain)


def test_a_state_that_does_not_move():
    still = torch.ones(3, dtype=F64)
    assert fits(still, still.clone(), still.clone())
    assert not fits(still, still + 1e-6, still.clone())
    zero = torch.zeros(3, dtype=F64)
    assert fits(zero, zero.clone(), zero.clone())
    assert not fits(zero, zero + 1e-3, zero.clone())


def test_sparse_leaves():
    dense = torch.diag(one(1.0, 2.0, 3.0))
    before, plain = torch.zeros(3, 3, dtype=F64).to_sparse(), dense.to_sparse()
    assert fits(before, (dense * (1 + 1e-12)).to_sparse(), plain)
    assert difference(before, (dense * 1.5).to_sparse(), plain)[0] == pytest.approx(0.5)


def test_empty_leaves():
    empty = torch.zeros(0, 3, dtype=F64)
    assert fits(empty, empty.clone(), empty.clone())
    assert fits({"a": empty, "b": one(1.0)}, {"a": empty, "b": one(2.0)}, {"a": empty, "b": one(2.0)})
    assert not fits({"a": empty, "b": one(1.0)}, {"a": empty, "b": one(2.1)}, {"a": empty, "b": one(2.0)})
    assert not fits(empty, torch.zeros(0, 4, dtype=F64), empty)
    assert fits({"params": one(1.0), "buffers": {}}, {"params": one(2.0), "buffers": {}},
                {"params": one(2.0), "buffers": {}})  # fmt: skip


def test_states_that_grow():
    """An optimizer begins to remember in its first step."""
    before = {"params": one(1.0), "optimizer": {}}
    plain = {"params": one(0.5), "optimizer": {0: {"step": torch.tensor(1.0), "average": one(0.1)}}}
    wrong = {"params": one(0.5), "optimizer": {0: {"step": torch.tensor(1.0), "average": one(0.3)}}}
    assert fits(before, plain, plain)
    assert not fits(before, wrong, plain)
    assert difference(before, before | {"params": one(0.5)}, plain)[0] == INF


def test_what_is_no_tensor_must_be_equal():
    before = {"params": one(1.0), "optimizer": {"k": 0, "kind": "a"}}
    plain = {"params": one(0.5), "optimizer": {"k": 1, "kind": "a"}}
    assert fits(before, plain, plain)
    for changed in ({"k": 2, "kind": "a"}, {"k": 1, "kind": "b"}, {"k": 1.5, "kind": "a"}):
        assert difference(before, plain | {"optimizer": changed}, plain)[0] == INF


@pytest.mark.parametrize("state", [one(1.0, -2.0), {"params": {"w": one(1.0, -2.0)}, "step": torch.tensor(3)}])
def test_states_nearby_are_apart_in_what_moves(state):
    moved = nearby(state, torch.Generator().manual_seed(0))
    if isinstance(state, dict):
        assert moved["step"] == 3
        state, moved = state["params"]["w"], moved["params"]["w"]
    away = (moved - state).abs()
    assert away.min() > 0 and away.max() < 0.01


@pytest.mark.parametrize("hole", [None, INF, -INF, float("nan")])
def test_leaves_that_are_joined_give_what_they_give_one_by_one(hole, monkeypatch):
    random = torch.Generator().manual_seed(0)
    before, after, plain = ([torch.randn(3, 4, generator=random), torch.randn((), generator=random)] for _ in range(3))
    if hole is not None:
        after[0][1, 2] = plain[0][1, 2] = hole
    joined = difference(before, after, plain)
    monkeypatch.setattr(gaps, "SMALL", 0)
    assert difference(before, after, plain) == pytest.approx(joined)
    assert 0 < joined[0] < INF
    if hole is not None:
        after[0][1, 2] = 1.0
        assert difference(before, after, plain)[0] == INF
        monkeypatch.undo()
        assert difference(before, after, plain)[0] == INF


def test_the_same_bits_are_the_same_numbers_in_the_same_layout():
    a = {"params": one(1.0, 2.0), "count": torch.tensor(3)}
    assert same_bits(a, {"params": one(1.0, 2.0), "count": torch.tensor(3)})
    for other in (
        a | {"params": one(1.0, 2.5)},
        a | {"count": torch.tensor(4)},
        a | {"count": 3},
        a | {"params": one(1.0, 2.0, dtype=torch.float32)},
        a | {"params": one(1.0, 2.0)[None]},
        a | {"more": one(1.0)},
    ):
        assert not same_bits(a, other) and not same_bits(other, a)
    unknown = {"params": one(float("nan"))}
    assert not same_bits(unknown, unknown)
