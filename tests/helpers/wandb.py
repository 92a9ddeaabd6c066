"""A stand-in for Weights & Biases: the names and arguments that our pages use, and a note of what it is told."""

from __future__ import annotations

from typing import Any

RUNS: list[Run] = []


class Run:
    """As `wandb.Run`: it ends with its block."""

    def __init__(self, name: str | None):
        self.name, self.history, self.step_metrics, self.open = name, [], {}, True

    def define_metric(self, name: str, step_metric: str | None = None) -> None:
        self.step_metrics[name] = step_metric

    def log(self, data: dict[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        assert self.open, "the run is finished"
        assert step is None or not self.history or step >= self.history[-1]["_step"], "W&B drops steps that run back"
        assert all(isinstance(value, int | float) for value in data.values()), data
        self.history.append({"_step": len(self.history) if step is None else step, **data})

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        self.open = False


def init(project: str | None = None, name: str | None = None, mode: str | None = None) -> Run:
    assert mode == "offline", "tests have no account"
    RUNS.append(Run(name))
    return RUNS[-1]
