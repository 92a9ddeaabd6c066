"""The PerfectSampler widget, driven in Python; no browser needed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from coins import draws
from scipy import stats

import revorder as ro
from revorder.widgets.perfect import NUMBERS, RATES, TOLERANCES, PerfectSampler


@pytest.fixture
def sampler():
    return PerfectSampler(number=50, tol=1e-4, lr=2 / 3, seed=1)


@pytest.mark.parametrize("lr", RATES.values())
@pytest.mark.parametrize("tol", [1.0, 0.1, 1e-9])
def test_draws_are_those_of_perfect_sample(sampler, lr, tol):
    sampler.lr.value, sampler.tol.value = lr, tol
    assert sampler.depth == ro.theory.steps_needed(1 - lr, lr, tol)
    assert np.allclose(sampler.draws, draws(lr, 1, 50, tol).numpy(), rtol=0, atol=1e-15)
    assert sampler.depth == 0 or not np.allclose(sampler.draws, draws(lr, 2, 50, tol).numpy(), rtol=0, atol=1e-3)


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
    distance = stats.kstest(draws(2 / 3, 1, 200, 1e-4).numpy(), law).statistic
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
