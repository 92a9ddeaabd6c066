"""Frozen randomness: whatever is random in T_i is drawn from a seed and the key of batch i, and nothing else.

So T_i is one fixed map: it draws the same dropout mask and the same augmentation in every word, in every engine and
in every process, however many steps are run. This is what makes sharing work between words correct.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from revorder.pytrees import Key

# Generators without an owner, and a module's parameters, belong to the process: threads take turns with them.
TURN = threading.RLock()
if hasattr(os, "register_at_fork"):  # a forked worker must not find it held by a thread that it does not have
    os.register_at_fork(before=TURN.acquire, after_in_parent=TURN.release, after_in_child=TURN.release)


class Source(NamedTuple):
    """A generator of random numbers that the whole process shares."""

    get: Callable[[], Any]
    put: Callable[[Any], Any]
    seed: Callable[[int], Any]


SOURCES = {
    "torch": Source(
        lambda: torch.default_generator.get_state(),
        lambda state: torch.default_generator.set_state(state),
        lambda seed: torch.default_generator.manual_seed(seed),
    ),
    "NumPy": Source(np.random.get_state, np.random.set_state, lambda seed: np.random.seed(seed % 2**32)),
    "Python": Source(random.getstate, random.setstate, random.seed),
    # of all GPUs, since the one that computes need not be the current one
    "CUDA": Source(torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all, torch.cuda.manual_seed_all),
}


def key_seed(seed: int, key: Any) -> int:
    """A 63-bit seed from a seed and a batch's key; independent of the process, unlike `hash`."""
    digest = hashlib.blake2b(repr((seed, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def generator(seed: int, key: Key, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator for the batch `key`. It lives on a CUDA `device`, and on the CPU otherwise."""
    made = torch.Generator(device if torch.device(device).type == "cuda" else "cpu")
    return made.manual_seed(key_seed(seed, key))


def known() -> set[str]:
    """The names of the generators that are there."""
    return {name for name in SOURCES if name != "CUDA" or torch.cuda.is_initialized()}


class Watch:
    """Notices which of the process's generators move from here on."""

    def __init__(self, names: Collection[str] | None = None):
        with TURN:  # not while another thread has seeded them for its own draws
            self.before = {name: SOURCES[name].get() for name in (known() if names is None else names)}

    def moved(self) -> set[str]:
        """The names of those that did."""
        with TURN:
            return {name for name, before in self.before.items() if not _equal(before, SOURCES[name].get())}

    def put_back(self) -> None:
        with TURN:
            for name, before in self.before.items():
                SOURCES[name].put(before)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, list) or (isinstance(a, tuple) and any(isinstance(part, np.ndarray) for part in a)):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray | torch.Tensor) else bool(a == b)


@contextmanager
def seeded(seed: int, key: Any, names: Collection[str] | None = None) -> Iterator[Watch]:
    """Seed the process's generators for the block, and put them back after it. Other threads wait for their turn.

    `torch.nn.Dropout` takes no generator, so this is how its masks are keyed.

    Args:
        names: of the generators (default: all of `SOURCES` that are there).

    Yields:
        a watch, which tells at the end of the block which of them moved.
    """
    with TURN:
        outside = Watch(names)
        try:
            for name in outside.before:
                SOURCES[name].seed(key_seed(seed, key))
            yield Watch(names)
        finally:
            outside.put_back()


class Draws:
    """The random numbers that belong to a loss or an update. Which generators it draws from is found by trying.

    Attributes:
        stochastic: whether anything is drawn; None until it was tried. What the user said is believed, what was found
            is looked at again in a run during which generators moved (see `looking_again`).
    """

    def __init__(self, seed: int, stochastic: bool | None):
        self.seed, self.said = seed, stochastic
        self.names: set[str] | None = None  # the generators that moved; None until it was tried
        self.inside: int | None = None  # the thread that is in such a block

    @property
    def stochastic(self) -> bool | None:
        return self.said if self.said is not None or self.names is None else bool(self.names)

    def keyed(self, key: Key) -> AbstractContextManager[Any]:
        """A block in which the loss or update may draw. Other threads wait for their turn, also for its module."""
        quiet = self.stochastic is False and (self.said is False or not _look.again)
        return TURN if quiet or self.inside == threading.get_ident() else self._seeded(key)

    @contextmanager
    def _seeded(self, key: Key) -> Iterator[None]:
        with TURN:
            self.inside = threading.get_ident()
            try:
                with seeded(self.seed, key, None if _look.again else self.names) as watch:
                    yield
                    moved = watch.moved() if self.names is None or _look.again else set()
                self.names = (self.names or set()) | moved
                if self.said and not self.names:
                    self.names = None  # it draws now and then
            finally:
                self.inside = None


class _Look(threading.local):
    again = False


_look = _Look()


@contextmanager
def looking_again() -> Iterator[None]:
    """A block in which `Draws` believes in no earlier find: what drew nothing until now is watched in every call."""
    before, _look.again = _look.again, True
    try:
        yield
    finally:
        _look.again = before
