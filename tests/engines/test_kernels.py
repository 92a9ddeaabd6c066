"""Kernels, piece by piece: when one is made, for which widths, and which lanes it may work on in place."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from family import CASES

import revorder as ro
from revorder.engines import kernels
from revorder.engines.kernels import COMPILED_WIDTHS, SETTLED, TRACED_WIDTHS, WORTH_TRACING, Kernels
from revorder.engines.maps import Maps
from revorder.engines.memory import MOST_LANES
from revorder.engines.sweep import Sweep
from revorder.engines.wavefront import Wavefront

SLOTS = 40


def made(compiled=False, most_lanes=SLOTS, uses=(), name="plain tensor"):
    case = CASES[name]()
    maps = Maps(case.update, case.batches, ro.plan("backward", [9]), None)
    return Kernels(maps, compiled, most_lanes, Counter(dict(uses)))


@pytest.fixture
def makes(monkeypatch):
    """The widths that kernels are made for, one after the other; the kernels are names."""
    widths = []

    def make(self, letter, lanes, *rest):
        widths.append(len(lanes[0]))
        return f"kernel {len(widths)}"

    monkeypatch.setattr(Kernels, "_make", make)
    return widths


def get(of, width, kind="layout"):
    of.kinds[kind] = of.kinds[kind] or SETTLED
    return of.get(0, [torch.zeros(width)], None, None, ("states", kind))


def test_widths_end_with_all_lanes_or_the_widest():
    assert made().widths == [1, 8, 16, 32, 40]
    assert made(most_lanes=32).widths == [1, 8, 16, 32]
    assert made(most_lanes=1000).widths == list(TRACED_WIDTHS)
    assert made(compiled=True).widths == list(COMPILED_WIDTHS)
    assert made(compiled=True, most_lanes=20).widths == [20]


def test_uses_count_the_blocks_of_all_ticks():
    """3 ticks of 5 lanes take the width 8; 2 ticks of 81 lanes take two blocks of 40 and one of 1."""
    assert made(uses={5: 3, 81: 2}).uses == {8: 3, 40: 4, 1: 2}
    assert made(name="MLP", uses={5: 3, 81: 2}).uses == {5: 3, 40: 4, 1: 2}  # the hand-written step takes any width
    assert made(compiled=True, uses={5: 3, 81: 2}).uses == {32: 3 + 2 * 3}


def test_blocks():
    assert made().blocks(8) == [8] and made().blocks(9) == [16] and made().blocks(40) == [40]
    assert made().blocks(33) == [40] and made().blocks(48) == [40, 8]
    assert made(name="MLP").blocks(95) == [40, 40, 15]
    assert made(name="MLP", most_lanes=300).blocks(310) == [300, 10]


def test_a_kernel_is_made_once_for_every_width_and_layout(makes):
    of = made(compiled=True)
    assert get(of, 8) == get(of, 8) == "kernel 1"
    assert get(of, 16) == "kernel 2" and get(of, 8) == "kernel 1"
    assert makes == [8, 16]


def test_one_hand_written_step_serves_all_widths(makes):
    of = made(name="MLP")
    assert of.fused is not None and get(of, 3) == get(of, 5)
    assert makes[-1:] in ([], [3])  # kernels of a module loss are kept from run to run


@pytest.mark.parametrize("compiled, uses, worth", [
    (False, WORTH_TRACING, True), (False, WORTH_TRACING - 1, False), (True, 1, True),
])  # fmt: skip
def test_traced_is_what_pays(makes, compiled, uses, worth):
    of = made(compiled, uses={8: uses})
    assert (get(of, 8) is not None) is worth
    assert len(makes) == worth


def test_a_layout_is_traced_if_it_is_frequent_enough(makes):
    of = made(uses={8: 4 * WORTH_TRACING})
    assert get(of, 8, "first") == "kernel 1"
    assert get(of, 8, "second") == "kernel 2"  # half of all batches
    of.kinds["first"] = 20 * SETTLED
    assert get(of, 8, "rare") is None


def test_later_runs_count_only_where_all_batches_are_alike(makes):
    """Of batches of many layouts, the first ones say nothing of how frequent theirs will be."""
    for alike, pays in ((True, True), (False, False)):
        of = made(uses={8: WORTH_TRACING * SETTLED - 1})
        of.alike, of.options = alike, ("kept for later runs",)
        of.kinds.update(["layout", "another", "a third"])
        assert (of.get(0, [torch.zeros(8)], None, None, ("states", "layout")) is not None) is pays


def test_it_is_not_guessed_at_once_how_frequent_a_layout_is(makes):
    of = made(uses={8: 4 * WORTH_TRACING})
    assert of.alike  # rows of a tensor are all of one layout, and there is nothing to guess
    of.alike = False
    for number in range(1, SETTLED + 2):
        assert of.suits("layout", None)
        kernel = of.get(0, [torch.zeros(8)], None, None, ("states", "layout"))
        assert (kernel is not None) == (number >= SETTLED)


def test_what_has_no_layout_has_no_kernel():
    assert not made(compiled=True).suits(None, None)


def test_updates_are_told_apart_by_kind_and_options():
    update = CASES["MLP"]().update
    assert kernels._options(update) == (type(update), 0.1, 0.0, False, 0.0)


def flat(compiled):
    of = made(compiled)
    lanes = [torch.zeros(8, dtype=torch.float64)]
    structure = torch.utils._pytree.tree_flatten(lanes[0])[1]
    return of, of._make(0, lanes, structure, torch.tensor(1.0, dtype=torch.float64))


def test_compiled_kernels_are_compiled(monkeypatch):
    seen = []
    monkeypatch.setattr(torch._inductor, "compile", lambda graph, inputs: seen.append(graph) or graph)
    assert flat(True)[1] is seen[0]
    assert flat(False)[1] is not None and len(seen) == 1


def test_states_that_are_not_numbers_do_not_hinder_tracing():
    of = made()
    lanes = [torch.full((8,), torch.nan, dtype=torch.float64)]
    structure = torch.utils._pytree.tree_flatten(lanes[0])[1]
    assert of._make(0, lanes, structure, torch.tensor(1.0, dtype=torch.float64)) is not None


@pytest.fixture
def sweep():
    plan = ro.plan("backward", range(1, SLOTS + 1))
    return Sweep(Maps(lambda x, b: x, torch.zeros(SLOTS), plan, None), torch.tensor(0.0), plan, False)


def test_neighbours_are_a_slice(sweep):
    assert sweep._index(np.array([3, 4, 5])) == slice(3, 6) and sweep._index(np.array([7])) == slice(7, 8)
    for slots in ([3, 5, 6], [3, 5, 4, 6], [5, 4, 3], [3, 5]):
        assert sweep._index(np.array(slots)).tolist() == slots


def test_lanes_in_use_are_those_that_were_ever_filled(sweep):
    assert sweep.in_use == 1
    plan = ro.plan("backward", range(1, SLOTS + 1))
    filled = 1
    for tick in plan.ticks:
        sweep.advance(tick, tick.slots)
        filled = max([filled, *(tick.target + 1)])
        assert sweep.in_use == filled
    assert filled > 1
    sweep.go_on(plan.ticks[:3], [torch.arange(float(len(sweep.leaves[0])))])
    assert sweep.in_use == max([1, *(1 + tick.target.max() for tick in plan.ticks[:3] if tick.target.size)])
    assert sweep.leaves[0].tolist() == list(range(len(sweep.leaves[0])))
    sweep.go_on([], sweep.leaves)
    assert sweep.in_use == 1


def test_states_are_handed_out_in_stacks_of_bounded_size():
    plan = ro.plan("backward", [3] * (2 * MOST_LANES + 5))
    maps = Maps(lambda x, b: x + b, torch.ones(3), plan, None)
    sizes = [len(rows) for rows, _ in Wavefront().states(maps, torch.tensor(0.0), plan, lambda n: None)]
    assert sizes == [MOST_LANES, MOST_LANES, 5]


@pytest.mark.parametrize("slots, width, in_use, in_place", [
    (range(8), 8, 40, True),  # all lanes are the block's own
    (range(5), 8, 5, True),  # lanes 5 to 7 hold nothing yet
    (range(5), 8, 6, False),  # lane 5 does
    (range(5), 8, 40, False),
    (range(20, 28), 8, 40, True),
    (range(36, 40), 4, 40, True),
    (range(36, 39), 8, 39, False),  # there are no such lanes
    ([0, 2, 4, 6], 4, 40, False),
    ([0, 2, 4], 8, 5, False),
])  # fmt: skip
def test_lanes_that_hold_what_is_needed_are_not_touched(sweep, slots, width, in_use, in_place):
    given = []
    sweep.kernels = SimpleNamespace(
        key=lambda *of: "key",
        proved={"key"},
        get=lambda letter, lanes, *rest: given.extend(lanes) or (lambda *leaves: leaves[0].add_(1)),
    )
    sweep.in_use = in_use
    before = torch.arange(SLOTS, dtype=torch.float32)
    sweep.leaves[0].copy_(before)
    slots = np.array(slots)
    sweep._kernel(0, slots, width, torch.tensor(0.0), [torch.tensor(0.0)], "layout").carry_out(None)
    shared = given[0].untyped_storage().data_ptr() == sweep.leaves[0].untyped_storage().data_ptr()
    assert len(given[0]) == width and shared is in_place
    needed = np.union1d(slots, np.arange(min(in_use, SLOTS)))
    expected = before + torch.isin(torch.arange(SLOTS), torch.from_numpy(slots))
    assert torch.equal(sweep.leaves[0][needed], expected[needed])
    if not in_place:
        assert torch.equal(given[0][len(slots) :], (before[slots[-1]] + 1).expand(width - len(slots)))
