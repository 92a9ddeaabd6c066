"""What an assignment asks, as data: inputs are made anew for every call; what an answer does with them is written down.

Who only compares data needs no truth where the answer runs: not in a student's kernel, and not in a grader's worker.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from revorder.course.given import affine, examples, network
from revorder.orders import Order

__all__ = ["ASK", "GIVEN", "Data", "Folder", "Given", "decoded", "encode", "outcomes", "plain", "quiet"]

Data = Any  # what JSON can hold
LONGEST = 100_000  # values of a generator, characters of a text


class Given:
    """An input that is no data: `GIVEN[name]` itself, or what it makes of these arguments, afresh for every call."""

    def __init__(self, name: str, *arguments: Any):
        if name not in GIVEN:
            raise ValueError(f"name: got {name!r}, but what is given is {', '.join(GIVEN)}")
        self.name, self.arguments = name, arguments

    def made(self) -> Any:
        return GIVEN[self.name](*self.arguments) if self.arguments else GIVEN[self.name]


class Folder:
    """A folder with these texts as files; an answer gets its path, as text."""

    def __init__(self, files: Mapping[str, str]):
        self.files = dict(files)


GIVEN: dict[str, Callable[..., Any]] = {"affine": affine, "examples": examples, "network": network}


def _word(answer: Callable[[int], Any], size: int, n: int) -> list[int]:
    made = answer(size)
    if not isinstance(made, Order):
        raise TypeError("what your class makes of a size has no method word(n)")
    return [int(number) for number in made.word(n)]


ASK: dict[str, Callable[..., Any]] = {"call": lambda answer, *case: answer(*case), "word": _word}


def encode(value: Any) -> Data:
    """An input as data; `decoded` has it back."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": {name: encode(item) for name, item in value.items()}}
    if isinstance(value, torch.Tensor):
        return {"tensor": value.tolist(), "dtype": str(value.dtype).removeprefix("torch.")}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": str(value.dtype)}
    if isinstance(value, Given):
        return {"given": value.name, "with": [encode(item) for item in value.arguments]}
    if isinstance(value, Folder):
        return {"folder": value.files}
    raise TypeError(f"no input of an assignment can be a {type(value).__name__}")


@contextlib.contextmanager
def decoded(case: Sequence[Data]) -> Iterator[list[Any]]:
    """The arguments of one call; folders are there until the end of the block."""
    with contextlib.ExitStack() as stack:
        yield [_decode(item, stack) for item in case]


def _decode(data: Data, stack: contextlib.ExitStack) -> Any:
    if isinstance(data, list):
        return [_decode(item, stack) for item in data]
    if not isinstance(data, dict):
        return data
    if "tuple" in data:
        return tuple(_decode(item, stack) for item in data["tuple"])
    if "dict" in data:
        return {name: _decode(item, stack) for name, item in data["dict"].items()}
    if "tensor" in data:
        return torch.tensor(data["tensor"], dtype=getattr(torch, data["dtype"]))
    if "array" in data:
        return np.array(data["array"], dtype=data["dtype"])
    if "given" in data:
        return Given(data["given"], *(_decode(item, stack) for item in data["with"])).made()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for name, text in data["folder"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


def outcomes(kind: str, answer: Callable[..., Any], cases: Sequence[Sequence[Data]]) -> list[Data]:
    """What an answer does in each case, as data; what it raises, and what it says on stderr, stays inside."""
    with quiet():
        return [_outcome(ASK[kind], answer, case) for case in cases]


def _outcome(ask: Callable[..., Any], answer: Callable[..., Any], case: Sequence[Data]) -> Data:
    try:
        with decoded(case) as arguments:
            return plain(ask(answer, *arguments))
    except Exception as error:  # a learner's function may fail in any way
        return {"raised": type(error).__name__, "text": str(error)[:LONGEST]}


def plain(value: Any) -> Data:
    """An outcome as data: numbers, texts, None, lists and dictionaries of them; all else is odd, and equals nothing."""
    if value is None or isinstance(value, (bool, int, float)):
        return value if not isinstance(value, int) or abs(value) < 2**1000 else {"odd": "a number without end"}
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, dict):
        return {"dict": {str(name): plain(item) for name, item in value.items()}}
    if isinstance(value, Iterator):
        return [plain(item) for item in itertools.islice(value, LONGEST)]
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    try:
        return np.asarray(value, dtype=np.float64).tolist()
    except (TypeError, ValueError, RuntimeError):  # no numbers, or a tensor with gradients
        return {"odd": type(value).__name__}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and stderr to itself: nbgrader takes a cell that wrote there for one that failed."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
