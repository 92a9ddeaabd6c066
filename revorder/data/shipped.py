"""The tables that scikit-learn ships, read without importing scikit-learn: that takes a second, the tables 20 ms."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np

Table = tuple[np.ndarray, np.ndarray]


@cache
def digits() -> Table:
    """Pixels (1797, 64) from 0 to 16, classes (1797,)."""
    found = _read("digits.csv.gz", ",")
    if found is None:
        from sklearn.datasets import load_digits

        return load_digits(return_X_y=True)  # type: ignore[no-any-return]
    return found[:, :-1], found[:, -1].astype(int)


@cache
def diabetes() -> Table:
    """Features (442, 10) as they were measured, progression (442,)."""
    features, progression = _read("diabetes_data_raw.csv.gz", None), _read("diabetes_target.csv.gz", None)
    if features is None or progression is None:
        from sklearn.datasets import load_diabetes

        return load_diabetes(return_X_y=True, scaled=False)  # type: ignore[no-any-return]
    return features, progression


def _read(name: str, delimiter: str | None) -> np.ndarray | None:
    """A table of numbers; None where scikit-learn keeps it elsewhere."""
    found = importlib.util.find_spec("sklearn")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "datasets" / "data" / name
        if path.is_file():
            return np.loadtxt(path, delimiter=delimiter)
    return None
