"""Models made in two threads at once, and children forked while another thread draws."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext

import pytest
import torch
from family import same_bits
from processes import python
from test_two_threads import at_once

import revorder as ro
from revorder.updates import randomness

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
    source = randomness.SOURCES["torch"]._replace(seed=lambda seed: (gate.wait(10), real(seed), gate.wait(10)))
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

model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout())
loss, params = ro.module_loss(model, torch.nn.functional.mse_loss)
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
