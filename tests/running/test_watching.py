"""`on_checkpoint`: each step is shown once, when it is reached, with what the trajectory will have."""

from __future__ import annotations

import math
import random

import pytest
import torch
from coins import ZERO, halfway
from family import CASES, CHECKPOINTS, ORDERS, distance, literally, run, same_bits
from linear_models import data, half_square
from planted import AGAIN, assert_says, numbers, wrong_graphs
from planted import network as perceptron
from watched import BITS, assert_shown, toss

import revorder as ro
from revorder.engines.audit import Disagreement
from revorder.engines.replay import Replay

ENGINES = ["replay", "wavefront", ro.Wavefront(max_states=2), "affine", "auto"]


@pytest.mark.parametrize("engine", ENGINES, ids=str)
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_step_is_shown_once_with_what_the_trajectory_has(order, engine):
    seen = []
    assert_shown(seen, toss(order, engine=engine, on_checkpoint=seen.append))


@pytest.mark.parametrize("name", ["CNN with BatchNorm", "dropout", "Adam"])
@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_states_of_networks_are_those_of_the_definition(name, engine):
    seen, case = [], CASES[name]()
    path = run(case, "backward-window:3", CHECKPOINTS, engine=engine, on_checkpoint=seen.append)
    assert_shown(seen, path)
    for each in seen:
        assert distance(each.state, literally(case, ro.BackwardWindow(3).word(each.step))) < 1e-12


@pytest.mark.parametrize("engine", [ro.Wavefront(fast=True), ro.Wavefront(fast=False), "auto"], ids=str)
@pytest.mark.parametrize("order", ["backward", "backward-blocks:40", "two-sided"])
def test_many_batches_at_once(order, engine):
    """Perceptrons, whose states take many batches in one call: by numba, and by torch."""
    seen, case, steps = [], perceptron(), range(10, 251, 30)
    path = run(case, order, steps, engine=engine, on_checkpoint=seen.append)
    assert_shown(seen, path)
    assert distance(path.states, run(case, order, steps, engine="replay").states) < 1e-10


@pytest.mark.parametrize("order", ["backward", "two-sided", "forward"])
def test_linear_regressions(order):
    model, seen = torch.nn.Linear(5, 2, dtype=torch.float64), []
    loss, params = ro.module_loss(model, half_square)
    update, batches = ro.sgd(loss, 0.05), data(model)
    path = ro.run(update, update.init(params), batches, order, range(1, 22, 3), engine="affine", progress=False,
                  on_checkpoint=seen.append)  # fmt: skip
    assert_shown(seen, path)


class Asked(list):
    """Batches that write down when they are asked for."""

    def __getitem__(self, number):
        self.events.append(("batch", number))
        return super().__getitem__(number)


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_a_step_is_shown_as_soon_as_it_is_reached(engine):
    """In forward order: before the next batch is asked for."""
    batches, steps = Asked(BITS), range(1, 10)
    batches.events = events = []
    ro.run(halfway, ZERO, batches, "forward", steps, engine=engine, progress=False,
           on_checkpoint=lambda reached: events.append(("shown", reached.step)))  # fmt: skip
    last = {event: place for place, event in enumerate(events)}
    assert all(last["batch", n - 1] < last["shown", n] < last.get(("batch", n), math.inf) for n in steps)


def test_what_is_reached_together_is_shown_by_steps():
    """Backward words end together in the wavefront; W&B, for one, drops steps that run back."""
    seen = []
    toss("backward", engine="wavefront", on_checkpoint=lambda reached: seen.append(reached.step))
    assert seen == [1, 2, 5, 9]


class Stumbling:
    """An engine that finds a step wrong after its first two checkpoints, as often as it may."""

    def states(self, maps, start, plan, advanced):
        for number, reached in enumerate(Replay().states(maps, start, plan, advanced)):
            if number == 2:
                raise Disagreement("planted")
            yield reached


def test_what_is_redone_is_shown_again_and_marked():
    seen = []
    path = toss(checkpoints=[1, 3, 5, 3, 7], engine=Stumbling(), on_checkpoint=seen.append)
    assert [(each.step, each.again) for each in seen] == [
        (1, False), (3, False), (1, True), (3, True), (1, True), (3, True), (5, False), (7, False),
    ]  # fmt: skip
    assert_says(path, "then again by replay, since planted")
    assert "again as shown before" in repr(seen[2]) and "again" not in repr(seen[-1])


def test_a_planted_fault_in_a_kernel_is_put_right_before_the_end(monkeypatch):
    """What was last shown of a step is what the trajectory has, and what replay gives."""
    case, steps, seen = numbers(), range(25, 251, 25), []
    right = run(case, "backward-blocks:50", steps, engine="replay")
    wrong_graphs(monkeypatch, lambda *leaves: leaves[-1][1] > 0.6)
    path = run(case, "backward-blocks:50", steps, engine="wavefront", on_checkpoint=seen.append)
    assert_says(path, AGAIN)
    last = {each.step: each for each in seen}
    assert {each.again for each in last.values()} == {True, False} and not seen[0].again
    assert all(same_bits(each.state, path.state(n)) for n, each in last.items())
    assert distance(path.states, right.states) < 1e-10


def test_what_is_redone_because_of_draws_is_marked():
    """The update draws from where nothing was known to; the run is made again, call by call."""

    def update(state, batch):
        if batch > 5:
            random.random()
        return state - 0.5 * (state - batch)

    seen, batches = [], torch.arange(9, dtype=torch.float64)
    ro.run(update, ZERO, batches, "forward", range(1, 10), engine="replay", progress=False, on_checkpoint=seen.append)
    assert [each.step for each in seen if not each.again] == list(range(1, 10))
    assert [each.step for each in seen if each.again] == list(range(1, 10))
