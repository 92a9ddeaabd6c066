"""The audit of a run: which steps it looks at, what is a fault and what is not, and what it costs."""

from __future__ import annotations

import pytest
import torch
from planted import (
    AGAIN,
    F64,
    LATE,
    STEPS,
    as_replayed,
    assert_says,
    network,
    numbers,
    run,
    wrong_descent,
    wrong_graphs,
)

import revorder as ro
from revorder.engines.audit import EVERY_CALL, EVERY_STEP, Audit, Disagreement


def in_a_stack(x):
    return torch._C._functorch.is_batchedtensor(x)


@pytest.mark.parametrize("update", [
    lambda x, b: x - (0.31 if in_a_stack(x) else 0.3) * (x - b[0]),
    lambda x, b, key=None: x - (0.31 if in_a_stack(x) else 0.3) * (x - b[0]),
    lambda x, b: x - (0.31 if in_a_stack(x) and b[1] < LATE / STEPS else 0.3) * (x - b[0]),
], ids=["without a key", "with a key", "on late batches"])  # fmt: skip
@pytest.mark.parametrize("engine", ["wavefront", "auto"])
def test_a_step_that_differs_in_a_stack(update, engine):
    case = numbers()
    case.update = update
    made = as_replayed(case, engine, tolerance=0.0)
    assert_says(made, AGAIN)
    assert_says(made, "then again by replay, since on batch")


@pytest.mark.parametrize("plant", [False, True])
@pytest.mark.parametrize("make", [
    network, numbers, lambda: network(weight_decay=0.1),
], ids=["fused", "function", "module"])  # fmt: skip
def test_what_a_run_says_of_itself_repeats(make, plant, monkeypatch):
    if plant:
        wrong_descent(monkeypatch, lambda place: place < LATE / STEPS)
        wrong_graphs(monkeypatch, lambda *leaves: leaves[-1].double().sum() < 1)
    case = make()
    said = [run(case).engine, run(case).engine, run(make()).engine]
    assert len(set(said)) == 1, "\n".join(said)
    assert "against the plain step" in said[0]


class Steps:
    """An audit of an update alone, with whatever an engine may make of a state."""

    def __init__(self, update, batch):
        self.update, self.batch = update, batch
        self.audit = Audit(update, lambda letter: batch, lambda own, letter, state, b: own(state, b), str)

    def check(self, before, shortcut):
        again = lambda state: shortcut(state, self.batch)
        self.audit.check(0, self.batch, before, again(before), again)


BATCH = torch.ones(2, dtype=F64)


def test_a_kink_is_no_fault():
    """At 0 both sides of a ReLU's derivative are right, but only there."""
    steps = Steps(lambda x, b: x - 0.5 * (x > 0) * b, BATCH)
    kink = torch.tensor([0.0, 1.0], dtype=F64)
    shortcut = lambda x, b: x - 0.5 * (x >= 0) * b
    assert not torch.equal(shortcut(kink, BATCH), steps.update(kink, BATCH))
    steps.check(kink, shortcut)
    with pytest.raises(Disagreement, match="the step was off by"):
        steps.check(kink, lambda x, b: x - 0.6 * (x > 0) * b)
    with pytest.raises(Disagreement):
        steps.check(kink, lambda x, b: x - 0.5 * (x >= -1) * b - 0.5 * (x < 0.5) * b)


def test_which_steps_are_looked_at_depends_on_the_plan_alone(monkeypatch):
    for clock in ("time", "perf_counter", "monotonic", "perf_counter_ns", "process_time"):
        monkeypatch.setattr(f"time.{clock}", lambda: pytest.fail("no clock has a say in it"))
    due = []
    for _ in range(2):
        audit = Steps(lambda x, b: x, BATCH).audit
        audit.spread(2000, EVERY_CALL)
        due.append({n for n in range(2000) if audit.is_due()})
    assert due[0] == due[1] == audit.due
    assert 1999 in due[0] and 2000 // EVERY_CALL <= len(due[0]) <= 2000 // EVERY_CALL + 2
    for calls in (1, 2, 40):
        audit.spread(calls, EVERY_CALL)
        assert calls - 1 in audit.due and len(audit.due) <= 2


CALLS = []  # of an update, one by one; a global one, so that every copy of the update counts


def counted(x, b):
    if not in_a_stack(x):
        CALLS.append(1)
    return x - 0.3 * (x - b)


@pytest.mark.parametrize("engine, every", [("replay", EVERY_STEP), ("wavefront", EVERY_CALL)])
def test_an_audit_costs_little(engine, every):
    """Single calls beyond those of the plan: 2 in 100 of the batched calls, and a few at the beginning."""
    batches = torch.rand(2000, generator=torch.Generator().manual_seed(0), dtype=F64)
    plan = ro.plan("backward", [1980, 2000])
    order, asked = ("forward", [2000]) if engine == "replay" else ("backward", [1980, 2000])
    assert plan.launches == 2000
    CALLS.clear()
    ro.run(counted, torch.tensor(0.0, dtype=F64), batches, order, asked, engine=engine, progress=False)
    own = 2000 if engine == "replay" else 0
    assert 2000 // every <= len(CALLS) - own <= 0.02 * 2000 + 30
