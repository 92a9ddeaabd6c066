"""What a run of many seeds gives back, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.data.files import reading
from revorder.pytrees import Tree, named_leaves
from revorder.showing import Facts, Shown, latest, shapes, span
from revorder.trajectories import storage
from revorder.trajectories.trajectory import with_columns

if TYPE_CHECKING:
    import pandas as pd

ABOUT = {"order": str, "steps": list, "cost": int, "engine": str, "provenance": dict}


@dataclass(frozen=True, eq=False, repr=False)
class SeedRuns(Shown):
    """The states of many runs, one for each seed, at the same checkpoints.

    Attributes:
        order: the composition order, as text.
        steps: the checkpoints, as they were asked for.
        states: pytree; every leaf has the leading axes (checkpoints, seeds). None if `keep_states` was false.
        metrics: name -> float64 array (checkpoints, seeds).
        cost: evaluations of T that were really made, over all seeds.
        engine: which engine ran, and why.
        provenance: what else the result depends on: versions, machine, seeds (see `revorder.provenance`).
    """

    order: str
    steps: list[int]
    states: Tree
    metrics: dict[str, np.ndarray]
    cost: int
    engine: str
    provenance: dict[str, Any] = field(default_factory=dict)

    def _facts(self) -> Facts:
        return {
            "order": self.order,
            "steps": span(self.steps),
            "metrics": latest(self.metrics),
            "states": shapes(named_leaves(self.states), lead=2),
            "cost": self.cost,
            "engine": self.engine or None,
        }

    def frame(self, **columns: object) -> pd.DataFrame:
        """The metrics as a tidy pandas frame with the columns order, seed, step, metric and value.

        Seeds are counted from 0, as their batches were given.

        Args:
            columns: further columns, as for `Trajectory.frame`.

        Raises:
            ValueError: one of them is there already.
        """
        import pandas as pd

        rows = [
            (self.order, seed, step, name, value)
            for name, values in self.metrics.items()
            for step, row in zip(self.steps, values.tolist(), strict=True)
            for seed, value in enumerate(row)
        ]
        return with_columns(pd.DataFrame(rows, columns=["order", "seed", "step", "metric", "value"]), columns)

    def save(self, path: str | Path) -> None:
        """Write one safetensors file: states and metrics as tensors, all else as JSON in its header.

        The file is written beside `path` first and then moved, so an interrupted save leaves no half file.

        Raises:
            TypeError: states that are not made of dicts (with text or integer keys), lists, tuples and tensors.
        """
        about = {
            "order": self.order,
            "steps": self.steps,
            "cost": self.cost,
            "engine": self.engine,
            "provenance": self.provenance,
        }
        tree = {"metrics": {name: torch.tensor(values, dtype=torch.float64) for name, values in self.metrics.items()}}
        storage.save(path, tree if self.states is None else tree | {"states": self.states}, about, storage.SEED_RUNS)

    @classmethod
    def load(cls, path: str | Path) -> SeedRuns:
        """Read what `save` wrote. Nothing in the file is executed.

        Raises:
            ValueError: the file is none of saved runs of many seeds, or is damaged.
            OSError: there is none.
        """
        tree, about = storage.load(path, storage.SEED_RUNS)
        with reading(path, "runs of many seeds"):
            if about.keys() != ABOUT.keys() or not all(isinstance(about[name], ABOUT[name]) for name in ABOUT):
                raise ValueError("its description is none of runs of many seeds")
            storage.check_counts(about["steps"], about["cost"])
            if not isinstance(tree, dict) or not {"metrics"} <= tree.keys() <= {"metrics", "states"}:
                raise ValueError("it has no metrics, or more than metrics and states")
            _check_shapes(tree, len(about["steps"]))
            metrics = {name: values.numpy() for name, values in tree["metrics"].items()}
        return cls(states=tree.get("states"), metrics=metrics, **about)


def _check_shapes(tree: dict[str, Tree], steps: int) -> None:
    """Raise ValueError unless all tensors have the same leading axes (checkpoints, seeds), and metrics no other."""
    metrics = tree["metrics"]
    if not isinstance(metrics, dict) or not all(isinstance(name, str) for name in metrics):
        raise ValueError("its metrics have no names")
    for name, values in metrics.items():
        if not isinstance(values, torch.Tensor) or values.dtype != torch.float64 or values.ndim != 2:
            raise ValueError(f"{name} is not one number for each checkpoint and seed")
    leading = {leaf.shape[:2] for leaf in pytree.tree_leaves(tree)}
    if len(leading) > 1 or any(len(shape) < 2 or shape[0] != steps for shape in leading):
        raise ValueError(f"it has {steps} checkpoints, but other numbers of metrics or states, or of their seeds")
