"""Writes the batches of the opening figure as maps of two parameters: python notebooks/figures/regression.py

They are those of hero.py, as the quadratics that live figures compute with, in five significant digits.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from hero import FEATURES, STEPS, least_squares

import revorder as ro

FILE = Path(__file__).parents[2] / "revorder" / "live" / "recordings" / "regression.json"


def quadratics(batch_size: int = 4, seed: int = 0) -> dict[str, list]:
    """H and g of every batch, [H_00, H_01, H_11, g_0, g_1]; the least-squares solution; H of all examples."""
    inputs, targets = ro.datasets.diabetes().train
    inputs = inputs[:, FEATURES]
    index = ro.batches.iid(len(targets), batch_size, STEPS, seed)
    maps = [[*hessian(x), *(x.T @ y / len(y))] for x, y in ((inputs[rows], targets[rows]) for rows in index)]
    return {"maps": digits(maps), "best": digits(least_squares()), "hessian": digits(hessian(inputs))}


def hessian(x: torch.Tensor) -> torch.Tensor:
    """The three numbers of a symmetric 2 × 2 matrix."""
    return (x.T @ x / len(x))[[0, 0, 1], [0, 1, 1]]


def digits(numbers):
    """Nested lists, tensors or arrays as lists of numbers with five significant digits."""
    if getattr(numbers, "shape", None) == () or isinstance(numbers, float):
        return float(f"{float(numbers):.5g}")
    return [digits(each) for each in numbers]


if __name__ == "__main__":
    FILE.write_text(json.dumps(quadratics(), separators=(",", ":")) + "\n", encoding="utf-8")
