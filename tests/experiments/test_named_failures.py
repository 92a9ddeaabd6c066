"""What fails in somebody's own code, or does not fit, is called by its own name, whatever it is computed with."""

from __future__ import annotations

import sys

import pytest
import torch
from own_code import empty_registry

from revorder.experiments import Config, register_loss, register_metric, register_model, run

TINY = Config("tiny", seeds=1, steps=20, stride=10, width=4)


@pytest.fixture(autouse=True)
def registry():
    with empty_registry():
        yield


def failing(*given):
    raise KeyError("boom")


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
@pytest.mark.parametrize("name, function, called", [
    ("margin", lambda outputs, targets: failing(), r"metrics\['train margin'\]"),
    ("norm", lambda params: failing(), r"metrics\['norm'\]"),
])  # fmt: skip
def test_the_metric_that_fails_is_named_among_those_of_its_pass(name, function, called, engine, tmp_path):
    register_metric("before", lambda outputs, targets: outputs.mean())
    register_metric(name, function)
    with pytest.raises(ValueError, match=f"^{called}: it failed .*KeyError: 'boom'"):
        run(TINY.replace(metrics=("before", name), engine=engine), tmp_path / "out")


def test_the_part_that_a_loss_fails_on_is_named(tmp_path):
    def loss(outputs, targets):
        return failing() if len(outputs) == 297 else torch.nn.functional.cross_entropy(outputs, targets)

    register_loss("mine", loss)
    with pytest.raises(ValueError, match=r"^metrics\['test loss'\]: it failed .*KeyError: 'boom'"):
        run(TINY.replace(loss="mine", test_examples=297, train_measured=100), tmp_path / "out")


def test_a_memory_that_a_metric_fills_is_reported_as_that(tmp_path):
    register_metric("huge", lambda outputs, targets: torch.empty(2**58).sum())
    with pytest.raises(MemoryError, match=r"^metrics\['train huge'\]: .*allocate"):
        run(TINY.replace(metrics=("huge",)), tmp_path / "out")


def test_an_own_model_that_is_too_large_is_named(tmp_path):
    register_model("huge", lambda: torch.nn.Linear(2**29, 2**29))
    with pytest.raises(MemoryError, match="^model, width: there is too little memory for huge of width 4; .*allocate"):
        run(TINY.replace(model="huge"), tmp_path / "out")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems promise memory that they do not have")
def test_a_model_of_ours_that_is_too_large_is_named(tmp_path):
    with pytest.raises(MemoryError, match="^model, width: there is too little memory for mlp of width 1000000000; "):
        run(TINY.replace(width=10**9), tmp_path / "out")
