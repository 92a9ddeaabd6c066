"""Random numbers from the process's generators: refused in plain functions, exact in module losses."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from awkward_verdicts import generators
from family import same_bits
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines import drawing

F64 = torch.float64
STEPS = 16
ENGINES = ["replay", "wavefront", "auto"]
DRAWS = {"torch": lambda: torch.rand(()), "NumPy": lambda: np.random.rand(), "Python": lambda: random.random()}


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch):
    """What one test finds of other threads is not for the next; and all begin alike."""
    monkeypatch.setattr(drawing, "_others", set())
    with torch.random.fork_rng():
        torch.manual_seed(0), np.random.seed(0), random.seed(0)
        yield


def numbered(steps=STEPS):
    values = torch.rand(steps, generator=torch.Generator().manual_seed(1), dtype=F64)
    return torch.stack([values, torch.arange(steps, dtype=F64)], dim=1)


def run(update, start=None, batches=None, engine="replay", order="backward"):
    start = torch.ones((), dtype=F64) if start is None else start
    batches = numbered() if batches is None else batches
    return ro.run(update, start, batches, order, [STEPS - 3, STEPS], engine=engine, progress=False)


def noisy(draw, where):
    def update(x, b):
        return x - 0.3 * (x - b[0]) + (0.1 * draw() if where(int(b[1])) else 0.0)

    return update


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("where", [lambda i: True, lambda i: i == 7], ids=["always", "on batch 7"])
@pytest.mark.parametrize("name", DRAWS)
def test_functions_that_draw_are_refused(name, where, engine):
    with pytest.raises(ValueError, match="^update: ") as caught:
        run(noisy(DRAWS[name], where), engine=engine)
    said = str(caught.value)
    assert "draw from a generator made of the key" in said
    assert f"draws from the global generator of {name}" in said and "module_loss" in said


@pytest.mark.parametrize("where", [lambda i: True, lambda i: i == 7], ids=["always", "on batch 7"])
def test_functions_are_refused_though_another_thread_drew_in_an_earlier_run(where, monkeypatch):
    monkeypatch.setattr(drawing, "_others", {"Python"})
    with pytest.raises(ValueError, match="^update: "):
        run(noisy(DRAWS["Python"], where))


def test_a_generator_made_of_the_key_is_the_remedy():
    def update(x, b, key=None):
        return x - 0.3 * (x - b[0]) + 0.1 * torch.rand((), generator=torch.Generator().manual_seed(key), dtype=F64)

    made = [run(update, engine=engine).states for engine in ENGINES]
    assert same_bits(made[0], run(update).states)
    assert max(float((made[0] - other).abs().max()) for other in made) <= 1e-12


class Noise(nn.Module):
    """Noise from one of the generators, always or where an input is marked."""

    def __init__(self, draw, rare=False):
        super().__init__()
        self.draw, self.rare = draw, rare

    def forward(self, x):
        return x * (1 + self.draw()) if not self.rare or bool((x > 3).any()) else x


def network(*parts, criterion=cross_entropy, hook=None, **said):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = nn.Sequential(*parts, nn.Linear(4, 2)).double()
    if hook is not None:
        model[-1].weight.register_hook(hook)
    loss, params = ro.module_loss(model, criterion, seed=5, **said)
    update = ro.sgd(loss, 0.1)
    return update, update.init(params)


def pairs():
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(STEPS, 3, 4, generator=generator, dtype=F64).clamp(-2, 2)
    inputs[7, 0, 0] = 4.0
    return list(zip(inputs, torch.randint(0, 2, (STEPS, 3), generator=generator), strict=True))


def noisy_criterion(draw):
    return lambda outputs, targets: cross_entropy(outputs * (1 + draw()), targets)


def drawn_in_a_hook(draw):
    return lambda gradient: gradient * (1 + draw())


PLACES = {
    "model": lambda draw: network(Noise(draw)),
    "criterion": lambda draw: network(criterion=noisy_criterion(draw)),
    "hook": lambda draw: network(hook=drawn_in_a_hook(draw)),
    "rare": lambda draw: network(Noise(draw, rare=True)),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", DRAWS)
def test_module_losses_that_draw_are_exact(name, place):
    """Two runs are equal to the last bit, whatever the generators are; engines agree; and noise matters."""
    found = []
    for seed, engine in enumerate(["replay", "replay", "auto", "auto"]):
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)
        before = generators()
        update, start = PLACES[place](DRAWS[name])
        found.append(update.params(run(update, start, pairs(), engine).states))
        assert generators() == before
    assert same_bits(found[0], found[1]) and same_bits(found[2], found[3])
    gaps = [(found[0][key] - found[2][key]).abs().max() for key in found[0]]
    assert max(gaps) <= 1e-10
    update, start = network()
    calm = update.params(run(update, start, pairs()).states)
    assert not torch.allclose(calm["0.weight"], next(iter(found[0].values())), atol=1e-4)


@pytest.mark.parametrize("name", DRAWS)
def test_augmentation_may_draw_anywhere(name):
    draw = DRAWS[name]

    def transform(batch, generator):
        inputs, targets = batch
        return inputs * (1 + draw()), targets

    found = []
    for seed, engine in enumerate(["replay", "replay", "auto", "wavefront"]):
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)
        before = generators()
        update, start = network()
        update = ro.augmented(update, transform, seed=3)
        found.append(update.params(run(update, start, pairs(), engine).states)["0.weight"])
        assert generators() == before
    assert torch.equal(found[0], found[1])
    assert max((found[0] - other).abs().max() for other in found) <= 1e-10
    other = ro.augmented(network()[0], transform, seed=4)
    assert not torch.allclose(found[0], other.params(run(other, start, pairs()).states)["0.weight"])


def test_who_says_that_nothing_is_drawn_is_believed_until_it_shows():
    update, start = network(nn.Dropout(0.5), stochastic=False)
    with pytest.raises(ValueError, match="^update: .*random"):
        run(update, start, pairs())
    quiet, start = network(stochastic=False)
    assert quiet.keyless and quiet.loss.stochastic is False
    usual = network()[0]
    assert same_bits(run(quiet, start, pairs()).states, run(usual, start, pairs()).states)


def test_who_says_that_something_is_drawn_is_believed():
    """Also by hand, where noise on some batches only would be overlooked."""
    draw = DRAWS["torch"]
    update, start = network(Noise(draw, rare=True), stochastic=True)
    assert not update.keyless and update.loss.stochastic is True
    state, batches = start, pairs()
    for number in range(STEPS - 1, -1, -1):
        torch.manual_seed(number)
        state = update(state, batches[number], key=number)
    made = run(update, start, batches)
    assert torch.equal(made.states["params"]["1.weight"][1], state["params"]["1.weight"])
    calm, start = network(stochastic=True)
    assert same_bits(run(calm, start, batches).states, run(network()[0], start, batches).states)
