"""Runs whose checkpoints were shared among several jobs, put together."""

from __future__ import annotations

import numpy as np
import torch

from revorder.pytrees import concatenated, row
from revorder.trajectories.trajectory import Trajectory


def join(parts: list[Trajectory]) -> Trajectory:
    """One trajectory of several that share its checkpoints, in ascending order of the steps."""
    if len(parts) == 1 and parts[0].steps == sorted(parts[0].steps):
        return parts[0]
    cost, count = sum(part.cost for part in parts), len(parts)
    parts = [part for part in parts if part.steps] or parts[:1]  # one that diverged at once has no states
    steps = [step for part in parts for step in part.steps]
    by_step = np.argsort(steps, kind="stable")
    states = row(concatenated([part.states for part in parts]), torch.from_numpy(by_step))
    metrics = {name: np.concatenate([part.metrics[name] for part in parts])[by_step] for name in parts[0].metrics}
    engine = parts[0].engine if count == 1 else f"{parts[0].engine} in {count} parts"
    return Trajectory(parts[0].order, sorted(steps), states, metrics, cost, engine)
