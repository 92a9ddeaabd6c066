"""Two threads at once: what draws at random, and modules that are written into, give what they give alone."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import torch
from family import CASES, images, same_bits
from processes import python
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
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


def test_steps_of_torch_optimizers_that_two_threads_make():
    update, start = of_torch()
    batches = images()

    def steps(number):
        return [update.params(update(start, batches[number], key=number)) for _ in range(10)]

    alone = [steps(number) for number in range(3)]
    assert all(map(same_bits, alone, at_once([lambda number=number: steps(number) for number in range(3)])))


def test_kernels_that_are_traced_at_once():
    steps = 160

    def call(order, momentum):
        loss, params = ro.module_loss(ro.models.mlp(64, 4, 10, seed=1).double(), cross_entropy)
        update = ro.sgd(loss, 0.05, momentum=momentum)
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


SEEDS = range(20)
MODELS = {
    "mlp": lambda seed: ro.models.mlp(64, 8, 10, seed=seed),
    "resnet18": lambda seed: ro.models.resnet18(width=2, seed=seed),
}


def parameters(make, seed):
    return [p.detach().clone() for p in make(seed).parameters()]


@pytest.mark.parametrize("name", MODELS)
def test_models_made_in_two_threads(name):
    make, count = MODELS[name], SEEDS if name == "mlp" else range(4)
    alone = [parameters(make, seed) for seed in count]
    mine = lambda: [parameters(make, seed) for seed in count]
    backwards = lambda: [parameters(make, seed) for seed in reversed(count)]
    before = torch.get_rng_state()
    one, other = at_once([mine, backwards])
    assert torch.equal(torch.get_rng_state(), before)
    assert all(map(same_bits, alone, one)) and all(map(same_bits, alone, reversed(other)))
    assert not same_bits(alone[0], alone[1])


def test_models_made_without_taking_turns_differ(monkeypatch):
    """Threads meet between the seeding and the drawing: the second seeds anew what the first draws from."""
    monkeypatch.setattr(randomness, "TURN", nullcontext())
    real, gate = torch.default_generator.manual_seed, threading.Barrier(2)
    source = randomness.SOURCES["torch"]._replace(seed=lambda seed: (real(seed), gate.wait(10)))
    monkeypatch.setitem(randomness.SOURCES, "torch", source)
    pair = at_once([lambda seed=seed: parameters(MODELS["mlp"], seed) for seed in (1, 2)])
    monkeypatch.undo()
    alone = [parameters(MODELS["mlp"], seed) for seed in (1, 2)]
    assert not all(map(same_bits, alone, pair))


FORKED = """
import os, threading, time
import torch
import revorder as ro
from revorder.updates.randomness import TURN

loss, params = ro.module_loss(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout()), torch.nn.functional.mse_loss)
update = ro.sgd(loss, 0.1)
batch = torch.ones(2, 3), torch.zeros(2, 2)
want = update(update.init(params), batch, key=1)["params"]["0.weight"]
held = threading.Event()

def hold():
    with TURN:
        held.set()
        time.sleep(0.3)

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if not child:
    free = TURN.acquire(timeout=5)
    found = update(update.init(params), batch, key=1)["params"]["0.weight"] if free else None
    os._exit(0 if free and torch.equal(found, want) else 1)
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        print("ended with", os.waitstatus_to_exitcode(status))
        break
    time.sleep(0.05)
else:
    os.kill(child, 9)
    print("hangs")
with TURN:
    print("and the parent goes on")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_is_not_forked_with_the_lock_of_another_thread():
    made = python("-c", FORKED, timeout=60)
    assert made.stdout == "ended with 0\nand the parent goes on\n", made.stdout + made.stderr[-500:]
