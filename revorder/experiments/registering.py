"""What a person calls to have models, data sets, orders, losses and metrics of their own in configurations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from revorder.experiments import asking
from revorder.experiments.choices import MEASURED
from revorder.experiments.own import NAME, OURS, Own, keep
from revorder.experiments.sources import source_of

__all__ = ["register_data", "register_loss", "register_metric", "register_model", "register_order"]


def __dir__() -> list[str]:
    return sorted(__all__)


def register_model(name: str, make: Callable[..., Any], *, replace: bool = False) -> None:
    """Let configurations say `model=name`.

    Args:
        name: letters, digits, "_", "-" and "."; not that of a model of this package.
        make: returns a `torch.nn.Module` that maps inputs (batch, …) to ONE tensor of outputs (batch, …). It is given,
            by keyword, those of these that its signature names: `shape` (of one example, a tuple), `classes` (the
            largest class of the data plus one; for real targets the numbers of one target), `width` (the
            configuration's) and `seed`. torch's, NumPy's and Python's generators are seeded from `seed` around the
            call: parameters that torch draws are those of the seed. What a `functools.partial` has bound stays so.
        replace: take the place of another function that has this name.

    Raises:
        ValueError: the name is taken, or no name.
        TypeError: `make` cannot be called, or needs an argument that it cannot be given.
    """
    register("model", name, make, replace)


def register_data(name: str, load: Callable[..., Any], *, replace: bool = False) -> None:
    """Let configurations say `dataset=name`.

    Args:
        name: as for `register_model`.
        load: returns a `revorder.datasets.Dataset`, or ((inputs, targets), (inputs, targets)): training and test
            examples, tensors or arrays with a leading axis of examples. Inputs are floating-point numbers, or integers
            (tokens) for a model of your own; targets are classes 0, 1, … (integers), or real numbers, which need
            `loss="mse"` or a registered loss. If its signature names `directory`, it is given the folder of `--data`
            or REVORDER_DATA, or None. It is called again in every process, with seeded generators, and must return the
            same examples.
        replace: as for `register_model`.

    Raises:
        ValueError, TypeError: as `register_model`.
    """
    register("dataset", name, load, replace)


def register_order(name: str, order: Any, *, replace: bool = False) -> None:
    """Let configurations have `name` among their composition orders.

    Args:
        name: as for `register_model`.
        order: an object with `word(n)`; or a class or function that makes one: of nothing for `name`, of the whole
            number 8 for "name:8".
        replace: as for `register_model`.

    Raises:
        ValueError, TypeError: as `register_model`.
    """
    register("order", name, order, replace)


def register_loss(name: str, criterion: Callable[..., Any], *, replace: bool = False) -> None:
    """Let configurations say `loss=name`: what is trained on, and what "test loss" and "train loss" are.

    Args:
        name: as for `register_model`.
        criterion: (outputs, targets) -> a scalar tensor, the mean over the examples, as `torch.nn.functional`'s are.
        replace: as for `register_model`.

    Raises:
        ValueError, TypeError: as `register_model`.
    """
    register("loss", name, criterion, replace)


def register_metric(name: str, function: Callable[..., Any], *, replace: bool = False) -> None:
    """Let configurations have `name` among their `metrics`, which are measured beside loss and accuracy.

    Args:
        name: as for `register_model`.
        function: (outputs, targets) -> a number, measured on test examples as "test name", and where training examples
            are measured as "train name"; or (params) -> a number, of the parameters by name, as "name". Written with
            torch operations it is quicker.
        replace: as for `register_model`.

    Raises:
        ValueError, TypeError: as `register_model`.
    """
    register("metric", name, function, replace)


def register(kind: str, name: str, thing: Any, replace: bool = False) -> None:
    """Keep something under a name; see `register_model`."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"name: got {name!r}, but letters, digits, '_', '-' and '.' are accepted, at most 64")
    if name in (MEASURED if kind == "metric" else OURS[kind]):
        raise ValueError(f"name: got {name!r}, which is a {kind} of this package; choose another name")
    asking.check(kind, thing)
    keep(Own(kind, name, thing, source_of(thing)), replace)
