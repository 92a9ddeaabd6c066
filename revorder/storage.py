"""Pytrees on disk: one safetensors file, its structure as JSON in the header. Never pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree

TRAJECTORY = "revorder-trajectory-1"


def save(path: str | Path, tree: Tree, about: dict[str, Any], kind: str = TRAJECTORY) -> None:
    """Write a tree of tensors and a JSON-able description: at every moment the old or the new file stands whole.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; an old file is still there.
    """
    tensors: dict[str, torch.Tensor] = {}
    header = json.dumps({"format": kind, "tree": _spec(tree, tensors), "about": about})
    path = Path(path)
    beside = path.with_name(path.name + ".partial")
    try:
        save_file(tensors, beside, metadata={"revorder": header})
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    except safetensors.SafetensorError as error:
        raise OSError(f"path: {path} could not be written ({error})") from error
    finally:
        beside.unlink(missing_ok=True)


def load(path: str | Path, kind: str = TRAJECTORY) -> tuple[Tree, dict[str, Any]]:
    """Read what `save` wrote; ValueError for any other file."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["revorder"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if header["format"] != kind:
            raise ValueError(f"its format is {header['format']!r}, not {kind!r}")
        return _tree(header["tree"], tensors), dict(header["about"])
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"path: {path} is not a {kind} file, or is damaged ({error})") from error


def check_rows(path: str | Path, tree: Tree, metrics: dict[str, np.ndarray], count: int) -> None:
    """Raise ValueError unless every tensor and metric has one entry for each of the `count` checkpoints."""
    shapes = [tuple(leaf.shape) for leaf in pytree.tree_leaves(tree)] + [values.shape for values in metrics.values()]
    if any(shape[:1] != (count,) for shape in shapes):
        raise ValueError(f"path: {path} is damaged: {count} checkpoints, but shapes {shapes}")


def _spec(tree: Tree, tensors: dict[str, torch.Tensor]) -> Any:
    """The structure as JSON; a tensor becomes the name under which it is put into `tensors`."""
    if isinstance(tree, torch.Tensor):
        name = str(len(tensors))
        tensors[name] = tree.detach().cpu().contiguous().clone()
        return name
    if type(tree) is dict and all(type(key) in (str, int) for key in tree):
        return {"dict": [[key, _spec(value, tensors)] for key, value in tree.items()]}
    if type(tree) in (list, tuple):
        return {type(tree).__name__: [_spec(value, tensors) for value in tree]}
    raise TypeError(f"states: got {tree!r}, but only dicts, lists, tuples and tensors can be saved")


def _tree(spec: Any, tensors: dict[str, torch.Tensor]) -> Tree:
    if isinstance(spec, str):
        return tensors[spec]
    ((kind, content),) = spec.items()
    if kind == "dict":
        return {key: _tree(value, tensors) for key, value in content}
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](_tree(value, tensors) for value in content)
    raise ValueError(f"unknown structure {kind!r}")
