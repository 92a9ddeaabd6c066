"""Fields of a configuration that must go together, and how large one may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from revorder.experiments import own
from revorder.experiments.choices import CHOICES, RESNETS

if TYPE_CHECKING:
    from revorder.experiments.configs import Config

MOST_JOBS = 10_000  # orders times seeds times parts; each has a file
MOST_LETTERS = 1 << 27  # of the words of all checkpoints and orders: a plan holds them, in 8 bytes each


def check_together(config: Config) -> None:
    """Raise unless the fields of a configuration, each fine by itself, go together."""
    for field in ("name", "profile"):
        own.check_label(field, getattr(config, field))
    if config.optimizer == "adam" and config.momentum:
        raise ValueError(f"momentum: got {config.momentum}, but adam has moments of its own; use 0")
    if config.compile and config.engine == "replay":
        raise ValueError("compile: got True, but replay makes every step as it is written; use engine='wavefront'")
    if not config.exact and config.model in RESNETS and config.engine != "replay":
        raise ValueError(
            f"precision, engine: got {config.precision!r} under {config.engine!r}, but ResNets round so coarsely that "
            "states in one call leave those of single steps by more than a check of the run can allow; use "
            "engine='replay' (--engine replay), or precision='float32'"
        )
    if config.augment and config.model not in RESNETS:
        raise ValueError("augment: got True, but crops and flips are for the convolutional models of this package")
    _check_size(config)
    _check_model_and_data(config)


def _check_size(config: Config) -> None:
    steps = config.checkpoints
    if not steps:
        raise ValueError(f"first, stride: got {config.first} and {config.stride}: no multiple of the stride is left")
    length = (steps[0] + steps[-1]) * len(steps) // 2 * len(config.orders)
    most = MOST_LETTERS if config.parts == 1 else MOST_LETTERS // 16  # to name its jobs, parts must be planned
    if length > most:
        raise ValueError(f"steps, stride, orders, parts: {length} batch numbers to plan, but {most} is the most")
    if len(config.orders) * config.seeds * config.parts > MOST_JOBS:
        raise ValueError(f"orders, seeds, parts: at most {MOST_JOBS} jobs are accepted")


def _check_model_and_data(config: Config) -> None:
    model, data = config.model, config.dataset
    own_model, own_data = model not in CHOICES["model"], data not in CHOICES["dataset"]
    if (model == "transformer") != (data == "austen") and not (own_model and data == "austen"):
        raise ValueError(f"model, dataset: got {model} on {data}, but text and transformer need each other")
    if config.loss == "mse" and not own_data:
        raise ValueError(f"loss: got 'mse', but {data} has classes; use 'cross-entropy', or data of your own")
    if config.augment and own_data:
        raise ValueError(f"augment: got True, but crops and flips are for images of this package, not for {data}")
