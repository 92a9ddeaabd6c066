"""What recordings have in common: the card that says where one was made, and numbers of few digits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from revorder.trajectories.origins import processor, versions


@contextmanager
def card(about: str | None) -> Iterator[dict[str, Any]]:
    """A card to be filled while a recording is made on one thread: what it is, machine, versions, seconds."""
    torch.set_num_threads(1)  # the tensors are small: threads would only wait for each other
    began = time.perf_counter()
    made: dict[str, Any] = {"about": (about or "").split("\n")[0], "processor": processor(), "cores": os.cpu_count()}
    made |= {"threads": 1, "versions": dict(versions())}
    yield made
    made["seconds"] = round(time.perf_counter() - began)


def digits_of(values: np.ndarray, digits: int = 3) -> Any:
    """An array as lists of numbers with so many significant digits; None where one is not finite.

    >>> digits_of(np.array([[0.12345, 1234.5], [np.nan, 1.0]]))
    [[0.123, 1230.0], [None, 1.0]]
    """
    if values.ndim:
        return [digits_of(each, digits) for each in values]
    return float(f"{values:.{digits}g}") if np.isfinite(values) else None
