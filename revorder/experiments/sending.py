"""What a worker needs to know a configuration's registered names: the texts that a person gave, and what Python made.

A parcel is made by the process that a person started, for its workers, and travels to them only. It lies in no file.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from revorder.experiments.bringing import Brought, bring, brought, by_code
from revorder.experiments.configs import Config
from revorder.experiments.own import keep, used
from revorder.running.packing import pack, unpack


@dataclass(frozen=True)
class Parcel:
    """For workers.

    Attributes:
        texts: what was brought, in the order in which it was.
        packed: the rest, as bytes; None if there is none.
        process: who made it.
    """

    texts: tuple[Brought, ...]
    packed: bytes | None
    process: int

    def open(self) -> None:
        """In a worker: run the files that the person gave, and register the rest.

        Raises:
            ValueError: a file is not there, or is another one by now.
        """
        if os.getpid() == self.process:
            return
        for one in self.texts:
            bring(one.text)
            if (found := brought[one.text].sha256) != one.sha256:
                raise ValueError(
                    f"import: {one.text} is not what the process that sent this job has run (SHA-256 {found}, not "
                    f"{one.sha256})"
                )
        for own in unpack(self.packed) if self.packed else ():
            keep(own, replace=True)


def parcel(config: Config) -> Parcel:
    """What a configuration needs of what is registered here.

    Raises:
        TypeError: something cannot be pickled; the message names it.
        ValueError: it names what is not registered.
    """
    others = [own for own in used(config) if (own.kind, own.name) not in by_code]
    named: dict[str, Any] = {f"{own.kind} {own.name}": own.thing for own in others}
    return Parcel(tuple(brought.values()), pack(others, **named) if others else None, os.getpid())


@contextmanager
def travelling(parent: int | None) -> Iterator[None]:
    """In another process than `parent`: an error that could not be made again there travels as what it says."""
    try:
        yield
    except Exception as error:
        if parent is None or os.getpid() == parent:
            raise
        vars(error).pop("trajectory", None)  # snapshots have it
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            said = "".join(traceback.format_exception_only(error)).strip()
            raise RuntimeError(f"in a worker: {said}") from None
        raise
