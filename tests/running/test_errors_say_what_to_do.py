"""What goes wrong with data, modules and numbers is told with a remedy."""

from __future__ import annotations

import pytest
import torch
from family import distance
from moved import ENGINES, F64, STEPS, moved, numbered, run
from planted import wrong_graphs
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro


def network():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Linear(3, 2).double()


def data():
    generator = torch.Generator().manual_seed(2)
    return torch.randn(STEPS, 3, generator=generator, dtype=F64), torch.randint(0, 2, (STEPS,), generator=generator)


def trained(batches, engine="auto", **options):
    loss, params = ro.module_loss(network(), cross_entropy)
    update = ro.sgd(loss, 0.1)
    return run(update, batches, update.init(params), engine=engine, **options)


@pytest.mark.parametrize("engine", ENGINES)
def test_dicts_name_forward(engine):
    inputs, targets = data()
    batches = [{"x": x[None], "y": y[None]} for x, y in zip(inputs, targets, strict=True)]
    with pytest.raises(TypeError, match="^batches: got a dict with the keys x, y.*forward=lambda model, batch"):
        trained(batches, engine)
    forward = lambda model, batch: cross_entropy(model(batch["x"]), batch["y"])
    loss, params = ro.module_loss(network(), forward=forward)
    update = ro.sgd(loss, 0.1)
    assert run(update, batches, update.init(params), engine=engine).steps == [5, STEPS]  # as it says


def test_whole_data_name_minibatches():
    inputs, targets = data()
    with pytest.raises((ValueError, TypeError), match="batches: .*Minibatches"):
        trained((inputs, targets), checkpoints=[2])
    with pytest.raises((ValueError, TypeError), match="batches: .*Minibatches"):
        trained((inputs, targets))  # more steps than the two batches that a pair would be
    cut = ro.batches.Minibatches((inputs, targets), ro.batches.iid(STEPS, 2, STEPS, seed=0))
    assert trained(cut).steps == [5, STEPS]


def test_modules_in_the_wrong_place_name_module_loss():
    model = network()
    with pytest.raises(TypeError, match="^loss: got the module Linear, .*module_loss"):
        ro.sgd(model, 0.1)
    with pytest.raises(TypeError, match="^loss: got the module Linear, .*module_loss"):
        ro.adam(model)
    with pytest.raises(TypeError, match="^update: got the module Linear, .*module_loss"):
        run(model)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_metric_that_forgets_to_return(engine):
    with pytest.raises(TypeError, match=r"^metrics\['size'\]: it returned None, but a metric must return a number"):
        run(metrics={"size": lambda x: None}, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_update_that_forgets_to_return(engine):
    with pytest.raises((TypeError, ValueError), match="update: .*batch 4"):
        run(lambda x, b: None, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_nan_out_of_ordinary_numbers(engine):
    """0/0 on one batch: the learning rate is not to blame, and the message says so."""
    update = lambda x, b: moved(x, b) + 0 * (b[1] - 3) / (b[1] - 3)
    with pytest.raises(ro.DivergedError) as caught:
        run(update, engine=engine)
    said = str(caught.value)
    assert caught.value.batch == 3 and "since batch 3" in said
    assert "the learning rate is not to blame: look at this batch and the loss on it" in said
    assert "lower the learning rate" not in said


def test_numbers_that_grow_blame_the_learning_rate():
    with pytest.raises(ro.DivergedError, match="lower the learning rate") as caught:
        run(lambda x, b: x * 1e60 + b[0])
    assert "not to blame" not in str(caught.value)


def test_batches_that_are_not_finite_are_blamed():
    batches = numbered()
    batches[3, 0] = torch.inf
    with pytest.raises(ro.DivergedError, match="batches: batch 3 itself holds infinite or NaN numbers"):
        run(batches=batches)


@pytest.mark.parametrize("engine", ["wavefront", "auto"])
@pytest.mark.parametrize("on_diverge", ["raise", "mark"])
def test_kernels_that_give_nan_where_plain_steps_do_not(engine, on_diverge, monkeypatch):
    steps = 200
    broke = wrong_graphs(monkeypatch, lambda *leaves: leaves[-1][1] == 50, lambda leaf: leaf.fill_(torch.nan))
    options = {"batches": numbered(steps), "checkpoints": [steps - 5, steps]}
    made = run(engine=engine, on_diverge=on_diverge, **options)
    assert any(broke)
    assert distance(made.states, run(engine="replay", **options).states) <= 1e-12
    assert "then again without kernels, since the state at step 195 was not finite" in made.engine
    assert made.diverged == []
