"""Spans: ticks that are carried out together, by torch and by numba, come out as replay has them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from family import distance, long, network
from hypothesis import given
from hypothesis import strategies as st
from planted import as_replayed, assert_says

import revorder as ro
from revorder.engines import spanning
from revorder.engines.spanning import Spanning
from revorder.engines.spans import Span, spans
from revorder.engines.windows import Fast, Windows

F64 = torch.float64
ORDERS = ["forward", "backward", "two-sided", "backward-window:7", "backward-tail:5", "backward-blocks:4", "shuffled"]


def grouped(plan, most):
    return list(spans(plan.ticks, lambda: most))


@given(
    order=st.sampled_from(ORDERS),
    steps=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    most=st.integers(1, 9),
)
def test_spans_are_the_ticks_in_their_order(order, steps, most):
    plan = ro.plan(order, steps)
    found = grouped(plan, most)
    assert [tick.letter for span in found for tick in span.ticks] == [tick.letter for tick in plan.ticks]
    assert sum(span.cost for span in found) == plan.cost
    assert all(len(span.ticks) <= most for span in found)


@given(order=st.sampled_from(ORDERS), steps=st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_a_span_carried_out_at_once_is_its_ticks_one_by_one(order, steps):
    """States are words here: what is copied before the first tick has not moved until then."""
    plan = ro.plan(order, steps)
    slots = [()] * plan.peak_states
    for span in grouped(plan, 9):
        source, target = span.forks
        if span.is_neat:
            for old, new in zip(source.tolist(), target.tolist(), strict=True):
                slots[new] = slots[old]
            for lane, begin in enumerate(span.begins):
                slots[span.first + lane] += tuple(span.letters[begin:])
        else:
            for old, new in zip(source.tolist(), target.tolist(), strict=True):
                slots[new] = slots[old]
            for slot in span.ticks[0].slots.tolist():
                slots[slot] += tuple(span.letters)
        for row, end in zip(span.ticks[-1].rows.tolist(), span.ticks[-1].ends.tolist(), strict=True):
            assert slots[end] == tuple(plan.words[row].tolist())
        assert not any(tick.rows.size for tick in span.ticks[:-1])


def test_a_span_of_backward_order_grows():
    plan = ro.plan("backward", [4, 8, 12])
    assert [span.begins for span in grouped(plan, 100)] == [[0, 4], [0, 0, 0]]  # the last one takes the start's slot
    assert isinstance(grouped(plan, 100)[0], Span)


@pytest.fixture(params=[False, True], ids=["torch", "numba"])
def engine(request):
    if request.param:
        pytest.importorskip("numba", reason="the extra `fast` is not installed")
    return ro.Wavefront(fast=request.param)


@pytest.fixture
def carried(monkeypatch):
    """How many ticks each span had that a kernel carried out."""
    ticks, carry_out = [], Spanning.carry_out

    def counted(self, span, *rest):
        done = carry_out(self, span, *rest)
        ticks.append(len(span.ticks) if done else -len(span.ticks))
        return done

    monkeypatch.setattr(Spanning, "carry_out", counted)
    return ticks


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("stride", [1, 7])
def test_spans_change_nothing(order, stride, engine, carried):
    case = long("MLP", 60)
    as_replayed_by = ro.run(case.update, case.start, case.batches, order, range(stride, 61, stride), engine="replay",
                            progress=False)  # fmt: skip
    made = ro.run(
        case.update, case.start, case.batches, order, range(stride, 61, stride), engine=engine, progress=False
    )
    assert distance(made.states, as_replayed_by.states) <= 1e-11
    assert made.cost == as_replayed_by.cost
    assert sum(carried) > 0 and min(carried) > 0
    assert ("numba" in made.engine) == bool(engine.fast)


def test_batches_as_a_list_of_pairs(engine, carried):
    case = long("MLP", 40)
    case.batches = [case.batches[i] for i in range(40)]
    as_replayed(case, engine, checkpoints=[10, 40])
    assert sum(carried) > 0


def test_a_batch_that_is_no_row_of_the_others(engine, carried):
    """A shorter batch, ignored targets, and a batch that the formulas are not for."""
    case = long("MLP", 40)
    batches = [case.batches[i] for i in range(40)]
    batches[7] = tuple(part[:2] for part in batches[7])
    batches[20][1][:2] = -100
    case.batches = batches
    as_replayed(case, engine, checkpoints=[10, 40])
    assert min(carried) < 0 < max(carried)


def test_batches_of_a_class_of_ones_own(engine):
    """A subclass may hand out anything."""

    class Flipped(ro.batches.Minibatches):
        def __getitem__(self, number):
            inputs, targets = super().__getitem__(number)
            return -inputs, targets

    case = long("MLP", 40)
    case.batches = Flipped(case.batches.data, case.batches.index)
    as_replayed(case, engine, checkpoints=[10, 40])


@pytest.mark.parametrize("activation", [torch.nn.ReLU, torch.nn.Tanh])
@pytest.mark.parametrize("sizes", [(64, 10), (64, 5, 10), (64, 12, 9, 10)])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_perceptrons_of_other_people(sizes, activation, momentum, engine, carried):
    case = network(ro.models.mlp(*sizes, activation=activation))
    case.update = ro.sgd(case.update.loss, 0.05, momentum=momentum)
    case.start = case.update.init(ro.module_loss(case.update.loss.model, case.update.loss.criterion)[1])
    case.batches = ro.batches.Minibatches(case.batches.data, ro.batches.iid(48, 6, 50, seed=3))
    case.batches.data[1][:5] = -100
    as_replayed(case, engine, checkpoints=[5, 30, 31, 50])
    assert max(carried) > 1


@pytest.mark.parametrize("wrong_from", [0, 20])
def test_a_wrong_step_for_many_batches(wrong_from, engine, monkeypatch):
    """From the beginning: the next step takes over. Later: the run is made again without."""
    first = next(kind for kind in (Fast, Windows) if engine.fast or kind is Windows)
    advance, calls = first.advance, []

    def spoiled(self, leaves, inputs, targets, begins):
        advance(self, leaves, inputs, targets, begins)
        calls.append(len(inputs))
        if sum(calls) > wrong_from:
            leaves[0].mul_(1.001)

    monkeypatch.setattr(first, "advance", spoiled)
    case = long("MLP", 60)
    made = as_replayed(case, engine, checkpoints=[30, 60])
    assert_says(made, "then again" if wrong_from else "a step for many batches was not the plain step")


def test_seeds_take_turns(engine, carried):
    problem = ro.problems.digits_mlp(steps=40, batch_size=4, dtype=F64)
    data, index = problem.batches.data, [ro.batches.iid(len(problem.batches.data[0]), 4, 40, seed) for seed in range(3)]
    batches = [ro.batches.Minibatches(data, rows) for rows in index]
    starts = [ro.problems.digits_mlp(seed=seed, dtype=F64).start for seed in range(3)]
    together = ro.run_seeds(problem.update, starts, batches, "backward", [10, 25, 40], engine=engine, progress=False)
    for seed in range(3):
        alone = ro.run(problem.update, starts[seed], batches[seed], "backward", [10, 25, 40], engine="replay",
                       progress=False)  # fmt: skip
        own = torch.utils._pytree.tree_map(lambda leaf, seed=seed: leaf[:, seed], together.states)
        assert distance(own, alone.states) <= 1e-11
    assert min(carried) > 0 and together.cost == 3 * 75


def test_fast_without_numba(monkeypatch):
    case = long("MLP", 30)
    monkeypatch.setattr("revorder.fast.run.available", lambda: False)
    made = as_replayed(case, "wavefront", checkpoints=[30])
    assert "numba" not in made.engine
    with pytest.raises(ValueError, match=r"fast: .*revorder\[fast\]"):
        as_replayed(case, ro.Wavefront(fast=True), checkpoints=[30])


def test_fast_for_what_is_no_perceptron_says_so():
    pytest.importorskip("numba", reason="the extra `fast` is not installed")
    case = long("plain tensor", 30)
    assert_says(as_replayed(case, ro.Wavefront(fast=True), checkpoints=[30]), "not by numba")


@pytest.mark.parametrize("ready, seconds, taken", [(True, 100.0, True), (False, 0.0, True), (False, 100.0, False)])
def test_numba_is_taken_where_its_first_call_pays(ready, seconds, taken, monkeypatch):
    pytest.importorskip("numba", reason="the extra `fast` is not installed")
    monkeypatch.setattr("revorder.fast.run.LEAST", 0.0)
    monkeypatch.setattr("revorder.fast.run.is_ready", lambda dtype: ready)
    monkeypatch.setattr("revorder.fast.run.first_call_seconds", lambda kind, dtype: seconds)
    assert ("numba" in as_replayed(long("MLP", 60), "wavefront", checkpoints=[60]).engine) is taken


def test_checkpoints_in_any_order_and_many_parts(engine):
    case = long("MLP", 50)
    asked = np.random.default_rng(0).permutation(np.arange(1, 51))[:20].tolist() + [50, 3, 3]
    few = ro.Wavefront(fast=engine.fast, max_states=4)
    for each in (engine, few):
        as_replayed(case, each, checkpoints=asked)
    assert spanning.LOOKED_AT > 1
