"""Faults planted in every fast path: a run finds them itself, and gives what replay gives."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import torch
from family import distance
from processes import python
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines import fused, kernels
from revorder.engines.audit import EVERY_CALL, EVERY_STEP, Audit, Disagreement

STEPS, LATE = 250, 100  # in backward order the batches below LATE come last
LAST = [STEPS - 10, STEPS - 5, STEPS]
F64 = torch.float64
AGAIN = r"then again without kernels, since on batch \d+ the step was off by \S+ of the plain step"


def pairs(steps=STEPS):
    """Batches of 3 examples; their first feature says which batch it is."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(steps, 3, 4, generator=generator, dtype=F64)
    inputs[:, :, 0] = torch.arange(steps, dtype=F64)[:, None] / steps
    return list(zip(inputs, torch.randint(0, 2, (steps, 3), generator=generator), strict=True))


def network(criterion=cross_entropy, forward=None, **options):
    model = ro.models.mlp(4, 3, 2, activation=nn.Tanh, seed=1).double()
    loss, params = ro.module_loss(model, criterion, forward=forward)
    update = ro.sgd(loss, 0.1, **options)
    return SimpleNamespace(update=update, start=update.init(params), batches=pairs())


def numbers():
    """A plain function on single numbers, with batches that say which they are."""
    values = torch.rand(STEPS, generator=torch.Generator().manual_seed(1), dtype=F64)
    batches = torch.stack([values, torch.arange(STEPS, dtype=F64) / STEPS], dim=1)
    update = lambda x, b: x - 0.3 * (x - b[0]) ** 3
    return SimpleNamespace(update=update, start=torch.tensor(2.0, dtype=F64), batches=batches)


def run(case, engine="wavefront", order="backward", checkpoints=LAST):
    return ro.run(case.update, case.start, case.batches, order, checkpoints, engine=engine, progress=False)


def as_replayed(case, engine="wavefront", tolerance=1e-10, **options):
    """A run that gives what replay gives."""
    made = run(case, engine, **options)
    assert distance(made.states, run(case, "replay", **options).states) <= tolerance
    return made


def assert_says(made, pattern):
    assert re.search(pattern, made.engine), made.engine


def wrong_descent(monkeypatch, where):
    right = fused._descend
    calls = []

    def descend(layers, activations, x, targets, lr):
        calls.append(where(float(x[0, 0])))
        right(layers, activations, x, targets, -lr if calls[-1] else lr)

    monkeypatch.setattr(fused, "_descend", descend)
    return calls


def test_a_wrong_sign_in_the_hand_written_step_on_late_batches(monkeypatch):
    calls = wrong_descent(monkeypatch, lambda place: place < LATE / STEPS)
    made = as_replayed(network())
    assert True in calls and False in calls
    assert_says(made, AGAIN)


def test_a_wrong_sign_in_the_hand_written_step_from_the_first_batch_on(monkeypatch):
    calls = wrong_descent(monkeypatch, lambda place: True)
    made = as_replayed(network())
    assert_says(made, "a kernel was not the plain step, and is left out")
    assert "then again" not in made.engine and len(calls) < 20


def wrong_graphs(monkeypatch, wrong, options=None):
    """Kernels that are off by one part in a thousand where `wrong(*leaves)`; returns how often that was."""
    real, calls = kernels.make_fx, []

    def make_fx(step, **said):
        def trace(*inputs):
            graph = real(step, **said)(*inputs)

            def kernel(*leaves):
                graph(*leaves)
                calls.append(bool(wrong(*leaves)))
                if calls[-1]:
                    leaves[0].mul_(1.001)

            return kernel

        return trace

    monkeypatch.setattr(kernels, "make_fx", make_fx)
    return calls


@pytest.mark.parametrize("make", [numbers, lambda: network(momentum=0.5)], ids=["function", "module"])
def test_a_wrong_graph_from_the_start(make, monkeypatch):
    calls = wrong_graphs(monkeypatch, lambda *leaves: True)
    made = as_replayed(make())
    assert_says(made, "a kernel was not the plain step, and is left out")
    assert 0 < len(calls) < 60


@pytest.mark.parametrize("make, place", [
    (numbers, lambda *leaves: leaves[-1][1]), (lambda: network(momentum=0.5), lambda *leaves: leaves[-2][0, 0]),
], ids=["function", "module"])  # fmt: skip
def test_a_graph_that_is_wrong_on_some_batches(make, place, monkeypatch):
    calls = wrong_graphs(monkeypatch, lambda *leaves: place(*leaves) < LATE / STEPS)
    made = as_replayed(make())
    assert True in calls and False in calls
    assert_says(made, AGAIN)


