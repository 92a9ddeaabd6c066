"""Stopping an engine at any place of a run and going on from there: the same comes out, nothing is done twice."""

from __future__ import annotations

import json

import pytest
import torch
from family import CASES
from torch.utils import _pytree as pytree

import revorder as ro
from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront
from revorder.pytrees import clone
from revorder.updates.keys import keyed

CHECKPOINTS = range(1, 10)


class Keeper:
    """Keeps the place after `stop` evaluations or batched calls, and goes on from a given one."""

    def __init__(self, place=None, stop=10**9):
        self.place, self.stop, self.told, self.kept = place, stop, 0, None

    def reached(self, place):
        self.told += 1
        if self.told == self.stop:
            self.kept = place()
            raise KeyboardInterrupt


def carried_out(engine, case, plan, keeper):
    """(the state of every row handed out, how many evaluations were made)"""
    maps, made, rows = Maps(case.update, case.batches, plan, None), [], {}
    try:
        for reached, states in engine.states(maps, case.start, plan, made.append, keeper):
            assert not rows.keys() & set(reached.tolist())
            leaves = pytree.tree_leaves(states)
            rows.update((row, [leaf[i].clone() for leaf in leaves]) for i, row in enumerate(reached.tolist()))
    except KeyboardInterrupt:
        pass
    return rows, sum(made)


@pytest.mark.parametrize("engine", [Replay(), Wavefront(), Wavefront(max_states=2)], ids=str)
@pytest.mark.parametrize("order", ["backward", "forward", "two-sided", "shuffled"])
@pytest.mark.parametrize("name", ["plain tensor", "MLP"])
def test_a_run_stopped_anywhere_goes_on(engine, order, name):
    """To the same bits; a wavefront begins without a kernel again, and rounds differently there."""
    case, plan = CASES[name](), ro.plan(order, CHECKPOINTS)
    whole = Keeper()
    expected, cost = carried_out(engine, case, plan, whole)
    assert len(expected) == len(CHECKPOINTS) and whole.told > (8 if name == "plain tensor" else 2)
    for stop in range(1, whole.told + 1, 1 if whole.told < 20 else 7):  # a perceptron advances by several ticks
        stopped = Keeper(stop=stop)
        before, evaluations = carried_out(engine, case, plan, stopped)
        stopped.kept = type(stopped.kept)(json.loads(json.dumps(stopped.kept.position)), clone(stopped.kept.states))
        after, more = carried_out(engine, case, plan, Keeper(stopped.kept))
        assert evaluations + more == cost
        assert not before.keys() & after.keys()
        found = before | after
        assert found.keys() == expected.keys()
        off = 0.0 if isinstance(engine, Replay) else 1e-12
        for row, leaves in expected.items():
            assert all(torch.allclose(a, b, rtol=off, atol=off) for a, b in zip(leaves, found[row], strict=True))


def test_kernels_go_on_to_the_same_bits(monkeypatch):
    """Lanes beyond those in use are computed in place: where a run goes on, they must be known to be in use."""
    from revorder.engines import kernels

    monkeypatch.setattr(kernels, "WORTH_TRACING", 1)
    case, plan = CASES["plain tensor"](), ro.plan("two-sided", CHECKPOINTS)
    expected, _ = carried_out(Wavefront(), case, plan, None)
    for stop in range(1, len(plan.ticks)):
        stopped = Keeper(stop=stop)
        before, _ = carried_out(Wavefront(), case, plan, stopped)
        after, _ = carried_out(Wavefront(), case, plan, Keeper(stopped.kept))
        assert all(torch.equal(leaves[0], (before | after)[row][0]) for row, leaves in expected.items())


def test_how_many_states_are_held_is_kept_with_the_place():
    """A run that goes on where less memory is free is cut into the same parts."""
    case, plan = CASES["plain tensor"](), ro.plan("backward", CHECKPOINTS)
    stopped = Keeper(stop=7)
    before, done = carried_out(Wavefront(max_states=2), case, plan, stopped)
    after, more = carried_out(Wavefront(max_states=5), case, plan, Keeper(stopped.kept))
    assert stopped.kept.position["max_states"] == 2
    assert done + more == carried_out(Wavefront(max_states=2), case, plan, None)[1]
    assert len(before) + len(after) == len(CHECKPOINTS)


def test_states_that_wait_for_several_steps_are_kept_once():
    case, plan = CASES["MLP"](), ro.plan("forward", CHECKPOINTS, [0, 1, 2, 0, 1, 2, 0, 1, 2])
    stopped = Keeper(stop=1)
    carried_out(Replay(), case, plan, stopped)
    assert [number for _, number in stopped.kept.position["waiting"]] == [0]
    shared = ro.plan("two-sided", CHECKPOINTS)
    carried_out(Replay(), case, shared, stopped := Keeper(stop=3))
    waiting = [number for _, number in stopped.kept.position["waiting"]]
    assert max(waiting) + 1 == len(stopped.kept.states) <= len(waiting)


def test_merging_cannot_be_resumed():
    case, plan = CASES["plain tensor"](), ro.plan("backward", CHECKPOINTS)
    with pytest.raises(ValueError, match="merge_tol: got 0.1, but a run that can be resumed must be exact; use None"):
        carried_out(Wavefront(merge_tol=0.1), case, plan, Keeper())
    assert carried_out(Wavefront(merge_tol=1e-300), case, plan, None)[0].keys() == set(range(9))


def test_every_update_can_be_called_with_a_key():
    assert keyed(lambda state, batch, key: (state, batch, key))(1, 2, 3) == (1, 2, 3)
    assert keyed(lambda state, batch: (state, batch))(1, 2, 3) == (1, 2)
