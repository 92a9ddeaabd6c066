"""Valid files that are saved for the purpose, to be damaged."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import torch

import revorder as ro


@cache
def of_seeds(keep_states: bool = True) -> bytes:
    """A valid file of runs of two seeds."""
    states = {"w": torch.zeros(3, 2, 2), "n": [torch.ones(3, 2, dtype=torch.int64)]} if keep_states else None
    metrics = {"loss": np.arange(6.0).reshape(3, 2), "θ": np.full((3, 2), np.nan)}
    runs = ro.SeedRuns("backward", [1, 4, 2], states, metrics, 14, "replay", {"seeds": {"order": 7}})
    with tempfile.TemporaryDirectory() as folder:
        runs.save(Path(folder) / "seeds")
        return (Path(folder) / "seeds").read_bytes()
