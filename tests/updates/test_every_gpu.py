"""What is drawn on a GPU that is not the current one is drawn from the batch's key, too; two GPUs, simulated."""

from __future__ import annotations

import pytest
import torch

import revorder as ro
from revorder.updates.randomness import Watch, known, seeded


@pytest.fixture
def gpus(monkeypatch):
    """The generators of two GPUs, of which the first is the current one; they lie on the CPU."""
    made = tuple(torch.Generator().manual_seed(seed) for seed in (5, 6))
    for name, value in {"is_initialized": lambda: True, "_lazy_init": lambda: None, "device_count": lambda: 2,
                        "current_device": lambda: 0, "default_generators": made}.items():  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, value)
        monkeypatch.setattr(torch.cuda.random, name, value, raising=False)
    return made


@pytest.mark.parametrize("number", [0, 1])
def test_each_is_seeded_and_put_back(gpus, number):
    assert "CUDA" in known()
    before = [generator.get_state() for generator in gpus]
    drawn = []
    for _ in range(2):
        with seeded(0, "key") as watch:
            drawn.append(torch.rand(3, generator=gpus[number]))
            assert watch.moved() == {"CUDA"}
    assert torch.equal(*drawn)
    assert all(torch.equal(old, generator.get_state()) for old, generator in zip(before, gpus, strict=True))


@pytest.mark.parametrize("number", [0, 1])
def test_draws_beside_a_run_are_noticed(gpus, number):
    watch = Watch()
    assert not watch.moved()
    torch.rand(3, generator=gpus[number])
    assert watch.moved() == {"CUDA"}


@pytest.mark.parametrize("number", [0, 1])
def test_dropout_there_is_a_fixed_map(gpus, number):
    class Drop(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x) * (torch.rand(2, generator=gpus[number]) < 0.5)

    with torch.random.fork_rng(devices=[]):
        loss, params = ro.module_loss(Drop(2, 2), torch.nn.functional.mse_loss)
    update, batch = ro.sgd(loss, 0.1), (torch.ones(3, 2), torch.zeros(3, 2))
    steps = [update(update.init(params), batch, key=key)["params"]["weight"] for key in (0, 1, 0, 2, 0)]
    assert torch.equal(steps[0], steps[2]) and torch.equal(steps[0], steps[4])
    assert not all(torch.equal(steps[0], step) for step in steps)
