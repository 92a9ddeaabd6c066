"""How a run is stopped: what is asked, and what is raised."""

from __future__ import annotations

from typing import Protocol


class StoppedError(Exception):
    """A run was asked to stop, and has written down where it stands."""


class Stop(Protocol):
    """What says whether a job is to stop, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Asked after every evaluation."""
