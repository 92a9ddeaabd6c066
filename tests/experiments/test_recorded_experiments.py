"""The result folders that reports and notebooks show: their configurations, trained again, give their numbers.

What is asked is what the folder's config.json says, on one thread. The perceptron's losses come back to rounding. The
ResNet's cannot: another engine, processor or number of threads rounds otherwise, of which its steps make more and more,
so that a few checkpoints later its path is another one. Its first checkpoint is compared within `NEAR`, where another
learning rate does not lead, but another seed may.

In continuous integration: two seeds to their first checkpoints. Where REVORDER_NIGHTLY is set: whole seeds of the
perceptron, both orders of the ResNet on both seeds, and, on a processor as the recording's, its forward seeds with
their own threads and engine, to rounding.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from conftest import ROOT

from revorder.experiments import Folder, build, load
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.cards import machine
from revorder.experiments.summaries import read

NIGHTLY = bool(os.environ.get("REVORDER_NIGHTLY"))
MLP, RESNET = "mlp-fashion-mnist", "resnet18-fashion-mnist-as-rgb32"
SEEDS = (0, 1)
EARLY = 10  # checkpoints of the perceptron that rounding has not reached: in float64 they are the same to 3e-7
CLOSE, LATER, NEAR = 1e-3, 0.05, 0.03  # relative, of losses


def results_of(name):
    return read(Folder(ROOT / "notebooks" / "results" / name))


def again(config, data, order, seed, looks):
    """The metrics at some checkpoints, trained again."""
    with arithmetic_of(config):
        run = build(config, data, seed).run(order, looks, engine=config.engine, record=lambda state: {})
    return run.metrics


def recorded(results, order, seed, looks):
    """The metrics at the same checkpoints, as they stand in the folder."""
    run = results.runs[order][seed]
    at = [run.steps.index(n) for n in looks]
    return {name: values[at] for name, values in run.metrics.items()}


@pytest.mark.parametrize("name", [MLP, RESNET])
def test_all_jobs_are_there(name):
    results, config = results_of(name), results_of(name).config
    assert config.name == name and not results.diverged and not results.unfinished
    assert {order: sorted(runs) for order, runs in results.runs.items()} == {
        order: list(range(config.seeds)) for order in config.orders
    }
    assert {line["threads"] for line in results.card["jobs"].values()} == {config.threads}


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_of_the_perceptron_again(seed, order, fashion_mnist_folder):
    results = results_of(MLP)
    config = results.config
    looks = config.checkpoints if NIGHTLY else config.checkpoints[:2]
    found = again(config, load(config, fashion_mnist_folder), order, seed, looks)
    for name, kept in recorded(results, order, seed, looks).items():
        assert found[name][:EARLY] == pytest.approx(kept[:EARLY], rel=CLOSE), name
        assert found[name] == pytest.approx(kept, rel=LATER), name
    (other,) = set(config.orders) - {order}
    for stranger in (recorded(results, other, seed, looks), recorded(results, order, SEEDS[1] - seed, looks)):
        assert np.abs(found["test loss"] / stranger["test loss"] - 1)[:EARLY].max() > 3 * CLOSE


@pytest.mark.parametrize(("order", "seed"), [("forward", 0), ("backward", 1), ("forward", 1), ("backward", 0)])
def test_seeds_of_the_resnet_again(order, seed, fashion_mnist_folder):
    if (order, seed) in (("forward", 1), ("backward", 0)) and not NIGHTLY:
        pytest.skip("it takes seconds, and is done where REVORDER_NIGHTLY is set")
    results = results_of(RESNET)
    config, looks = results.config.replace(threads=1, engine="replay"), results.config.checkpoints[:1]
    data = load(config, fashion_mnist_folder)
    found, wild = (again(one, data, order, seed, looks) for one in (config, config.replace(lr=10 * config.lr)))
    kept = recorded(results, order, seed, looks)
    for part in ("train loss", "test loss"):
        assert found[part] == pytest.approx(kept[part], rel=NEAR), part
        assert np.abs(wild[part] / kept[part] - 1).max() > 1.5 * NEAR, part


@pytest.mark.parametrize("seed", SEEDS)
def test_the_resnet_to_rounding_where_all_is_as_it_was(seed, fashion_mnist_folder):
    results = results_of(RESNET)
    config, line = results.config, results.card["jobs"][f"forward-seed{seed}"]
    here = machine("cpu")
    if not NIGHTLY or any(here[name] != line[name] for name in ("processor", "torch")):
        pytest.skip("only where REVORDER_NIGHTLY is set, on the processor and with the torch of the recording")
    looks = config.checkpoints[:2]
    found = again(config, load(config, fashion_mnist_folder), "forward", seed, looks)
    for name, kept in recorded(results, "forward", seed, looks).items():
        assert found[name] == pytest.approx(kept, rel=CLOSE), name
