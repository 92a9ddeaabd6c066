"""Two threads at once: what draws at random, and modules that are written into, give what they give alone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import torch
from family import CASES, images, same_bits
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines.purity import fresh
from revorder.experiments import Config
from revorder.experiments import run as run_experiment
from revorder.updates import randomness

STEPS = 9
ORDERS = ["forward", "backward", "shuffled:1", "two-sided"]


class Rest(nn.Module):
    """Lets another thread have its turn, between the seeding and what is drawn, and before the parameters are read."""

    def forward(self, x):
        time.sleep(0.0005)
        return x


def network():
    return nn.Sequential(nn.Flatten(), Rest(), nn.Dropout(0.5), ro.models.mlp(64, 4, 10, seed=1)).double()


def of_loss(model=None):
    loss, params = ro.module_loss(model or network(), cross_entropy, seed=4)
    update = ro.sgd(loss, 0.1, momentum=0.5)
    return update, update.init(params)


def of_torch():
    make = lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.5)
    update = ro.torch_update(network(), cross_entropy, make, seed=4)
    return update, update.init()


def states(update, start, order, engine="replay"):
    made = ro.run(update, start, images(), order, [4, STEPS], engine=engine, progress=False, record=update.params)
    return made.states


def at_once(calls):
    """What functions return if they are called in threads that begin at the same moment."""
    gate = threading.Barrier(len(calls))

    def begin(call):
        gate.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result(timeout=60) for future in [threads.submit(begin, call) for call in calls]]


def runs(make, engine="replay", orders=ORDERS[:2]):
    """Runs in some orders that share one update, alone and at once."""
    update, start = make()
    calls = [lambda order=order: states(update, start, order, engine) for order in orders]
    return [call() for call in calls], at_once(calls)


@pytest.mark.parametrize("engine", ["replay", "auto"])
@pytest.mark.parametrize("make", [of_loss, of_torch])
def test_runs_that_share_an_update(make, engine):
    alone, together = runs(make, engine)
    assert all(map(same_bits, alone, together))
    assert not same_bits(alone[0], alone[1])


def test_a_copy_is_not_made_in_the_middle_of_a_step():
    """It would draw as if it were in that step for ever, without a seed of its own."""
    update, _ = of_torch()
    begun = threading.Event()

    def step():
        with update.held.draws.keyed(0):
            begun.set()
            time.sleep(0.1)

    thread = threading.Thread(target=step)
    thread.start()
    begun.wait(10)
    copied = fresh(update)
    thread.join(10)
    assert copied is not update and copied.held.draws.inside is None


def test_an_update_examines_itself_while_another_thread_makes_steps():
    update, start = of_torch()
    some = [images()[number] for number in range(5)]
    stop = threading.Event()

    def step():
        while not stop.is_set():
            update(start, some[0], key=0)

    thread = threading.Thread(target=step, daemon=True)
    thread.start()
    try:
        for _ in range(5):
            update.examine(start, some, range(5))
    finally:
        stop.set()
        thread.join(10)


def test_four_runs_of_their_own_updates():
    alone = [states(*of_loss(), order) for order in ORDERS]
    together = at_once([lambda order=order: states(*of_loss(), order) for order in ORDERS])
    assert all(map(same_bits, alone, together))


@pytest.mark.parametrize("make", [of_loss, of_torch])
def test_without_taking_turns_numbers_differ(make, monkeypatch):
    """Else the tests above could not fail. What is wrong may also be found, and refused, by the run itself."""
    monkeypatch.setattr(randomness, "TURN", nullcontext())
    for _ in range(5):
        try:
            alone, together = runs(make)
        except (ValueError, RuntimeError):
            return
        if not all(map(same_bits, alone, together)):
            return
    pytest.fail("threads in each other's way went unnoticed")


def test_a_loss_that_two_threads_call():
    loss, params = ro.module_loss(network(), cross_entropy, seed=4)
    batches = images()

    def calls(number):
        return [loss.with_buffers(params, {}, batches[number], key=number)[0] for _ in range(10)]

    alone = [calls(number) for number in range(3)]
    together = at_once([lambda number=number: calls(number) for number in range(3)])
    assert all(map(same_bits, alone, together))
    assert alone[0][0] == alone[0][-1] != alone[1][0]


def test_kernels_that_are_traced_at_once():
    steps = 160

    def call(order, decay):
        loss, params = ro.module_loss(ro.models.mlp(64, 4, 10, seed=1).double(), cross_entropy)
        update = ro.sgd(loss, 0.05, weight_decay=decay)
        batches = ro.batches.Minibatches(images().data, ro.batches.iid(48, 6, steps, seed=3))
        made = ro.run(update, update.init(params), batches, order, [steps - 1, steps], engine="wavefront",
                      progress=False)  # fmt: skip
        return made.states

    kinds = [("backward", 0.5), ("two-sided", 0.4)]
    alone = [call(*kind) for kind in kinds]
    together = at_once([lambda kind=kind: call(*kind) for kind in kinds])
    gaps = [(a["params"]["1.weight"] - b["params"]["1.weight"]).abs().max() for a, b in
            zip(alone, together, strict=True)]  # fmt: skip
    assert max(gaps) <= 1e-12


def test_many_seeds_beside_a_run_that_draws():
    update, start = of_loss()
    quiet = CASES["MLP"]()

    def seeds():
        both = [images(), images()]
        return ro.run_seeds(quiet.update, quiet.start, both, "backward", [4, STEPS], progress=False).states

    noisy = lambda: states(update, start, "backward")
    alone = [seeds(), noisy()]
    assert all(map(same_bits, alone, at_once([seeds, noisy])))


def test_two_experiments(tmp_path):
    configs = [Config(name, "smoke", steps=12, stride=6, seeds=1, width=4, engine="replay", keep_states=True,
                      train_examples=100, test_examples=50) for name in ("one", "two")]  # fmt: skip

    def made(where):
        return [lambda config=config: run_experiment(config, tmp_path / where / config.name).finished()
                for config in configs]  # fmt: skip

    alone = [call() for call in made("alone")]
    for one, other in zip(alone, at_once(made("together")), strict=True):
        assert one.keys() == other.keys() and one
        assert all(same_bits(one[key].states, other[key].states) for key in one)
