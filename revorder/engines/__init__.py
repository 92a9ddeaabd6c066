"""Engines carry a plan out: `Replay` one state at a time, `Wavefront` all states that share a batch at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront
from revorder.planning import Plan
from revorder.pytrees import Tree

__all__ = ["Engine", "Maps", "Replay", "Wavefront", "choose"]


class Engine(Protocol):
    """Yields (rows, states): the checkpoints reached (positions in `plan.steps`), their states stacked.

    The states may be views of memory that the engine reuses: copy them before asking for the next ones. `advanced`
    is told how many evaluations of T were made.
    """

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any]
    ) -> Iterator[tuple[np.ndarray, Tree]]: ...


NAMES: dict[str, type] = {"replay": Replay, "wavefront": Wavefront}


def choose(engine: str | Engine, update: object, plan: Plan) -> tuple[Engine, str]:
    """The engine to use, and why.

    Raises:
        ValueError: unknown text (the nearest name is suggested).
        TypeError: not an engine, or the wavefront engine for an update that only replay can carry out.
    """
    replay_only = getattr(update, "replay_only", False)
    if engine == "auto":
        if replay_only:
            return Replay(), "this update handles one state at a time"
        if plan.launches == plan.cost:
            return Replay(), "no two states ever need the same batch"
        return Wavefront(), f"{plan.cost} evaluations in {plan.launches} batched calls"
    if isinstance(engine, str):
        if engine not in NAMES:
            near = difflib.get_close_matches(engine.lower(), [*NAMES, "auto"], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"engine: got {engine!r}, but the known names are {', '.join(NAMES)} and auto{hint}")
        engine = NAMES[engine]()
    if isinstance(engine, type) or not hasattr(engine, "states"):
        raise TypeError(f"engine: got {engine!r}, but it must be a text or an engine, such as Replay()")
    if replay_only and isinstance(engine, Wavefront):
        raise TypeError("engine: got 'wavefront', but this update handles one state at a time; use engine='replay'")
    return engine, "as asked"
