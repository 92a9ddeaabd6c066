"""Which engine: `Replay` one state at a time, `Wavefront` all states that share a batch at once, `Affine` the maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from revorder.engines.affine import Affine
from revorder.engines.auto import Auto
from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront
from revorder.errors import did_you_mean
from revorder.planning.plan import Plan
from revorder.pytrees import Tree


class Engine(Protocol):
    """Yields (rows, states): the checkpoints reached (positions in `plan.steps`), their states stacked.

    The states may be views of memory that the engine reuses: copy them before asking for the next ones. `advanced`
    is told how many evaluations of T were made.
    """

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any]
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        """Carry out a plan from `start`. Engines that can be resumed also take a `keeper`; see `Keeper`."""


NAMES: dict[str, Callable[[], Engine | Auto]] = {
    "auto": Auto,
    "replay": Replay,
    "wavefront": Wavefront,
    "affine": Affine,
}


def choose(engine: str | Engine | Auto, update: object) -> Engine | Auto:
    """The engine that a text or an engine stands for.

    Raises:
        ValueError: unknown text (the nearest name is suggested).
        TypeError: not an engine, or an engine that transforms the update, where only replay can carry it out.
    """
    if isinstance(engine, str):
        if engine not in NAMES:
            hint = did_you_mean(engine.lower(), NAMES)
            raise ValueError(f"engine: got {engine!r}, but the known names are {', '.join(NAMES)}{hint}")
        return choose(NAMES[engine](), update)
    if isinstance(engine, Auto):
        return engine
    if isinstance(engine, type) or not hasattr(engine, "states"):
        raise TypeError(f"engine: got {engine!r}, but it must be a text or an engine, such as Replay()")
    if getattr(update, "replay_only", False) and isinstance(engine, Wavefront | Affine):
        name = type(engine).__name__.lower()
        raise TypeError(f"engine: got {name!r}, but this update handles one state at a time; use engine='replay'")
    return engine
