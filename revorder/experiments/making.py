"""What a person registered, called and checked: examples, a model, a loss. What does not fit is refused by name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from revorder.data.datasets import Dataset
from revorder.experiments import asking
from revorder.experiments.configs import Config
from revorder.experiments.own import Own
from revorder.updates.randomness import seeded

Criterion = Callable[..., torch.Tensor]
Examples = tuple[torch.Tensor, torch.Tensor]


def dtype_of(config: Config) -> torch.dtype:
    """Of parameters and examples."""
    return torch.float64 if config.precision == "float64" else torch.float32


def data_of(own: Own, config: Config, directory: str | Path | None, device: str | torch.device) -> Dataset:
    """A registered data set, real numbers in the configuration's dtype.

    Raises:
        ValueError, TypeError: it did not return examples; the message says what it did.
    """
    directory = directory or os.environ.get("REVORDER_DATA")
    with seeded(0, "data"):
        found = asking.call("dataset", own.thing, {"directory": Path(directory) if directory else None})
    try:
        train, test = (found.train, found.test) if isinstance(found, Dataset) else found
        parts = [tuple(_tensor(own, one, config, device) for one in part) for part in (train, test)]
        (inputs, targets), (test_inputs, test_targets) = parts
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"dataset: {own}, which is {own.name!r}, must return ((inputs, targets), (inputs, targets)), training and "
            f"test examples ({error})"
        ) from error
    _check_examples(own, (inputs, _columns(targets)), (test_inputs, _columns(test_targets)))
    return Dataset(own.name, (inputs, _columns(targets)), (test_inputs, _columns(test_targets)))


def _tensor(own: Own, values: Any, config: Config, device: str | torch.device) -> torch.Tensor:
    made = torch.as_tensor(values, device=device).detach()
    if made.dtype in (torch.bool, torch.uint8) or made.is_complex():
        raise TypeError(f"got {made.dtype}, but real numbers, or integers of another kind, are accepted; scale pixels")
    return made.to(dtype_of(config) if made.is_floating_point() else torch.int64).contiguous()


def _columns(targets: torch.Tensor) -> torch.Tensor:
    """One real target for each example is a column, as a linear layer's output is: else losses broadcast both."""
    return targets[:, None] if targets.is_floating_point() and targets.ndim == 1 else targets


def _check_examples(own: Own, train: Examples, test: Examples) -> None:
    kinds = [[(tuple(one.shape[1:]), one.dtype) for one in part] for part in (train, test)]
    counts = [len(one) for part in (train, test) for one in part]
    wrong = ""
    if min(counts) < 1 or counts[0] != counts[1] or counts[2] != counts[3]:
        wrong = f"{counts} examples: as many targets as inputs are needed, and one at least"
    elif kinds[0] != kinds[1]:
        wrong = f"training examples {kinds[0]} and test examples {kinds[1]}, but they must be alike"
    elif not all(bool(one.isfinite().all()) for part in (train, test) for one in part):
        wrong = "numbers that are not finite"
    elif not train[1].is_floating_point() and min(int(train[1].min()), int(test[1].min())) < 0:
        wrong = "a class below 0; classes are 0, 1, …"
    if wrong:
        raise ValueError(f"dataset: {own}, which is {own.name!r}, returned {wrong}")


def classes_of(data: Dataset) -> int:
    """How many outputs a model needs: classes, or the real numbers of one target."""
    train, test = data.train[1], data.test[1]
    return train[0].numel() if train.is_floating_point() else 1 + max(int(train.max()), int(test.max()))


def model_of(own: Own, config: Config, data: Dataset, seed: int) -> torch.nn.Module:
    """A registered model with the parameters of a seed.

    Raises:
        TypeError, ValueError: it made no module, or one without parameters that are there.
    """
    sizes = {
        "shape": tuple(data.train[0].shape[1:]),
        "classes": classes_of(data),
        "width": config.width,
        "seed": seed,
    }
    with seeded(seed, "parameters"):
        made = asking.call("model", own.thing, sizes | {"seed": seed})
    if not isinstance(made, torch.nn.Module):
        raise TypeError(f"model: {own}, which is {own.name!r}, made {made!r}, but it must make a torch.nn.Module")
    if any(is_lazy(leaf) for leaf in [*made.parameters(), *made.buffers()]):
        raise ValueError(f"model: {own}, which is {own.name!r}, has lazy layers; give them their sizes, from shape")
    return made


def check_fit(config: Config, model: torch.nn.Module, criterion: Criterion, examples: Examples, classes: int) -> bool:
    """Raise unless model, loss and a few examples go together; whether the largest output says the class.

    Raises:
        ValueError, TypeError: outputs or loss of another form; the message says which.
    """
    inputs, targets = (one.clone() for one in examples)  # somebody's code may write into them
    mode = model.training
    with torch.no_grad(), seeded(0, "fit"):
        try:
            outputs = model.eval()(inputs)
        except Exception as error:
            raise ValueError(
                f"model, dataset: {config.model} cannot take inputs {tuple(inputs.shape)} of {config.dataset} ({error})"
            ) from error
        finally:
            model.train(mode)
        if not isinstance(outputs, torch.Tensor) or not outputs.is_floating_point():
            raise TypeError(
                f"model: {config.model} returned {type(outputs).__name__}, but one tensor of reals is needed"
            )
        return _check_loss(config, outputs, targets, criterion, classes)


def _check_loss(
    config: Config, outputs: torch.Tensor, targets: torch.Tensor, criterion: Criterion, classes: int
) -> bool:
    said = f"{config.model} gave outputs {tuple(outputs.shape)} for targets {tuple(targets.shape)} of {config.dataset}"
    real, fits = targets.is_floating_point(), outputs.shape[:-1] == targets.shape
    if config.loss == "cross-entropy" and (real or not fits or classes > outputs.shape[-1]):
        raise ValueError(f"loss: {said}, but cross-entropy needs classes, and an output for each; see loss, in Config")
    if config.loss == "mse" and (not real or outputs.shape != targets.shape):
        raise ValueError(f"loss: {said}, but mse needs real targets in the shape of the outputs")
    try:
        loss = criterion(outputs, targets)
        whole = isinstance(loss, torch.Tensor) and loss.ndim == 0 and loss.is_floating_point()
    except Exception as error:
        raise ValueError(f"loss: {config.loss} failed where {said} ({error})") from error
    if not whole:
        raise TypeError(f"loss: {config.loss} must return a scalar tensor, the mean over the examples")
    return not real and fits


def fingerprint(data: Dataset) -> str:
    """SHA-256 of all examples: whether a loader returned the same ones again."""
    made = hashlib.sha256()
    for part in (*data.train, *data.test):
        made.update(f"{tuple(part.shape)} {part.dtype}".encode() + part.cpu().numpy().tobytes())
    return made.hexdigest()
