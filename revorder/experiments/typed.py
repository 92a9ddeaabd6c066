"""From what was typed on a command line to a configuration and its price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from revorder.data.files import parse
from revorder.experiments.arithmetic import best_device
from revorder.experiments.catalogue import experiment
from revorder.experiments.configs import Config
from revorder.experiments.estimates import Estimate


def configuration(
    name: str, profile: str, orders: Sequence[str] = (), seeds: int | None = None, engine: str | None = None,
    assignments: Sequence[str] = (),
) -> Config:  # fmt: skip
    """The configuration that a command line asks for.

    Args:
        name, profile: as for `experiment`.
        orders: texts with one or several orders, separated by commas.
        seeds, engine: fields of their own; None: as the experiment has them.
        assignments: texts "field=value", the value JSON or else a text.

    Raises:
        ValueError, TypeError: as `experiment`; and an assignment without "=".

    >>> configuration("mlp-digits", "smoke", ["forward,backward-window:4"], assignments=["lr=0.2"]).orders
    ('forward', 'backward-window:4')
    """
    changes = dict(_assignment(text) for text in assignments)
    given = {"orders": [one for text in orders for one in text.split(",")], "seeds": seeds, "engine": engine}
    changes |= {field: value for field, value in given.items() if value not in (None, [])}
    return experiment(name, profile).replace(**changes)


def _assignment(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set: got {text!r}, but FIELD=VALUE is accepted, such as lr=0.02")
    try:
        return field.strip(), parse(value)
    except ValueError:
        return field.strip(), value


def device_of(device: str | None) -> str:
    """Where tensors are to live: what was typed, or the best there is.

    Raises:
        ValueError: tensors cannot be made, or used, there.
    """
    device = device or best_device()
    try:
        torch.zeros(1, device=device).sum().item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).splitlines()[0]
        raise ValueError(f"device: got {device!r}, but that cannot be used here ({why}); use cpu") from error
    return device


def described(config: Config, device: str) -> str:
    """What would be run, in three lines."""
    steps = config.checkpoints
    precision = f"{config.precision}{'' if config.exact else ' (NOT exact)'}{', compiled' * config.compile}"
    return (
        f"{config.name} ({config.profile}): {config.model}, width {config.width}, on {config.dataset}\n"
        f"{config.optimizer}, constant learning rate {config.lr}, batches of {config.batch_size}, {config.data_order}; "
        f"{config.steps} steps, {len(steps)} checkpoints from {steps[0]} to {steps[-1]}\n"
        f"seeds: {config.seeds}; engine {config.engine}, {precision}, on {device}, threads: {config.threads}"
    )


def priced(price: Estimate) -> str:
    """The table of an estimate, and what it is."""
    return f"{price}\nThe time is an estimate, from a few steps that were timed just now."
