"""The PerfectSampler widget and the figures of perfect sampling, driven in Python; no browser needed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from scipy import stats

import revorder as ro
from revorder.plots.perfect import averaging_figure, coupling_figure, ks_distances, perfect_figure
from revorder.widgets.perfect import NUMBERS, RATES, TOLERANCES, PerfectSampler


@pytest.fixture
def sampler():
    return PerfectSampler(number=50, tol=1e-4, lr=2 / 3, seed=1)


def perfect(lr, tol, number, seed):
    """The same draws from the library, one toss at a time."""
    return ro.diagnostics.perfect_sample(
        lambda theta, x: theta - lr * (theta - x),
        torch.zeros((), dtype=torch.float64),
        lambda source: torch.randint(2, (), generator=source, dtype=torch.float64),
        rate=1 - lr, tol=tol, n_samples=number, seed=seed, first_move=lr,
    ).numpy()  # fmt: skip


@pytest.mark.parametrize("lr", RATES.values())
@pytest.mark.parametrize("tol", [1.0, 0.1, 1e-9])
def test_draws_are_those_of_perfect_sample(sampler, lr, tol):
    sampler.lr.value, sampler.tol.value = lr, tol
    assert sampler.depth == ro.theory.steps_needed(1 - lr, lr, tol)
    assert np.allclose(sampler.draws, perfect(lr, tol, 50, 1), rtol=0, atol=1e-15)
    assert sampler.depth == 0 or not np.allclose(sampler.draws, perfect(lr, tol, 50, 2), rtol=0, atol=1e-3)


def test_more_draws_keep_the_first_ones(sampler):
    before = sampler.draws
    sampler.number.value = 500
    assert len(sampler.draws) == 500
    assert np.array_equal(sampler.draws[:50], before)


def test_a_smaller_tolerance_refines_every_draw(sampler):
    sampler.lr.value, sampler.tol.value = 1 / 2, 0.1
    rough = sampler.draws
    sampler.tol.value = 1e-9
    assert 0.01 < np.abs(sampler.draws - rough).max() <= 0.1


def test_shown_numbers_are_those_of_the_draws(sampler):
    sampler.number.value = 200
    law = lambda x: ro.theory.bernoulli_convolution_cdf(x, 2 / 3)
    distance = stats.kstest(perfect(2 / 3, 1e-4, 200, 1), law).statistic
    assert sampler.distance == pytest.approx(distance, abs=1e-9)
    text = re.sub(r"<[^>]+>", "", sampler.summary.value)
    assert f"KS distance {distance:.4f}: the test sees no difference" in text
    assert "depth n = 9" in text and "within 0.0001" in text and "cost 1,800 evaluations" in text
    assert f"Distances after 200 draws: depth 9: {distance:.3f}." in sampler.picture.alt
    assert "learning rate 0.667" in sampler.picture.alt


def test_too_shallow_draws_are_told_apart(sampler):
    sampler.number.value, sampler.tol.value = 2000, 0.1
    assert sampler.distance >= 0.5**sampler.depth
    assert "tells them apart" in sampler.summary.value and "told apart" not in sampler.summary.value
    sampler.tol.value = 1e-9
    assert "sees no difference" in sampler.summary.value


def test_all_settings_can_be_drawn(sampler):
    sizes = set()
    for number in (NUMBERS[0], NUMBERS[-1]):
        for tol in (TOLERANCES[0], TOLERANCES[2], TOLERANCES[-1]):
            sampler.number.value, sampler.tol.value = number, tol
            sizes.add(sampler.picture.png[16:24])  # width and height of a PNG
    assert len(sizes) == 1  # nothing moves from redraw to redraw


def test_a_seed_out_of_range_is_put_right(sampler):
    sampler.seed.value = -3
    assert sampler.seed.value == 0 and "<img alt=" in sampler.image.value


def test_ks_distances_by_hand_and_by_scipy():
    assert ks_distances([0.5, 0.25], 0.5, [1, 2]) == pytest.approx([0.5, 0.5])
    sample = perfect(0.5, 1e-9, 100, 0)
    by_scipy = [stats.kstest(sample[:n], "uniform").statistic for n in (7, 50, 100)]
    assert ks_distances(sample, 0.5, [7, 50, 100]) == pytest.approx(by_scipy)
    shallow = perfect(0.5, 0.1, 2000, 0)  # with ties
    assert ks_distances(shallow, 0.5, [2000]) == pytest.approx([stats.kstest(shallow, "uniform").statistic])


def test_figures_say_what_they_show():
    draws = {30: perfect(0.5, 1e-9, 100, 0), 4: perfect(0.5, 0.1, 100, 0)}
    distance = {depth: ks_distances(sample, 0.5, [100])[0] for depth, sample in draws.items()}
    assert f"depth 30: {distance[30]:.3f}, depth 4: {distance[4]:.3f}." in perfect_figure(draws, 0.5).alt
    runs = {1: [[0, 1], [0.5, 1]], 3: [[0, 1], [0, 0.5], [0.5, 0.75], [0.25, 0.375]]}
    assert "0.250 to 0.375 for n = 3" in coupling_figure(runs, shown=(3,)).alt
    curves = {"backward": ([1, 100], [0.2, 0.21], [0.2, 0.2]), "mean": ([1, 100], [0.2, 0.01], [0.2, 0.012])}
    alt = averaging_figure(curves, title="One stays").alt
    assert "One stays" in alt and "mean from 0.2 at 1 to 0.01 at 100" in alt
