"""How far an experiment is, as its result folder says; and sentences about runs that say no more than is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from revorder.experiments import Config, Folder, jobs
from revorder.widgets.live import Curves


@dataclass(frozen=True)
class Standing:
    """What a folder holds of an experiment.

    Attributes:
        curves: of the runs that are finished.
        done, total: jobs that are finished, and all.
        diverged: the names of finished jobs that diverged.
    """

    curves: Curves
    done: int
    total: int
    diverged: tuple[str, ...]

    @property
    def said(self) -> str:
        """In a few words."""
        return f"{self.done} of {self.total} jobs finished"


def standing(config: Config, place: Path) -> Standing | None:
    """How far an experiment is in a folder; None if the folder does not hold it.

    Raises:
        ValueError: something in the folder is damaged.
    """
    folder = Folder(place)
    if not (place / "config.json").exists() or folder.config() != config:
        return None
    every = jobs(config)
    done = sum(folder.result(job).exists() for job in every)
    diverged = tuple(name for name, line in folder.card()["jobs"].items() if "diverged" in line)
    return Standing(Curves(folder.finished(), config.unit), done, len(every), diverged)


def named(config: Config) -> str:
    """An experiment by name and profile."""
    return f"{config.name} ({config.profile})"


def described(config: Config, device: str) -> str:
    """What was priced: all that the controls say, but the folder."""
    seeds = f"{config.seeds} seed{'s' if config.seeds > 1 else ''}"
    return f"{named(config)}: {', '.join(config.orders)}; {seeds}, engine {config.engine}, on {device}"


def ended_well(config: Config, place: Path) -> str:
    """A finished run: where its results are, and which of them are none."""
    try:
        found = standing(config, place)
    except ValueError as error:
        return f"Something in {place} is damaged: {error}"
    wild = f" DIVERGED, so that curves end early: {', '.join(found.diverged)}." if found and found.diverged else ""
    return f"The results of {named(config)} are in {place}.{wild}"


def ended_badly(config: Config, place: Path) -> str:
    """A run that failed: what is kept of it."""
    try:
        found = standing(config, place)
    except ValueError:
        return f"Something in {place} is damaged."
    if found is None or not found.done:
        return f"No job of {named(config)} was finished. Start tries again."
    return f"{found.said} in {place} are kept. Start tries again, and goes on with them."
