"""What other people bring to the closed forms: criteria that bend at one step only, large starts, large batches."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import revorder as ro
from revorder.engines.auto import Auto
from revorder.engines.maps import Maps

F64 = torch.float64
N, BENT = 150, 71  # every step a checkpoint: more steps than are all looked at


def bending(kind, d, rows=2):
    """Huber loss that is clipped in one batch only, and there only while the state is as large as at the start."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(N, rows, d, generator=generator, dtype=F64)
    x[BENT] *= 10
    y = x @ (0.01 * torch.randn(d, 1, generator=generator, dtype=F64))
    model = nn.Linear(d, 1, bias=False, dtype=F64)
    nn.init.constant_(model.weight, 3 / d**0.5)
    huber = nn.HuberLoss(delta=20.0)
    if kind == "module":
        loss, params = ro.module_loss(model, huber)
    else:
        loss, params = lambda p, batch: huber(batch[0] @ p["weight"].T, batch[1]), dict(model.named_parameters())
    update = ro.sgd(loss, 0.5 / d)
    return update, update.init(params), list(zip(x, y, strict=True))


def by_steps(update, start, batches, n):
    """The state after n plain steps, the newest batch first."""
    for batch in batches[:n][::-1]:
        start = update(start, batch)
    return start["params"]["weight"]


@pytest.mark.parametrize("kind, d", [("module", 3), ("module", 40), ("module", 300), ("function", 3)])
@pytest.mark.parametrize("every", [1, 7])
def test_a_criterion_that_bends_in_the_first_step_of_one_word(kind, d, every):
    """By doubling, by a sweep, and for any affine map: the word that begins at the bent batch."""
    update, start, batches = bending(kind, d)
    steps = sorted({*range(1, N + 1, every), BENT + 1, N})
    made = ro.run(update, start, batches, "backward", steps, progress=False)
    for n in (BENT + 1, N):
        right = by_steps(update, start, batches, n)
        assert (made.state(n)["params"]["weight"] - right).abs().max() <= 1e-9
    assert "then wavefront" in made.engine or not made.engine.startswith("affine")


@pytest.mark.parametrize("dtype, start, tolerance", [(F64, 1e8, 1e-12), (torch.float32, 1e2, 2e-6)])
@pytest.mark.parametrize("momentum", [0.0, 0.3])
def test_a_start_that_the_run_forgets(dtype, start, tolerance, momentum):
    """Differences from a large start would keep its rounding."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(600, 8, 4, generator=generator, dtype=F64).to(dtype)
    batches = ro.batches.Minibatches(
        (x.flatten(0, 1), x.flatten(0, 1).sum(1, keepdim=True)), torch.arange(4800).view(600, 8)
    )
    model = nn.Linear(4, 1, bias=False, dtype=dtype)
    nn.init.constant_(model.weight, start)
    loss, params = ro.module_loss(model, nn.functional.mse_loss)
    update = ro.sgd(loss, 0.05, momentum=momentum)
    made = ro.run(update, update.init(params), batches, "backward", range(300, 601), engine="affine", progress=False)
    assert (made.state(600)["params"]["weight"] - 1).abs().max() <= tolerance


def test_large_batches_are_left_to_the_wavefront():
    """The closed form costs the square of the batch size."""
    x = torch.randn(400, 512, 20)
    loss, params = ro.module_loss(nn.Linear(20, 1), nn.functional.mse_loss)
    update, plan = ro.sgd(loss, 0.1), ro.plan("backward", range(390, 401))
    maps = Maps(update, list(zip(x, x.sum(2, keepdim=True), strict=True)), plan, None)
    assert "closed form" not in Auto()._choose(maps, update.init(params), plan)[1]


def test_seeds_of_a_subclass_of_minibatches():
    class Twice(ro.batches.Minibatches):
        def __getitem__(self, number):
            inputs, targets = super().__getitem__(number)
            return 2 * inputs, targets

    problem = ro.problems.digits_mlp(steps=12, dtype=F64)
    own = Twice(problem.batches.data, problem.batches.index)
    alone = ro.run(problem.update, problem.start, own, "backward", [12], engine="replay", progress=False)
    for batches in ([own], [problem.batches, own]):
        many = ro.run_seeds(problem.update, problem.start, batches, "backward", [12], progress=False)
        last = many.states["params"]["1.weight"][:, -1]
        assert (last - alone.states["params"]["1.weight"]).abs().max() <= 1e-12


def test_seeds_that_diverge_are_not_mixed_up():
    batches = torch.rand(3, 5, 2, dtype=F64)
    batches[1, 4] = float("nan")
    update = lambda x, b: x - 0.5 * (x - b)
    start = torch.zeros(2, dtype=F64)
    with pytest.raises(ValueError, match="on_diverge: .*wavefront"):
        ro.run_seeds(update, start, batches, "backward", [3, 5], engine="affine", on_diverge="mark", progress=False)
    made = ro.run_seeds(update, start, batches, "backward", [3, 5], on_diverge="mark", progress=False)
    assert made.states.isnan().all(2).tolist() == [[False] * 3, [False, True, False]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex128, torch.int64])
@pytest.mark.parametrize("engine", ["replay", "wavefront", ro.Wavefront(fast=False), "auto"], ids=str)
def test_inputs_of_another_dtype_are_refused_by_all(engine, dtype):
    problem = ro.problems.digits_mlp(steps=30, dtype=F64)
    batches = [problem.batches[i] for i in range(30)]
    batches[20] = (batches[20][0].to(dtype), batches[20][1])
    with pytest.raises(ValueError, match="batch 20"):
        ro.run(problem.update, problem.start, batches, "forward", range(1, 31), engine=engine, progress=False)


def test_slots_that_are_copied_may_overlap():
    labels = [i % 9 for i in range(21)]
    update = lambda s, b: (s * 31 + b * 17 + 7) % 1000003
    asked = [15, 2, 19, 4, 14, 13, 6, 1, 17, 5, 20]
    start, batches = torch.ones(2, dtype=torch.int64), torch.tensor(labels)
    found = [
        ro.run(update, start, batches, ro.Shuffled(3), asked, engine=engine, labels=labels, progress=False).states
        for engine in ("replay", "wavefront")
    ]
    assert torch.equal(*found)


def test_a_start_in_another_order_is_told_so():
    problem = ro.problems.digits_mlp(steps=3)
    turned = dict(reversed(problem.start.items()))
    with pytest.raises(ValueError, match="another order"):
        ro.run(problem.update, turned, problem.batches, "backward", [3], progress=False)


def test_inference_mode_is_told_so():
    problem = ro.problems.digits_mlp(steps=3)
    with torch.inference_mode(), pytest.raises(ValueError, match="inference_mode"):
        ro.run(problem.update, problem.start, problem.batches, "backward", [3], progress=False)
