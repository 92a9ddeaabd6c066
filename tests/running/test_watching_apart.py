"""A function that watches a run is apart from it: its states, its draws and its thread are its own."""

from __future__ import annotations

import functools
import math
import random
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from coins import ZERO, halfway
from family import CASES, ORDERS, network, run, same_bits
from watched import BITS, assert_shown, toss

import revorder as ro


@pytest.mark.parametrize("engine", ["replay", "wavefront", "affine"])
def test_states_are_copies_that_nobody_else_keeps(engine):
    seen = []

    def spoil(reached):
        assert all(gone() is None for gone in seen)
        seen.append(weakref.ref(reached.state))
        assert reached.state.untyped_storage().nbytes() == reached.state.nbytes and reached.state.is_leaf
        reached.state.fill_(math.nan)
        reached.metrics.clear()

    path, undisturbed = toss(engine=engine, on_checkpoint=spoil), toss(engine=engine)
    assert same_bits(path.states, undisturbed.states) and len(seen) == 4
    assert path.frame().equals(undisturbed.frame())


def test_states_are_what_record_chose():
    shown = {}
    for record in (lambda theta: {"twice": 2 * theta}, lambda theta: {}):
        toss(record=record, on_checkpoint=lambda reached: shown.setdefault(reached.step, reached.state))
        assert shown.pop(1).keys() <= {"twice"}
        shown.clear()


class Dice:
    """Draws from all generators of the process at some checkpoints, not at the first; or seeds them."""

    def __init__(self, seeds=False):
        self.drawn, self.calls, self.seeds = [], 0, seeds

    def __call__(self, reached):
        self.calls += 1
        if self.seeds:
            seed_all(self.calls)
        elif self.calls > 1:
            self.drawn.append((torch.rand(()).item(), np.random.rand(), random.random()))


def seed_all(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


@functools.cache
def drawing_case(kind):
    if kind == "torch_update":
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.3), torch.nn.Linear(64, 10)).double()
        update = ro.torch_update(model, torch.nn.functional.cross_entropy, lambda p: torch.optim.SGD(p, 0.1))
        return update, update.init(), CASES["MLP"]().batches
    case = CASES[kind]()
    return case.update, case.start, case.batches


DRAWING = [("plain tensor", "wavefront"), ("dropout", "replay"), ("dropout", "wavefront"), ("torch_update", "replay")]


@pytest.mark.parametrize("kind, engine", DRAWING)
def test_draws_of_the_function_and_of_the_run_are_apart(kind, engine):
    """The run gives the same bits, is not made again, and the function draws as it would without it."""
    update, start, batches = drawing_case(kind)
    made = functools.partial(ro.run, update, start, batches, "backward", range(1, 10), engine=engine, progress=False)
    undisturbed = made()
    for dice in (Dice(), Dice(seeds=True)):
        seed_all(3)
        path = made(on_checkpoint=dice)
        assert dice.calls == 9 and "then again" not in path.engine
        assert same_bits(path.states, undisturbed.states)
        seed_all(3)
        assert dice.drawn == [(torch.rand(()).item(), np.random.rand(), random.random()) for _ in dice.drawn]


def test_it_is_called_in_the_thread_that_runs_and_each_run_has_its_own():
    def seen(order):
        shown, threads = [], set()

        def show(reached):
            shown.append(reached)
            threads.add(threading.get_ident())

        assert_shown(shown, toss(order, on_checkpoint=show, engine="replay"))
        return threads == {threading.get_ident()}

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(seen, [str(order) for order in ORDERS] * 3))


def test_a_run_inside():
    inner = lambda reached: toss("backward", on_checkpoint=seen.append)
    seen = []
    path = toss(on_checkpoint=inner)
    assert len(seen) == 4 * len(set(path.steps)) and same_bits(path.states, toss().states)


@pytest.mark.parametrize("bad", [3, "print", [print], ro.Checkpoint])
def test_what_is_no_function_is_refused(bad):
    with pytest.raises(TypeError, match="on_checkpoint: got .* must be a function of a checkpoint"):
        toss(on_checkpoint=bad)
    with pytest.raises(TypeError, match="on_checkpoint: got"):
        ro.run_seeds(halfway, ZERO, BITS[None], "forward", [1], progress=False, on_checkpoint=bad)


def test_what_nobody_would_await_is_refused():
    async def later(reached):
        pass

    with pytest.raises(TypeError, match="on_checkpoint: got .* nothing would await it"):
        toss(on_checkpoint=later)


def test_it_shows_itself_in_one_line():
    seen = []
    run(network(ro.models.mlp(64, 12, 10)), "forward", [2], metrics={"m": lambda s: 0.5}, on_checkpoint=seen.append)
    assert repr(seen[0]).startswith("Checkpoint: order forward; step 2; metrics m 0.5; state 4 tensors of")
