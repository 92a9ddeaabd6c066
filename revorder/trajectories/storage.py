"""Pytrees on disk: one safetensors file, its structure as JSON in the header. Never pickle."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import save as packed
from torch.utils import _pytree as pytree

from revorder.data.files import check_depth, check_name, length, parse, reading, write
from revorder.pytrees import Tree

TRAJECTORY, SEED_RUNS = "revorder-trajectory-1", "revorder-seed-runs-1"
SUM = "crc32"


def save(
    path: str | Path, tree: Tree, about: dict[str, Any], kind: str = TRAJECTORY, before: Callable[[], object] = bool
) -> None:
    """Write a tree of tensors and a JSON-able description: at every moment the old or the new file stands whole.

    `before` is called when the new one is to take its place, and may raise.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; an old file is still there.
        ValueError: a tree nested so deep that `load` would refuse it, or a name that is not UTF-8.
    """
    check_name("path", path)
    tensors: dict[str, torch.Tensor] = {}
    document = {"format": kind, "tree": _spec(tree, tensors), "about": about}
    check_depth(document)
    header = json.dumps(document)
    write(Path(path), packed(tensors, metadata={"revorder": header, SUM: _sum(header, tensors)}), before)


def load(path: str | Path, kind: str = TRAJECTORY) -> tuple[Tree, dict[str, Any]]:
    """Read what `save` wrote. Nothing in the file is executed, and no tensor is larger than the file.

    Raises:
        ValueError: any other file, or a damaged one.
        OSError: there is none.
    """
    check_name("path", path)
    length(path)
    with reading(path, f"a {kind} file"):
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if not metadata.keys() <= {"revorder", SUM}:
            raise ValueError(f"unknown metadata: {', '.join(metadata)}")
        if SUM in metadata and metadata[SUM] != _sum(metadata["revorder"], tensors):  # earlier versions wrote none
            raise ValueError("its checksum is another one: bits have changed since it was written")
        header = parse(metadata["revorder"])
        if header["format"] != kind:
            raise ValueError(f"its format is {header['format']!r}, not {kind!r}")
        return _tree(header["tree"], tensors), dict(header["about"])


def _sum(header: str, tensors: dict[str, torch.Tensor]) -> str:
    """A checksum against accidents (CRC-32), of the header and of all tensors in the order of their names."""
    found = zlib.crc32(header.encode())
    for name, tensor in sorted(tensors.items()):
        found = zlib.crc32(f"{name} {tensor.dtype} {list(tensor.shape)}".encode(), found)
        found = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, found)
    return f"{found:08x}"


def measured(about: dict[str, Any], tree: Tree) -> dict[str, np.ndarray]:
    """The metrics of a loaded description, each a float64 array (checkpoints,); call it inside `reading`.

    Raises:
        ValueError: steps or a cost that are none, or not one number, and one row of every tensor, for each checkpoint.
    """
    steps = about["steps"]
    check_counts(steps, about["cost"])
    for name, values in about["metrics"].items():
        if len(values) != len(steps) or not all(type(value) in (int, float) for value in values):
            raise ValueError(f"{name} is not one number for each of its {len(steps)} checkpoints")
    if any(leaf.shape[:1] != (len(steps),) for leaf in pytree.tree_leaves(tree)):
        raise ValueError(f"it has {len(steps)} checkpoints, but other numbers of states")
    return {name: np.array(values, dtype=np.float64) for name, values in about["metrics"].items()}


def check_counts(steps: list[Any], cost: Any) -> None:
    """Raise ValueError unless steps are whole numbers from 1 on, and a cost is one from 0 on."""
    if not all(type(n) is int and 1 <= n < 2**63 for n in steps) or type(cost) is not int or cost < 0:
        raise ValueError("its steps or its cost are no whole numbers")


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
        if not all(type(key) in (str, int) for key, _ in content):
            raise ValueError("a key is neither text nor an integer")
        return {key: _tree(value, tensors) for key, value in content}
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](_tree(value, tensors) for value in content)
    raise ValueError(f"unknown structure {kind!r}")
