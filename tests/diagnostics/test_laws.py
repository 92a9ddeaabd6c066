"""Comparisons of laws, the two spreads, and many seeds as one run."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from coins import ZERO, halfway
from family import CASES, distance
from paths import path
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.diagnostics import EstimateWarning, compare_laws, spread_along_path, spread_over_seeds
from revorder.running.seeds import Together


def test_compare_two_samples_by_hand():
    with pytest.warns(EstimateWarning, match="3 numbers tell few laws apart"):
        found = compare_laws([0, 1, 2], [1, 2, 3, 4])
    assert found.ks == pytest.approx(0.5)  # just below 3: all of the first, half of the second
    assert found.wasserstein == pytest.approx(1.5)  # the difference of the means, as all moves to the right
    assert found.sizes == (3, 4)


def test_compare_with_a_cdf_by_hand():
    sample = (np.arange(100) + 0.5) / 100
    found = compare_laws(sample, lambda x: np.clip(x, 0, 1), support=(0, 1))
    assert found.ks == pytest.approx(0.005)
    assert found.wasserstein == pytest.approx(0.0025, rel=1e-3)  # triangles of width 1/100 and height 1/200
    shifted = compare_laws(sample + 0.3, lambda x: np.clip(x, 0, 1), support=(0, 1.3))
    assert shifted.ks == pytest.approx(0.305)
    assert shifted.wasserstein == pytest.approx(0.3, abs=0.003)


@pytest.mark.parametrize("sample", [[1.0], [[1.0, 2.0]], [1.0, math.nan], []])
def test_compare_refuses(sample):
    with pytest.raises(ValueError, match="sample: got shape"):
        compare_laws(sample, [1.0, 2.0])
    with pytest.raises(ValueError, match="other: got shape"):
        compare_laws([1.0, 2.0], sample)


def coins(seeds, steps, seed=0):
    return torch.randint(2, (seeds, steps), generator=torch.Generator().manual_seed(seed)).double()


def test_spread_over_seeds_and_along_the_path_are_different_things():
    """Binary digits: over seeds both orders spread as the uniform law does; along the path only forward does."""
    batches, last = coins(2000, 60), list(range(41, 61))
    spreads = {}
    for order in ("forward", "backward"):
        runs = ro.run_seeds(halfway, ZERO, batches, order, last, metrics={"theta": lambda s: s}, progress=False)
        one = ro.run(halfway, ZERO, batches[0], order, last, metrics={"theta": lambda s: s}, progress=False)
        spreads[order] = spread_over_seeds(runs, "theta", 60), spread_along_path(one, "theta", 20)
    for order in spreads:
        assert spreads[order][0] == pytest.approx(math.sqrt(1 / 12), rel=0.03)
    assert spreads["backward"][1] < 1e-9 < 0.1 < spreads["forward"][1]


def test_spread_over_seeds_refuses():
    runs = ro.run_seeds(halfway, ZERO, coins(1, 5), "forward", [5], metrics={"theta": lambda s: s}, progress=False)
    with pytest.raises(KeyError, match="checkpoints are"):
        spread_over_seeds(runs, "theta", 4)
    with pytest.raises(ValueError, match="at least two"):
        spread_over_seeds(runs, "theta", 5)


def test_spread_is_the_standard_deviation_of_the_last_checkpoints():
    run = path([9, 9, 1, 3, 1, 3])
    assert spread_along_path(run, "loss", last=4) == 1
    assert spread_along_path(run, "loss", last=6) == pytest.approx(np.std([9, 9, 1, 3, 1, 3]))


def test_spread_about_the_trend_ignores_a_straight_line():
    assert spread_along_path(path([8, 7, 6, 5, 4]), "loss", trend=True) == pytest.approx(0, abs=1e-12)
    line, zigzag = np.linspace(8, 4, 40), np.tile([0.5, -0.5], 20)
    assert spread_along_path(path(line + zigzag), "loss", trend=True) == pytest.approx(0.5, rel=0.01)


def test_same_law_by_exact_enumeration():
    """All 2^8 sequences: the iterates of both orders are the same set of numbers, but not sequence by sequence."""
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=8)), dtype=torch.float64)
    forward, backward = (
        ro.run_seeds(halfway, ZERO + 0.3, every, order, [8], progress=False).states[0]
        for order in ("forward", "backward")
    )
    assert torch.equal(forward.sort().values, backward.sort().values)
    assert (forward != backward).double().mean() > 0.9


@pytest.mark.parametrize("case", ["plain tensor", "MLP", "CNN with BatchNorm", "momentum", "Adam"])
@pytest.mark.parametrize("order", ["backward", "forward", "two-sided"])
def test_run_seeds_equals_one_run_for_each_seed(case, order):
    made = CASES[case]()
    sequences = [made.batches if s == 0 else [made.batches[(s + i) % 9] for i in range(9)] for s in range(3)]
    together = ro.run_seeds(made.update, made.start, sequences, order, [9, 2], progress=False)
    for seed, batches in enumerate(sequences):
        alone = ro.run(made.update, made.start, batches, order, [9, 2], engine="replay", progress=False)
        assert distance(alone.states, torch.utils._pytree.tree_map(lambda x: x[:, seed], together.states)) < 1e-10  # noqa: B023
    assert together.cost == 3 * alone.cost


def test_run_seeds_with_starts_of_their_own_and_metrics():
    starts = [ZERO, ZERO + 1]
    runs = ro.run_seeds(
        halfway, starts, coins(2, 3), "forward", [1, 3], metrics={"square": lambda s: s**2}, keep_states=False,
        progress=False,
    )  # fmt: skip
    assert runs.states is None
    by_hand = [ro.run(halfway, starts[s], coins(2, 3)[s], "forward", [1, 3], progress=False).states for s in (0, 1)]
    assert np.allclose(runs.metrics["square"], torch.stack(by_hand, dim=1) ** 2)
    frame = runs.frame()
    assert list(frame.columns) == ["order", "seed", "step", "metric", "value"]
    assert frame[(frame.seed == 1) & (frame.step == 3)].value.item() == pytest.approx(by_hand[1][1].item() ** 2)


def test_run_seeds_gathers_shared_data_in_one_call():
    data = ro.datasets.digits().train
    sequences = [ro.batches.Minibatches(tuple(data), ro.batches.iid(1400, 4, 3, seed=s)) for s in range(5)]
    together = Together(sequences)
    assert together.index is not None
    assert torch.equal(together[2][0][4], sequences[4][2][0])


def test_run_seeds_refuses():
    dropout, params = ro.module_loss(ro.models.mlp(4, 3, 2, dropout=0.5), cross_entropy)
    update = ro.sgd(dropout, 0.1)
    with pytest.raises(ValueError, match="draw the same"):
        ro.run_seeds(update, update.init(params), [[(torch.zeros(1, 4), torch.tensor([0]))]], "forward", [1])
    with pytest.raises(ValueError, match="lengths \\[2, 3\\]"):
        ro.run_seeds(halfway, ZERO, [torch.zeros(2), torch.zeros(3)], "forward", [1])
    with pytest.raises(ValueError, match="batches: got none"):
        ro.run_seeds(halfway, ZERO, [], "forward", [1])
    with pytest.raises(ValueError, match="batches: got one sequence of batches.*ro.run"):
        ro.run_seeds(halfway, ZERO, torch.zeros(4), "forward", [1])
    with pytest.raises(ValueError, match="draw the same"):
        ro.run_seeds(lambda x, b: x - b * torch.rand(()), ZERO, coins(2, 3), "forward", [1])
    with pytest.raises(ValueError, match="a list of 3 states"):
        ro.run_seeds(halfway, [ZERO] * 3, coins(2, 3), "forward", [1])
    with pytest.raises(ValueError, match="metrics\\['both'\\]"):
        ro.run_seeds(halfway, ZERO, coins(2, 3), "forward", [1], metrics={"both": lambda s: torch.stack([s, s])})


def test_run_seeds_stays_on_its_device():
    runs = ro.run_seeds(
        halfway, torch.zeros(3, device="meta"), torch.zeros(4, 5, 3, device="meta"), "backward", [2, 5],
        metrics={"sum": torch.sum}, progress=False,
    )  # fmt: skip
    assert runs.states.shape == (2, 4, 3) and runs.states.is_meta
    assert np.isnan(runs.metrics["sum"]).all()
