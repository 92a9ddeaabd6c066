"""What a run gives back: the states at the checkpoints, and what was measured on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from revorder.data.files import reading
from revorder.pytrees import Tree, finite_rows, named_leaves, row
from revorder.showing import Facts, Shown, latest, shapes, span
from revorder.trajectories import storage

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Shown):
    """The states of one run at its checkpoints.

    Attributes:
        order: the composition order, as text.
        steps: the checkpoints, as they were asked for.
        states: pytree; every leaf has a leading axis with one entry for each checkpoint. What `record` chose, else
            the whole states.
        metrics: name -> float64 array (checkpoints,).
        cost: evaluations of T that were really made.
        engine: which engine ran, and why.
        provenance: what else the result depends on: versions, machine, seeds (see `revorder.provenance`).
    """

    order: str
    steps: list[int]
    states: Tree
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    cost: int = 0
    engine: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def _facts(self) -> Facts:
        return {
            "order": self.order,
            "steps": span(self.steps),
            "metrics": latest(self.metrics),
            "states": shapes(named_leaves(self.states), lead=1),
            "cost": self.cost,
            "engine": self.engine or None,
        }

    def state(self, n: int) -> Tree:
        """The state at step n.

        Raises:
            KeyError: step n is not one of the checkpoints.
        """
        if n not in self.steps:
            raise KeyError(f"n: got {n}, but the checkpoints are {self.steps}")
        return row(self.states, self.steps.index(n))

    @property
    def diverged(self) -> list[int]:
        """The steps whose state holds infinite or NaN numbers: none, unless a run with `on_diverge` went on."""
        finite = finite_rows(self.states)
        return [] if finite is None else [n for n, ok in zip(self.steps, finite.tolist(), strict=True) if not ok]

    def frame(self, **columns: object) -> pd.DataFrame:
        """The metrics as a tidy pandas frame with the columns order, step, metric and value.

        Args:
            columns: further columns, each with one value, that come first: `frame(method="EMA", seed=3)`.

        Raises:
            ValueError: one of them is there already.
        """
        import pandas as pd

        rows = [
            (self.order, step, name, value)
            for name, values in self.metrics.items()
            for step, value in zip(self.steps, values.tolist(), strict=True)
        ]
        return with_columns(pd.DataFrame(rows, columns=["order", "step", "metric", "value"]), columns)

    def save(self, path: str | Path) -> None:
        """Write one safetensors file: the states as tensors, all else as JSON in its header.

        The file is written beside `path` first and then moved, so an interrupted save leaves no half file.

        Raises:
            TypeError: states that are not made of dicts (with text or integer keys), lists, tuples and tensors.
        """
        storage.save(path, self.states, self.about())

    def about(self) -> dict[str, Any]:
        """All but the states, as it is saved: texts, numbers, lists and dicts."""
        return {
            "order": self.order,
            "steps": self.steps,
            "metrics": {name: values.tolist() for name, values in self.metrics.items()},
            "cost": self.cost,
            "engine": self.engine,
            "provenance": self.provenance,
        }

    @classmethod
    def load(cls, path: str | Path) -> Trajectory:
        """Read what `save` wrote. Nothing in the file is executed.

        Raises:
            ValueError: the file is not a saved trajectory, or is damaged.
            OSError: there is none.
        """
        states, about = storage.load(path)
        about.setdefault("provenance", {})  # files of earlier versions have none
        expected = {"order": str, "steps": list, "metrics": dict, "cost": int, "engine": str, "provenance": dict}
        with reading(path, "a trajectory"):
            if about.keys() != expected.keys() or not all(isinstance(about[name], expected[name]) for name in expected):
                raise ValueError("its description is none of a trajectory")
            about["metrics"] = storage.measured(about, states)
        return cls(states=states, **about)


def with_columns(frame: pd.DataFrame, columns: Mapping[str, object]) -> pd.DataFrame:
    """A frame with further columns in front, each of one value."""
    for name in reversed(list(columns)):
        if name in frame:
            raise ValueError(f"columns: got {name!r}, but the frame has this column already")
        frame.insert(0, name, [columns[name]] * len(frame))
    return frame
