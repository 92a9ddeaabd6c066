"""Student's interval for a mean, against SciPy's and against what it promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from revorder.diagnostics import mean_interval


@pytest.mark.parametrize("n", [2, 3, 5, 8, 40])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_it_is_scipys(n, level):
    values = np.random.default_rng(n).exponential(size=n)
    found = mean_interval(values, level)
    expected = stats.t.interval(level, n - 1, values.mean(), values.std(ddof=1) / n**0.5)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-9) and found.mean == pytest.approx(values.mean())
    assert found.count == n


def test_it_holds_the_truth_as_often_as_it_says_and_normal_quantiles_would_not():
    draws = np.random.default_rng(0).standard_normal((4000, 5))
    found = [mean_interval(row) for row in draws]
    assert abs(np.mean([each.low < 0 < each.high for each in found]) - 0.95) < 0.012
    narrow = [abs(each.mean) < (each.high - each.mean) * 1.96 / stats.t.ppf(0.975, 4) for each in found]
    assert np.mean(narrow) < 0.9


@pytest.mark.parametrize("values, sign", [([1.0, 1.1, 1.2], 1), ([-1.0, -1.1, -1.2], -1), ([-1.0, 1.0], 0), ([5.0], 0)])
def test_its_sign_is_that_of_all_of_it(values, sign):
    assert mean_interval(values).sign == sign


def test_one_value_has_no_interval():
    found = mean_interval([0.25])
    assert found.mean == 0.25 and math.isnan(found.low) and math.isnan(found.high)
    assert str(found) == "+0.25 (one seed has no interval)"


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, math.nan], [math.inf]])
def test_what_has_no_mean_is_refused(values):
    with pytest.raises(ValueError, match="values: got"):
        mean_interval(values)


@pytest.mark.parametrize("level", [0, 1, 95, math.nan])
def test_a_level_is_a_chance(level):
    with pytest.raises(ValueError, match="level: got"):
        mean_interval([1.0, 2.0], level)
