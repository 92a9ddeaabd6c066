"""exp and tanh of vectors against long doubles, and every operation of vectors against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from revorder.fast import arithmetic, vectors  # noqa: E402

TYPES = [np.float32, np.float64]


def mapped(function):
    """A function of vectors, for arrays whose length is a multiple of sixteen."""

    @numba.njit
    def loop(given, found):
        for i in range(0, given.size, vectors.lanes(given)):
            vectors.store(found, i, function(vectors.load(given, i)))

    def whole(array):
        found = np.empty_like(array)
        loop(array, found)
        return found

    return whole


EXP, TANH = mapped(arithmetic.exp), mapped(arithmetic.tanh)


def ulps(found, exact):
    """The largest distance, in units of the last place of what is exact."""
    unit = np.spacing(np.abs(exact.astype(found.dtype))).astype(np.longdouble)
    return np.max(np.abs(found.astype(np.longdouble) - exact) / unit)


@pytest.mark.parametrize("dtype", TYPES)
def test_exp_to_two_ulps(dtype):
    x = -np.concatenate([np.logspace(-9, 1.9, 8000), np.linspace(0, 87, 8000)]).astype(dtype)
    assert ulps(EXP(x), np.exp(x.astype(np.longdouble))) < 2
    assert ulps(EXP(x), np.exp(x.astype(np.longdouble) * (1 + 4 * np.finfo(dtype).eps))) > 2  # which can fail


@pytest.mark.parametrize("dtype", TYPES)
def test_tanh_to_three_ulps(dtype):
    x = np.concatenate([np.logspace(-9, 1.5, 8000), -np.logspace(-9, 1.5, 8000)]).astype(dtype)
    assert ulps(TANH(x), np.tanh(x.astype(np.longdouble))) < 3


@pytest.mark.parametrize("dtype", TYPES)
def test_far_away_and_not_a_number(dtype):
    far = np.resize(np.array([np.nan, -np.inf, -1e30, 0], dtype), 16)
    np.testing.assert_array_equal(EXP(far)[:4], [np.nan, 0, 0, 1])
    np.testing.assert_array_equal(TANH(np.abs(far))[:4], [np.nan, 1, 1, 0])
    np.testing.assert_array_equal(TANH(far)[:4], [np.nan, -1, -1, 0])


@numba.njit
def everything(a, b, found):
    x, y = vectors.load(a, 0), vectors.load(b, 0)
    few = vectors.lanes(a)
    made = (x + y, x - y, x * y, x / y, 2.0 - x, x + 1.0, 3.0 * x, x / 4.0, arithmetic.where_less(x, y, x, y),
            arithmetic.where_less(x, 0.5, 1.0, y), arithmetic.full(a, 7.0))  # fmt: skip
    for i, vector in enumerate(made):
        vectors.store(found, i * few, vector)
    return arithmetic.sum_of(x), arithmetic.most_of(x)


@pytest.mark.parametrize("dtype", TYPES)
def test_operations(dtype):
    few = vectors.BYTES // np.dtype(dtype).itemsize
    a, b = np.random.default_rng(0).random((2, few)).astype(dtype)
    found = np.empty((11, few), dtype)
    total, most = everything(a, b, found.reshape(-1))
    lesser, near = np.minimum(a, b), np.where(a < 0.5, 1, b)
    exact = [a + b, a - b, a * b, a / b, 2 - a, a + 1, 3 * a, a / 4, lesser, near, np.full(few, 7)]
    np.testing.assert_array_equal(found, np.array(exact, dtype))
    assert most == a.max() and abs(total - a.sum()) < 8 * np.finfo(dtype).eps
