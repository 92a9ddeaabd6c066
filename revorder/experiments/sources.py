"""Where a function, a class or an object comes from: its name and file, and digests of text and values."""

from __future__ import annotations

import functools
import hashlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revorder.data.files import length
from revorder.experiments.bound import digest_of_bound

MOST = 1 << 24  # bytes of a source file


@dataclass(frozen=True)
class Source:
    """Where something comes from.

    Attributes:
        name: qualified, such as "OddEven"; of an object that of its class.
        file: the name of its file, without folders; None if it was typed, in a notebook for example.
        sha256: of the file's bytes; of its own text where there is no file; None if that is not known either.
        bound: SHA-256 of the values that are bound to it, which its text does not say; "" where there are none.
    """

    name: str
    file: str | None
    sha256: str | None
    bound: str = ""


def source_of(thing: Any) -> Source:
    """Where a function, a class, or the class of an object comes from."""
    made = _maker(thing)
    name, bound = str(getattr(made, "__qualname__", type(made).__name__)), digest_of_bound(thing, made)
    try:
        path = Path(inspect.getsourcefile(made) or "")
        if path.is_file() and length(path) <= MOST:
            return Source(name, path.name, digest(path.read_bytes()), bound)
    except (OSError, TypeError, ValueError):
        pass
    text = _text(made)
    return Source(name, None, digest(text.encode()) if text else None, bound)


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _maker(thing: Any) -> Any:
    while isinstance(thing, functools.partial):
        thing = thing.func
    thing = inspect.unwrap(thing) if callable(thing) else thing
    return thing if inspect.isroutine(thing) or isinstance(thing, type) else type(thing)


def _text(made: Any) -> str:
    """What was typed; a class of a notebook is found by its methods."""
    parts = [one for one in vars(made).values() if inspect.isfunction(one)] if isinstance(made, type) else [made]
    try:
        return "\n".join(inspect.getsource(part) for part in parts)
    except (OSError, TypeError):
        return ""
