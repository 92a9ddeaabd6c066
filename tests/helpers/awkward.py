"""Models, losses, batches and optimizers as anyone may write them, held to a plain torch loop along the same word.

A `Case` names one kind of everything, and `build` makes it. `outcome` in `awkward_verdicts` carries it out: the states
that come back equal those of the plain loop, or the case was refused by the name of an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from awkward_forms import DOUBTFUL_FORMS, FORMS
from awkward_hooks import BROKEN_CHANGES, CHANGES, DOUBTFUL_CHANGES, HIDDEN_CHANGES, NOISY_CHANGES
from awkward_inputs import DOUBTFUL_INPUTS, INPUTS, NOISY_INPUTS, WIDE
from awkward_losses import BROKEN_LOSSES, DOUBTFUL_LOSSES, HIDDEN_LOSSES, LOSSES, NOISY_LOSSES
from awkward_methods import DOUBTFUL_METHODS, HIDDEN_METHODS, METHODS, Method
from awkward_parts import DOUBTFUL_PARTS, PARTS
from awkward_secrets import HIDDEN, NOISES, UNFINISHED
from torch import nn

import revorder as ro

ALL_PARTS = PARTS | NOISES | HIDDEN | UNFINISHED
NOISY = NOISES.keys() | NOISY_INPUTS | NOISY_LOSSES | NOISY_CHANGES
SECRET = HIDDEN.keys() | HIDDEN_LOSSES | HIDDEN_CHANGES | HIDDEN_METHODS
BROKEN = BROKEN_LOSSES | BROKEN_CHANGES
DOUBTFUL = (
    UNFINISHED.keys() | DOUBTFUL_PARTS | DOUBTFUL_INPUTS | DOUBTFUL_LOSSES | DOUBTFUL_CHANGES | DOUBTFUL_METHODS
    | DOUBTFUL_FORMS
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One of everything, by the names of the registries; plain data, so that a failure can be read and repeated."""

    inputs: str = "flat"  # or "linear": one layer and nothing else
    parts: tuple[str, ...] = ("tanh",)
    changes: tuple[str, ...] = ()
    loss: str = "cross entropy"
    method: str = "sgd"
    form: str = "list of pairs"
    rows: str = "alike"  # or "last smaller", "different"
    order: Any = "backward"
    steps: int = 6
    asked: int = 6  # so many checkpoints, the last ones
    engine: str = "auto"
    seed: int = 0

    @property
    def kinds(self) -> set[str]:
        return {self.inputs, *self.parts, *self.changes, self.loss, self.method, self.form}

    @property
    def checkpoints(self) -> list[int]:
        return list(range(max(1, self.steps - self.asked + 1), self.steps + 1))

    @property
    def may_be_refused(self) -> bool:
        """Whether something in it need not be accepted; all else must be."""
        return self.engine == "wavefront" or bool(self.kinds & (DOUBTFUL | SECRET | BROKEN))


@dataclass
class World:
    """A fresh model with all that a run needs; `forward` stands for model and criterion, if there is one."""

    model: nn.Module
    criterion: Any
    forward: Callable[[nn.Module, Any], torch.Tensor] | None
    batches: Any
    method: Method

    def loss(self, batch: Any) -> torch.Tensor:
        if self.forward is not None:
            return self.forward(self.model, batch)
        inputs, targets = batch
        return self.criterion(self.model(inputs), targets)

    def named(self, kind: str) -> dict[str, torch.Tensor]:
        """Parameters, or buffers, of model and criterion."""
        found = dict(getattr(self.model, f"named_{kind}")())
        if isinstance(self.criterion, nn.Module):
            found |= {f"criterion.{name}": own for name, own in getattr(self.criterion, f"named_{kind}")()}
        return found


def build(case: Case) -> World:
    """The same model, criterion and batches whenever it is called; torch's own generator is put back."""
    make_criterion, outputs, targets = LOSSES[case.loss]
    with torch.random.fork_rng():
        torch.manual_seed(case.seed)
        model: nn.Module = nn.Linear(4, outputs)
        if case.inputs != "linear":
            middle = [ALL_PARTS[part]() for part in case.parts]
            model = nn.Sequential(INPUTS[case.inputs][0](), *middle, nn.Linear(WIDE, outputs))
        for change in case.changes:
            model = CHANGES[change](model)
        criterion = make_criterion()
    model, criterion, forward, batches = FORMS[case.form](model, criterion, _pairs(case, targets))
    return World(model, criterion, forward, batches, METHODS[case.method])


def _pairs(case: Case, targets: Callable[..., torch.Tensor]) -> list[tuple[Any, torch.Tensor]]:
    generator = torch.Generator().manual_seed(case.seed + 1)
    draw = INPUTS["flat" if case.inputs == "linear" else case.inputs][1]
    sizes = [5 - (i % 3 if case.rows == "different" else 0) for i in range(case.steps)]
    sizes[-1] -= 2 * (case.rows == "last smaller")
    return [(draw(i, rows, generator), targets(i, rows, generator)) for i, rows in enumerate(sizes)]


def update_of(world: World, **said: Any) -> tuple[Any, Any]:
    """The update of revorder, and its start."""
    form = said if world.forward is None else said | {"forward": world.forward}
    if world.method.descent is None:
        update = ro.torch_update(world.model, world.criterion, make_optimizer=world.method.make, **form)
        return update, update.init()
    loss, params = ro.module_loss(world.model, world.criterion, **form)
    update = world.method.descent(loss)
    return update, update.init(params)
