"""Merging, piece by piece: who stands for whom, which checkpoints are audited, what the error is."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.engines.coalescence import AUDITED, EVERY, Merger, futures
from revorder.engines.maps import Maps

N = 12


@pytest.fixture
def merger():
    return Merger(ro.plan("backward", range(1, N + 1)), 0.5)


def taking(values):
    leaf = torch.tensor(values)[:, None]
    return lambda slots: [leaf[torch.from_numpy(np.asarray(slots))], torch.zeros(len(slots), 0)]


def test_the_first_stands_for_all_within_the_tolerance(merger):
    values = [0.0, 0.25, 0.5, 0.75, -0.5, -0.6]
    slots = np.array([2, 3, 5, 7, 8, 9])
    merger.stands_for[11] = 3  # who stood for another hands it on
    merger._merge(slots, [torch.tensor(values)[:, None], torch.zeros(6, 0)])
    assert merger.stands_for.tolist() == [0, 1, 2, 2, 4, 2, 6, 7, 2, 9, 10, 2]
    assert merger.merges == 3
    merger._merge(np.array([0, 1]), [torch.tensor([[0.0], [0.1]])])
    assert merger.merges == 4 and merger.stands_for[1] == 0


def test_states_are_close_if_all_their_numbers_are(merger):
    leaves = [torch.tensor([[0.0, 0.0], [0.1, 0.9], [0.1, -0.4]]), torch.tensor([3.0, 3.0, 3.2])]
    merger._merge(np.array([0, 1, 2]), leaves)
    assert merger.stands_for[:3].tolist() == [0, 1, 0]


def test_who_has_the_same_letters_to_come_is_compared(merger):
    """In backward order all words that go on have the letters ahead of their own in common."""
    ends = np.flatnonzero(merger.plan.trie.n_children == 0)
    waiting = [node for node in range(1, len(merger.future)) if merger.plan.trie.n_children[node]]
    merger.node[:3] = [waiting[0], ends[0], waiting[0]]
    assert [group.tolist() for group in merger._with_equal_futures()] == [[0, 2], [1]][:1]
    merger.stands_for[2] = 0
    assert list(merger._with_equal_futures()) == []
    merger.stands_for[2], merger.node[0], merger.node[2] = 2, 0, 0
    assert [group.tolist() for group in merger._with_equal_futures()] == [[0, 2]]


def test_a_look_is_taken_every_so_many_ticks(merger, monkeypatch):
    looks = []
    monkeypatch.setattr(merger, "_with_equal_futures", lambda: looks.append(merger.ticks) or [np.array([0, 1])])
    monkeypatch.setattr(merger, "_merge", lambda slots, leaves: looks.append((slots.tolist(), leaves)))
    for tick in merger.plan.ticks:
        merger.finish(tick, lambda slots: f"states in {slots.tolist()}")
    assert looks == [EVERY, ([0, 1], "states in [0, 1]")]


def test_what_has_nothing_to_come_holds_no_node(merger):
    tick = merger.plan.ticks[0]
    merger.finish(tick, taking([0.0] * N))
    goes_on = merger.plan.trie.n_children[tick.nodes] > 0
    assert merger.node[tick.slots].tolist() == np.where(goes_on, tick.nodes, -1).tolist()
    final = merger.plan.ticks[-1]
    merger.finish(final, taking([0.0] * N))
    assert (merger.node[final.slots] == -1).all()


def test_a_slot_that_is_filled_anew_stands_for_itself(merger):
    merger.stands_for[:] = 0
    tick = SimpleNamespace(target=np.array([3, 4]), slots=np.array([0, 2, 3, 4]))
    assert merger.begin(tick).tolist() == [0, 3, 4]
    assert merger.stands_for[:6].tolist() == [0, 0, 0, 3, 4, 0]


def test_audited_are_merged_checkpoints_from_all_over(merger):
    values = [float(10 * slot) for slot in range(N)]
    merger.stands_for[4:] = 1
    slots, rows = np.arange(N), np.arange(100, 100 + N)
    assert merger.reached(rows, slots, taking(values)).tolist() == [0, 1, 2, 3] + [1] * 8
    assert sorted(merger.audited) == [104, 107, 111]  # the first, one in the middle, the last of those merged
    assert all(kept[0].tolist() == [10.0] for kept in merger.audited.values())
    merger.reached(rows + 100, slots, taking(values))
    assert len(merger.audited) == AUDITED


def test_no_more_are_audited_than_are_missing(merger):
    merger.stands_for[4:] = 1
    take = taking([0.0] * N)
    merger.reached(np.array([7, 8]), np.array([3, 5]), take)
    assert sorted(merger.audited) == [8]
    merger.reached(np.array([1, 2, 3, 4]), np.array([0, 6, 7, 8]), take)
    assert sorted(merger.audited) == [2, 3, 8]
    merger.reached(np.array([9]), np.array([3]), take)
    assert len(merger.audited) == 3


def test_the_error_is_the_largest_of_any_number(merger):
    merger.audited = {3: [torch.tensor([1.0, 2.0]), torch.tensor([0.0])], 5: [torch.tensor([0.0, 0.0]), torch.ones(1)]}
    exact = [torch.tensor([[1.0, 2.5], [0.0, 0.0]]), torch.tensor([[0.25], [1.0]])]
    merger.compare(np.array([3, 5]), exact)
    assert merger.error == 0.5
    merger.compare(np.array([5]), [torch.tensor([[0.0, -0.75]]), torch.ones(1, 1)])
    assert merger.error == 0.75
    merger.compare(np.array([5]), [torch.tensor([[0.0, 0.0]]), torch.ones(1, 1)])
    assert merger.error == 0.75
    assert merger.report() == "0 merges within 0.5; largest error of 2 merged checkpoints 0.75"


def test_no_branching_node_shares_its_future():
    trie = ro.plan("two-sided", range(1, 8)).trie
    future = futures(trie)
    branching = np.flatnonzero(trie.n_children > 1)
    assert len(branching) and all((future == future[node]).sum() == 1 for node in branching)
    assert (future[trie.n_children == 0] == -1).all() and (future[trie.n_children > 0] >= 0).all()


def test_the_audit_merges_nothing(monkeypatch):
    swept, sweep = [], ro.Wavefront._sweep
    monkeypatch.setattr(ro.Wavefront, "_sweep", lambda self, *rest: swept.append(self.merge_tol) or sweep(self, *rest))
    merging = ro.Wavefront(merge_tol=1e-3)
    tosses = torch.rand(40, generator=torch.Generator().manual_seed(0))
    merged = ro.run(lambda x, b: 0.5 * (x + b), torch.tensor(0.0), tosses, "backward", range(1, 41), engine=merging)
    assert swept == [None]  # merging is another way
    assert "largest error of 3 merged checkpoints" in merged.engine


def test_the_audit_begins_at_the_first_tick():
    plan, tosses = ro.plan("backward", [1, 4]), torch.arange(4.0)
    maps = Maps(lambda x, b: 0.5 * (x + b), tosses, plan, None)
    swept = list(ro.Wavefront()._sweep(maps, torch.tensor(8.0), plan, lambda n: None))
    found = {row: value for rows, states in swept for row, value in zip(rows.tolist(), states.tolist(), strict=True)}
    assert found == {0: 4.0, 1: ((((8 + 3) / 2 + 2) / 2 + 1) / 2 + 0) / 2}
