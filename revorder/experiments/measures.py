"""What an experiment measures at a checkpoint: loss and accuracy on fixed examples, all from one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from revorder import models
from revorder.engines.blame import named
from revorder.experiments.asking import of_params
from revorder.pytrees import Tree, Update, clone
from revorder.running.measuring import Joint

Examples = tuple[torch.Tensor, torch.Tensor]  # inputs and targets, as they are stored


@dataclass(frozen=True)
class Own:
    """What is measured otherwise than by default.

    Attributes:
        metrics: name -> function of outputs and targets, or of the parameters alone.
        criterion: (outputs, targets) -> the mean loss.
        guesses: whether the largest output is the guess of a class.
        model: whether the model is somebody's own.

    Whatever is somebody's own gets copies, which it may write into: stored examples, and what is measured next, stay.
    """

    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    criterion: Callable[..., Any] = models.sequence_cross_entropy
    guesses: bool = True
    model: bool = False


class Measures:
    """Loss (mean cross-entropy in nats) and accuracy (fraction) of a state, with the model in evaluation mode.

    Args:
        model: the model, which is switched to evaluation; the update has a copy of its own.
        update: whose states they are.
        prepare: makes inputs of the model of a batch of stored examples.
        parts: name -> the examples that they are measured on; "test" makes "test loss" and "test accuracy".
        chunk: how many examples are looked at together.
        own: another loss, no accuracy, metrics besides.
    """

    def __init__(
        self, model: torch.nn.Module, update: Update, prepare: Callable[[Tree], Tree], parts: Mapping[str, Examples],
        chunk: int, own: Own | None = None,
    ):  # fmt: skip
        self.model, self.update, self.prepare = model.eval(), update, prepare
        self.parts, self.chunk, self.own = dict(parts), chunk, own or Own()
        kinds: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        for name, function in self.own.metrics.items():
            kinds[of_params(function)][name] = function
        self.of_outputs, self.of_params = kinds

    def __call__(self, state: Tree) -> dict[str, torch.Tensor]:
        """All metrics by name; every example goes through the model once."""
        found = {}
        for part, (inputs, targets) in self.parts.items():
            outputs = self.outputs(state, inputs)
            found[f"{part} loss"] = _asked(f"{part} loss", self.own.criterion, outputs.clone(), targets.clone())
            if self.own.guesses:
                found[f"{part} accuracy"] = (outputs.argmax(-1) == targets).double().mean()
            for name, function in self.of_outputs.items():
                found[f"{part} {name}"] = _asked(f"{part} {name}", function, outputs.clone(), targets.clone())
        for name, function in self.of_params.items():
            found[name] = _asked(name, function, clone(self.update.params(state)))
        return found

    def outputs(self, state: Tree, inputs: torch.Tensor) -> torch.Tensor:
        """What the model makes of stored inputs."""
        values = {**self.update.params(state), **self.update.buffers(state)}
        parts = (some.clone() if self.own.model else some for some in inputs.split(self.chunk))
        chunks = (self.prepare((some, None))[0] for some in parts)
        return torch.cat([torch.func.functional_call(self.model, values, (some,)) for some in chunks])

    @property
    def metrics(self) -> dict[str, Callable[[Tree], Any]]:
        """The metrics of a problem."""
        named = ["loss", *["accuracy"] * self.own.guesses, *self.of_outputs]
        names = [f"{part} {name}" for part in self.parts for name in named]
        return {name: Joint(self, name) for name in [*names, *self.of_params]}


def _asked(name: str, function: Callable[..., Any], *given: Any) -> Any:
    """What a function says; its error names the metric that failed, and not the first of those in its pass."""
    try:
        return function(*given)
    except Exception as error:
        raise named(error, f"metrics[{name!r}]", "on what the model makes of the examples") from error


def some(examples: Examples, count: int) -> Examples:
    """So many of the examples, or all if there are fewer: always the same ones, drawn from a fixed seed."""
    inputs, targets = examples
    drawn = np.sort(np.random.default_rng(0).permutation(len(inputs))[:count])
    rows = torch.from_numpy(drawn).to(inputs.device)
    return inputs[rows], targets[rows]