def test_planted_faults_are_seen_without_an_audit(monkeypatch):
    """Else the tests above could not fail."""
    monkeypatch.setattr(Audit, "is_due", lambda self: False)
    wrong_descent(monkeypatch, lambda place: place < LATE / STEPS)
    with pytest.raises(AssertionError):
        as_replayed(network())
    wrong_graphs(monkeypatch, lambda *leaves: leaves[-1][1] < LATE / STEPS)
    with pytest.raises(AssertionError):
        as_replayed(numbers())


class Lengths(nn.Module):
    """A mean over the first so many entries of every row; lengths are read as Python numbers."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 2, dtype=F64)

    def forward(self, inputs):
        rows, lengths = inputs
        means = [row[:n].mean() for row, n in zip(rows, lengths.tolist(), strict=True)]
        return self.linear(torch.stack(means)[:, None])


def with_lengths():
    lengths = torch.randint(1, 5, (STEPS, 3), generator=torch.Generator().manual_seed(2))
    batches = [((x, n.clone()), y) for (x, y), n in zip(pairs(), lengths, strict=True)]
    loss, params = ro.module_loss(Lengths(), cross_entropy)
    update = ro.sgd(loss, 0.1)
    return SimpleNamespace(update=update, start=update.init(params), batches=batches)


def test_a_length_that_a_trace_freezes(monkeypatch):
    real, traced = kernels.make_fx, []

    def make_fx(step, **_):
        def trace(*inputs):
            traced.append(real(step, tracing_mode="real", _error_on_data_dependent_ops=False)(*inputs))
            return traced[-1]

        return trace

    monkeypatch.setattr(kernels, "make_fx", make_fx)
    made = as_replayed(with_lengths())
    assert traced
    assert_says(made, AGAIN)


def test_values_that_a_trace_would_freeze_are_not_traced():
    assert_says(as_replayed(with_lengths()), "not traced")


SLICES = """
import torch
import revorder as ro

class Means(torch.nn.Linear):
    def forward(self, inputs):
        rows, lengths = inputs
        return super().forward(torch.stack([row[:n].mean() for row, n in zip(rows, lengths.tolist())])[:, None])

lengths = torch.randint(1, 5, (200, 3), generator=torch.Generator().manual_seed(2))
batches = [((torch.rand(3, 4), lengths[i]), torch.tensor([0, 1, 0])) for i in range(200)]
loss, params = ro.module_loss(Means(1, 2), torch.nn.functional.cross_entropy)
update = ro.sgd(loss, 0.1)
run = lambda engine: ro.run(update, update.init(params), batches, "backward", [195, 200], engine=engine, progress=False)
gap = run("wavefront").states["params"]["weight"] - run("replay").states["params"]["weight"]
print(bool(gap.abs().max() < 1e-5))
"""


def test_lists_of_slices_of_one_tensor_do_not_end_the_process():
    """A trace sees tensors without memory, in which `tolist` of a slice would read anywhere."""
    made = python("-c", SLICES, timeout=100)
    assert made.returncode == 0, made.stderr[:300]
    assert made.stdout.split() == ["True"]


class Scaled:
    """A loss with a number that its owner may change, on batches up to a place."""

    def __init__(self, until):
        self.scale, self.until = 1.0, until

    def __call__(self, model, batch):
        inputs, targets = batch
        return cross_entropy(model(inputs), targets) * torch.where(inputs[0, 0] < self.until, self.scale, 1.0)


@pytest.mark.parametrize("until", [2.0, LATE / STEPS], ids=["all batches", "late batches"])
def test_a_loss_that_changed_since_the_last_run(until):
    changing = Scaled(until)
    case = network(None, forward=changing)
    before = as_replayed(case)
    assert any(kernel is not None for kernel in kernels._KEPT[case.update.loss].values())
    changing.scale = 3.0
    assert distance(as_replayed(case).states, before.states) > 1e-3
    changing.scale = 1.0
    assert distance(as_replayed(case).states, before.states) <= 1e-10


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
@pytest.mark.parametrize("make", [network, numbers, lambda: network(momentum=0.5)], ids=["fused", "function", "module"])
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
