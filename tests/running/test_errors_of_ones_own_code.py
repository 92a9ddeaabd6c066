"""Errors in a user's own functions come back with the argument, the batch or step, and their cause."""

from __future__ import annotations

import pytest
import torch
from moved import ENGINES, STEPS, moved, numbered, run


def an_attribute():
    return torch.nn.functional.sigmod


def an_index():
    return [1, 2][5]


def a_key():
    return {"inputs": 1}["x"]


def a_division():
    return 1 / 0


def a_kind():
    return 1 + "1"


def a_value():
    return int("three")


FAULTS = {
    an_attribute: (ValueError, "AttributeError", "sigmod"),
    an_index: (ValueError, "IndexError", "list index out of range"),
    a_key: (ValueError, "KeyError", "x"),
    a_division: (ValueError, "ZeroDivisionError", "division by zero"),
    a_kind: (TypeError, "TypeError", "unsupported operand"),
    a_value: (ValueError, "ValueError", "invalid literal"),
}
faults = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)


def refused(fault, call):
    """What an error says; it is of a kind that callers expect, and has what was raised as its cause."""
    kind, raised, says = FAULTS[fault]
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    causes, error = [], caught.value
    while error is not None:
        causes.append(type(error).__name__)
        error = error.__cause__
    assert type(caught.value) is kind and raised in causes and len(causes) > 1
    assert says in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
@faults
def test_update(fault, engine):
    said = refused(fault, lambda: run(lambda x, b: x + fault(), engine=engine))
    assert said.startswith("update: it failed on batch 4") and "first needed for step 5" in said
    assert "the state was tensor () float64; the batch was tensor (2,) float64" in said


@pytest.mark.parametrize("engine", ENGINES)
@faults
def test_update_on_a_later_batch(fault, engine):
    said = refused(fault, lambda: run(lambda x, b: moved(x, b) if b[1] != 1 else x + fault(), engine=engine))
    assert said.startswith("update: it failed on batch 1 (first needed for step 5)")


@pytest.mark.parametrize("engine", ENGINES)
@faults
def test_metric(fault, engine):
    said = refused(fault, lambda: run(metrics={"size": lambda x: fault()}, engine=engine))
    assert said.startswith("metrics['size']: it failed at step ") and "the state was tensor () float64" in said


@pytest.mark.parametrize("engine", ENGINES)
@faults
def test_record(fault, engine):
    said = refused(fault, lambda: run(record=lambda x: fault(), engine=engine))
    assert said.startswith("record: it failed at step ") and "the state was tensor () float64" in said


@faults
def test_metric_at_one_step_only(fault):
    last = run(engine="replay").state(STEPS)
    said = refused(fault, lambda: run(metrics={"size": lambda x: fault() if x == last else 1.0}, engine="replay"))
    assert said.startswith(f"metrics['size']: it failed at step {STEPS}")


class Data:
    """Batches that cannot all be had."""

    def __init__(self, fault):
        self.fault = fault

    def __len__(self):
        return STEPS

    def __getitem__(self, i):
        return numbered()[i] if i != 2 else self.fault()


@faults
def test_batches(fault):
    said = refused(fault, lambda: run(batches=Data(fault)))
    assert said.startswith("batches: it failed when batch 2 was asked for")
