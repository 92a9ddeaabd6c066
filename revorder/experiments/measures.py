"""What an experiment measures at a checkpoint: loss and accuracy on fixed examples, all from one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from revorder import models
from revorder.pytrees import Tree, Update
from revorder.running.measuring import Joint

Examples = tuple[torch.Tensor, torch.Tensor]  # inputs and targets, as they are stored


class Measures:
    """Loss (mean cross-entropy in nats) and accuracy (fraction) of a state, with the model in evaluation mode.

    Args:
        model: the model, which is switched to evaluation; the update has a copy of its own.
        update: whose states they are.
        prepare: makes inputs of the model of a batch of stored examples.
        parts: name -> the examples that they are measured on; "test" makes "test loss" and "test accuracy".
        chunk: how many examples are looked at together.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        update: Update,
        prepare: Callable[[Tree], Tree],
        parts: Mapping[str, Examples],
        chunk: int,
    ):
        self.model, self.update, self.prepare = model.eval(), update, prepare
        self.parts, self.chunk = dict(parts), chunk

    def __call__(self, state: Tree) -> dict[str, torch.Tensor]:
        """All metrics by name; every example goes through the model once."""
        found = {}
        for part, (inputs, targets) in self.parts.items():
            outputs = self.outputs(state, inputs)
            found[f"{part} loss"] = models.sequence_cross_entropy(outputs, targets)
            found[f"{part} accuracy"] = (outputs.argmax(-1) == targets).double().mean()
        return found

    def outputs(self, state: Tree, inputs: torch.Tensor) -> torch.Tensor:
        """What the model makes of stored inputs."""
        values = {**self.update.params(state), **self.update.buffers(state)}
        chunks = (self.prepare((some, None))[0] for some in inputs.split(self.chunk))
        return torch.cat([torch.func.functional_call(self.model, values, (some,)) for some in chunks])

    @property
    def metrics(self) -> dict[str, Callable[[Tree], Any]]:
        """The metrics of a problem."""
        return {name: Joint(self, name) for part in self.parts for name in (f"{part} loss", f"{part} accuracy")}


def some(examples: Examples, count: int) -> Examples:
    """So many of the examples, or all if there are fewer: always the same ones, drawn from a fixed seed."""
    inputs, targets = examples
    drawn = np.sort(np.random.default_rng(0).permutation(len(inputs))[:count])
    rows = torch.from_numpy(drawn).to(inputs.device)
    return inputs[rows], targets[rows]
