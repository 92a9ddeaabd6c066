"""Draws that nothing was known of: generators of the whole process that move while an engine runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from revorder.engines.purity import equal
from revorder.updates.randomness import Watch, known, looking_again, seeded

_others: set[str] = set()  # generators that other threads of this process draw from, as was found


class Drawn(Exception):
    """Generators of the whole process moved while an engine ran, though nothing was known to draw from them."""

    def __init__(self, moved: set[str]):
        super().__init__(f"the global generator of {' and '.join(sorted(moved))} moved meanwhile")
        self.moved = moved


class Lookout:
    """Watches a run for such draws: as a whole, and, if it moved a generator, call by call when it is made anew.

    Attributes:
        watched: whether every call is watched.
    """

    def __init__(self) -> None:
        self.watched = False

    def watch(self) -> Watch:
        """Notices from here on which generators move, those left out that other threads draw from."""
        return Watch(known() - _others)

    def attempt(self) -> AbstractContextManager[None]:
        """A block in which a run is carried out."""
        return looking_again() if self.watched else nullcontext()

    def found(self, moved: set[str]) -> None:
        """Told at the end of a run which generators moved. If no call did it, another thread draws from them."""
        if self.watched:
            _others.update(moved)
        elif moved:
            raise Drawn(moved)

    def call(self, name: str, call: Callable[[], Any]) -> Any:
        """What a call returns; `name` is the batch that it is on.

        Raises:
            Drawn: a generator moved, which was not expected.
            ValueError: the call draws from it, whenever it is made.
        """
        names = known() if self.watched else _others
        if not names:
            return call()
        watch = Watch(names)
        found = call()
        moved = watch.moved()
        if moved and not self.watched:
            raise Drawn(moved)
        if moved:
            self.refuse(name, call, moved)
        return found

    def refuse(self, name: str, call: Callable[[], Any], moved: set[str]) -> None:
        """Raise ValueError if a call gives something else when the generators stand elsewhere.

        It is no proof that they moved: another thread may draw all the time.
        """
        results = []
        for seed in range(2):
            with seeded(seed, name, moved):
                results.append(call())
        if not equal(*results):
            raise ValueError(
                f"update: on {name} it draws from the global generator of {' and '.join(sorted(moved))}, so that it is "
                "random, another map in every call; draw from a generator made of the key, as in update(state, "
                "batch, key) with torch.Generator().manual_seed(key), or use module_loss, which keys its draws"
            )
