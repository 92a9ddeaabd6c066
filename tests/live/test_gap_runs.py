"""The recordings of notebook 08: two of their seeds are recomputed, and the cards say how they were made."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from nights import nightly

import revorder as ro
from revorder.live import curvature_runs, gap_runs, recordings, steady_runs
from revorder.live.cards import card, digits_of

NAMES = {"digits_gaps": 200_000, "digits_curvatures": 20_000, "digits_steady": 150_000}  # bytes at most


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small_and_have_a_card(name):
    recording = recordings.load(name)
    assert (recordings.FOLDER / f"{name}.json").stat().st_size < NAMES[name]
    assert recording["seeds"] == list(range(16)) and recording["quantile"] == pytest.approx(2.1314, abs=1e-4)
    made = recording["card"]
    assert {"about", "processor", "cores", "threads", "versions", "seconds"} <= made.keys()
    assert {"torch", "numpy", "python", "revorder"} <= made["versions"].keys() and made["seconds"] >= 0
    assert len(json.dumps(recording, separators=(",", ":"))) + 1 == (recordings.FOLDER / f"{name}.json").stat().st_size


def part(recording, start, name, rate, seeds, last):
    kept = recording["gaps"][start][name][recording["rates"].index(rate)]
    return np.array(kept)[seeds, :last]


def test_two_seeds_of_the_gaps_again():
    """At the rate that the notebook is about, all steps; at a large one, before rounding could be amplified."""
    recording, seeds = recordings.load("digits_gaps"), [3, 11]
    for rate, last in ((0.1, len(gap_runs.LOOKS)), (0.5, 15)):
        again = gap_runs.record([rate], seeds, gap_runs.LOOKS[:last])
        for start in gap_runs.STARTS:
            for name in gap_runs.QUANTITIES:
                kept = part(recording, start, name, rate, seeds, last)
                np.testing.assert_allclose(again["gaps"][start][name][0], kept, rtol=0.01)
                assert name != "probabilities" or np.abs(kept[0] / kept[1] - 1).max() > 0.05  # seeds are told apart
        losses = np.array(recording["loss"][recording["rates"].index(rate)])[seeds, :last]
        np.testing.assert_allclose(again["loss"][0], losses, rtol=0.01)


def test_a_perturbed_start_is_one_gradient_step_away():
    problem = ro.problems.digits_mlp(0.1, 8, 2001, seed=5, dtype=torch.float64)
    losses, gaps = gap_runs.coupled(0.1, [5], (0, 30))
    b = problem.update(problem.start, problem.batches[2000])
    moved = [ro.run(problem.update, start, problem.batches, "forward", [30], progress=False).state(30)["params"]
             for start in (problem.start, b)]  # fmt: skip
    apart = sum((moved[0][name] - moved[1][name]).square().sum() for name in moved[0]).sqrt()
    assert gaps["perturbed"]["parameters"][0, 1] == pytest.approx(float(apart))
    loss = problem.metrics["test loss"]
    assert losses[0] == pytest.approx([float(loss(problem.start)), float(loss({"params": moved[0]}))])


def test_two_seeds_of_the_curvatures_again():
    recording, seeds, looks = recordings.load("digits_curvatures"), [2, 9], (0, 20, 50)
    again = curvature_runs.record(seeds, looks)
    for name in ("lowest", "highest"):
        kept = [[recording[name][recording["looks"].index(n)][seed] for seed in seeds] for n in looks]
        np.testing.assert_allclose(again[name], kept, rtol=1e-3)


def test_the_recorded_ends_give_the_lipschitz_constant_of_the_diagnostics():
    recording = recordings.load("digits_curvatures")
    for seed in (0, 1):
        for lr in (0.1, 0.5):
            problem = ro.problems.digits_mlp(lr, 8, 1, seed=seed, dtype=torch.float64)
            low, high = (recording[name][0][seed] for name in ("lowest", "highest"))
            found = ro.diagnostics.lipschitz(problem.update, problem.start, problem.batches[0], tol=1e-6)
            assert found == pytest.approx(max(1 - lr * low, lr * high - 1), rel=2e-3)


@pytest.mark.parametrize("name", ["SGD, h = 0.1, batch 8", *nightly("Adam, h = 0.003")])
def test_two_seeds_of_the_paths_again(name):
    recording, seeds, looks = recordings.load("digits_steady"), [4, 13], [1500, 1510]
    again = steady_runs.record([name], seeds, looks)
    row = recording["settings"].index(name)
    for order in steady_runs.ORDERS:
        np.testing.assert_allclose(again[order][0], np.array(recording[order][row])[seeds, :2], rtol=0.002)


def test_few_digits_and_a_card():
    assert digits_of(np.array([1 / 3, np.inf]), 2) == [0.33, None]
    with card("First line.\nMore.") as made:
        assert made["about"] == "First line." and "seconds" not in made
    assert made["seconds"] == 0
