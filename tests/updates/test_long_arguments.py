"""What is refused is shown in one line, however much it holds; and who gives all of module_loss is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

import revorder as ro
from revorder.showing import LINE

PAIR = ro.module_loss(torch.nn.Linear(400, 40), mse_loss)  # a loss and params: what to take apart
NUMBERS = [torch.rand(60, 60)] * 9
START, BATCHES = torch.ones(()), torch.zeros(3)


def halve(state, batch):
    return state - 0.5 * (state - batch)


def run(**given):
    options = {"update": halve, "start": START, "batches": BATCHES, "order": "forward", "checkpoints": [3]}
    return ro.run(**options | {"progress": False} | given)


def stepped(update):
    return update(update.init(), (torch.ones(1, 2), torch.ones(1, 2)))


class Unsized:
    """Batches without a length, which show all that they hold."""

    def __repr__(self):
        return repr(NUMBERS)


CALLS = {
    "sgd": lambda: ro.sgd(PAIR, 0.1),
    "adam": lambda: ro.adam(PAIR, 0.1),
    "adam, no pair": lambda: ro.adam(NUMBERS, 0.1),
    "learning rate": lambda: ro.sgd(PAIR[0], NUMBERS),
    "momentum": lambda: ro.sgd(PAIR[0], 0.1, momentum=NUMBERS),
    "betas": lambda: ro.adam(PAIR[0], 0.1, betas=NUMBERS),
    "model": lambda: ro.module_loss(PAIR, mse_loss),
    "criterion": lambda: ro.module_loss(torch.nn.Linear(2, 2), NUMBERS),
    "forward": lambda: ro.module_loss(torch.nn.Linear(2, 2), forward=NUMBERS),
    "make_optimizer": lambda: ro.torch_update(torch.nn.Linear(2, 2), mse_loss, NUMBERS),
    "what it returned": lambda: stepped(ro.torch_update(torch.nn.Linear(2, 2), mse_loss, lambda params: NUMBERS)),
    "update": lambda: run(update=PAIR),
    "start": lambda: run(start={"w": np.random.default_rng(0).random((60, 60))}),
    "batches": lambda: run(batches=Unsized()),
    "record": lambda: run(record=NUMBERS),
    "metrics": lambda: run(metrics=NUMBERS),
    "executor": lambda: run(executor=NUMBERS),
    "on_checkpoint": lambda: run(on_checkpoint=NUMBERS),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_is_one_line(name):
    """Else a page of numbers stands between what was done and what to do."""
    with pytest.raises((TypeError, ValueError), match=r": (got|it returned) ") as caught:
        CALLS[name]()
    said = str(caught.value)
    assert "\n" not in said and "…, but " in said and len(said) < LINE + 200


@pytest.mark.parametrize("make", [lambda loss: ro.sgd(loss, 0.1), lambda loss: ro.adam(loss, 0.1)])
def test_who_gives_all_of_module_loss_is_told_what_it_returns(make):
    with pytest.raises(TypeError, match=r"^loss: got \(ModuleLoss: .*two things: loss, params = module_loss\(model"):
        make(PAIR)
    with pytest.raises(TypeError, match=r"^loss: got 3, but it must be a function loss\(params, batch\) -> scalar$"):
        make(3)


def test_what_is_short_is_shown_whole():
    with pytest.raises(TypeError, match=r"^record: got \[1, 2\], but it must be a function of a state$"):
        run(record=[1, 2])


def test_arrays_in_a_batch_are_shown_in_a_line():
    """Where an update fails, it is said what it was given."""
    arrays = [{"x": np.random.default_rng(0).random((60, 60))}] * 3
    with pytest.raises(TypeError, match="^update: it failed on batch 0") as caught:
        run(update=lambda state, batch: torch.add(state, batch["x"]), batches=arrays)
    (shown,) = [said for said in str(caught.value).splitlines() if "the batch was" in said]
    assert "array([[" in shown and shown.endswith("…")
