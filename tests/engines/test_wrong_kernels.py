"""Faults planted in hand-written, traced and kept kernels: a run finds them itself, and gives what replay gives."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
import torch
from family import distance
from planted import (
    AGAIN,
    F64,
    LATE,
    STEPS,
    as_replayed,
    assert_says,
    network,
    numbers,
    pairs,
    wrong_descent,
    wrong_graphs,
)
from processes import python
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines import kernels
from revorder.engines.audit import Audit
from revorder.engines.standing import standing_of


def test_a_wrong_sign_in_the_hand_written_step_on_late_batches(monkeypatch):
    calls = wrong_descent(monkeypatch, lambda place: place < LATE / STEPS)
    made = as_replayed(network())
    assert True in calls and False in calls
    assert_says(made, AGAIN)


def test_a_wrong_sign_in_the_hand_written_step_from_the_first_batch_on(monkeypatch):
    calls = wrong_descent(monkeypatch, lambda place: True)
    made = as_replayed(network())
    assert_says(made, "a step for many batches was not the plain step, and is left out")
    assert_says(made, "a kernel was not the plain step, and is left out")
    assert "then again" not in made.engine and len(calls) < 40


@pytest.mark.parametrize("make", [numbers, lambda: network(weight_decay=0.1)], ids=["function", "module"])
def test_a_wrong_graph_from_the_start(make, monkeypatch):
    calls = wrong_graphs(monkeypatch, lambda *leaves: True)
    made = as_replayed(make())
    assert_says(made, "a kernel was not the plain step, and is left out")
    assert 0 < len(calls) < 60


@pytest.mark.parametrize("make, place", [
    (numbers, lambda *leaves: leaves[-1][1]), (lambda: network(weight_decay=0.1), lambda *leaves: leaves[-2][0, 0]),
], ids=["function", "module"])  # fmt: skip
def test_a_graph_that_is_wrong_on_some_batches(make, place, monkeypatch):
    calls = wrong_graphs(monkeypatch, lambda *leaves: place(*leaves) < LATE / STEPS)
    made = as_replayed(make())
    assert True in calls and False in calls
    assert_says(made, AGAIN)


def test_planted_faults_are_seen_without_an_audit(monkeypatch):
    """Else the tests above could not fail."""
    monkeypatch.setattr(Audit, "spread", lambda self, *calls: None)
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
    monkeypatch.setattr(kernels, "NoValues", contextlib.nullcontext)
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
@pytest.mark.parametrize("kept", [False, True])
def test_a_loss_that_changed_since_the_last_run(monkeypatch, until, kept):
    """Kernels of an object that may change are not kept; where they are, they are compared before their first use."""
    if kept:
        monkeypatch.setattr(kernels, "standing_of", lambda loss: ())
    changing = Scaled(until)
    case = network(None, forward=changing)
    before = as_replayed(case)
    assert (case.update.loss in kernels._KEPT) is kept
    assert not kept or any(kernel is not None for kernel in kernels._KEPT[case.update.loss].values())
    changing.scale = 3.0
    assert distance(as_replayed(case).states, before.states) > 1e-3
    changing.scale = 1.0
    assert distance(as_replayed(case).states, before.states) <= 1e-10


def test_kept_kernels_are_told_apart_by_what_the_loss_reads():
    criterion = nn.CrossEntropyLoss()
    loss, params = ro.module_loss(nn.Linear(3, 4), criterion)
    first = standing_of(loss)
    assert first is not None and standing_of(loss) == first
    criterion.label_smoothing = 0.5
    assert standing_of(loss) not in (None, first)
    rate = 1.0
    loss, params = ro.module_loss(nn.Linear(3, 4), lambda out, y: rate * cross_entropy(out, y))
    first = standing_of(loss)
    rate = 2.0
    assert standing_of(loss) not in (None, first)
    rates = [1.0]
    loss, params = ro.module_loss(nn.Linear(3, 4), lambda out, y: rates[0] * cross_entropy(out, y))
    assert standing_of(loss) is None  # what is in the list may change without a trace
