"""Bytes to send to a worker: a run, its update and its batches, and what comes back.

They are made by `torch.save`: batches that are slices of one tensor carry it along once, and no tensor passes through
shared memory, which is small in containers and ties an answer to the life of the worker that made it.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import torch

from revorder.engines.blame import named
from revorder.engines.memory import ran_out
from revorder.showing import LINE, cut

try:
    import cloudpickle as pickler  # comes with dask; it also takes lambdas and functions defined in a notebook
except ImportError:
    pickler = pickle


def pack(value: Any, **arguments: Any) -> bytes:
    """`value` as bytes; `arguments` are what it was made of, by the names that a user knows.

    Raises:
        TypeError: it cannot be pickled; the message names the argument.
        MemoryError: there is no room for the bytes.
    """
    try:
        return _dumps(value)
    except Exception as error:
        if ran_out(error):
            raise _full(error) from error
        for name, argument in arguments.items():
            _check(name, argument)
        raise


def unpack(packed: bytes) -> Any:
    """What `pack` was given. Only for bytes of one's own making: like pickle, it executes what it reads."""
    return torch.load(io.BytesIO(packed), weights_only=False)


def _dumps(value: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_module=pickler, pickle_protocol=pickle.HIGHEST_PROTOCOL)
    return buffer.getvalue()


def _full(error: Exception) -> Exception:
    return named(error, "executor", "when what goes to a worker, or comes back, was made into bytes")


def _check(name: str, argument: Any) -> None:
    try:
        _dumps(argument)
    except Exception as error:
        if ran_out(error):
            raise _full(error) from error
        hint = "define it at the top level of a module"
        if pickler is pickle:
            hint += ", or install cloudpickle (dask brings it along), which accepts lambdas and functions of a notebook"
        raise TypeError(
            f"{name}: got {cut(repr(argument), LINE)}, which cannot be sent to the workers of executor: a process "
            f"pool needs functions and objects that can be pickled ({error}); {hint}"
        ) from error
