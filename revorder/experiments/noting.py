"""What a result folder says of its finished jobs: summaries grow job by job, and all is looked at beforehand."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from revorder.data.files import read_text, unfinished, write
from revorder.experiments.configs import Config
from revorder.experiments.digests import CONFIGURATION, LINE, check_made_with
from revorder.experiments.folders import COLUMNS, Folder
from revorder.experiments.job import Job, Snapshots, jobs

MOST = 2**31  # bytes of metrics.csv


def take_up(folder: Folder, config: Config) -> dict[str, Any]:
    """Look at all jobs, before anything is computed, and put right what a process that was killed has left.

    Returns:
        The card, with a line for every finished job, as its result has it (a killed process may not have come to them),
        and those of jobs whose results are gone, since a job must begin again as it did.

    Raises:
        ValueError: the card, a result or a snapshot is damaged, another job's, or was made with another configuration
            than `config`; nothing is changed.
    """
    card, lines = folder.card(), dict[str, dict[str, Any]]()
    named = {str(job): job for job in jobs(config)}
    for name, job in named.items():
        known, over = _known(folder, job), folder.result(job).exists()
        check_made_with(known.get(CONFIGURATION), config, folder.result(job) if over else folder.snapshot(job))
        if isinstance(line := known.get(LINE), dict):
            lines[name] = line
    others = {name: line for name, line in card["jobs"].items() if name in named}  # how a job that was lost began, too
    card["jobs"] = others | lines
    return card


def sweep(folder: Folder, config: Config) -> None:
    """Take away what killed processes have left; once this run's token is there, so that none of theirs comes after.

    Whoever still writes finds its half file gone, or looks whether the token of its run still stands.
    """
    for job in jobs(config):
        if folder.result(job).exists():
            folder.snapshot(job).unlink(missing_ok=True)
    for left in [*unfinished(folder.path, "*"), *unfinished(folder.path / "jobs", "*.safetensors")]:
        if left.is_file() or left.is_symlink():
            left.unlink()


def kept_line(folder: Folder, job: Job) -> dict[str, Any] | None:
    """The line of a finished job that its result keeps; None where there is none."""
    line = _known(folder, job).get(LINE)
    return line if isinstance(line, dict) else None


def _known(folder: Folder, job: Job) -> dict[str, Any]:
    """What a job's file says of itself; a snapshot beside a result does not count."""
    result, snapshot = folder.result(job), folder.snapshot(job)
    if result.exists():
        with _or_away(result):
            return folder.trajectory(job).provenance
    if snapshot.exists():
        with _or_away(snapshot):
            return {CONFIGURATION: Snapshots(snapshot, job, 0.0).made_with}
    return {}


@contextmanager
def _or_away(path: Path) -> Iterator[None]:
    """A damaged file is named, with what to do."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{error}; take {path} away, and its job is carried out again") from error


def note(folder: Folder, job: Job, line: dict[str, Any]) -> None:
    """Add a finished job to the card and, once its run is whole, to metrics.csv; no other job is read again."""
    card = folder.card()
    card.setdefault("jobs", {})[str(job)] = line
    card["finished"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    run = [Job(job.order, job.seed, part, job.parts) for part in range(job.parts)]
    if all(str(part) in card["jobs"] and folder.result(part).exists() for part in run):
        rows = folder.joined(run).frame(seed=job.seed)[COLUMNS]
        place = folder.path / "metrics.csv"
        before = read_text(place, MOST) if place.exists() else ",".join(COLUMNS) + "\n"
        write(place, before + rows.to_csv(index=False, header=False))
    write(folder.path / "card.json", json.dumps(card, indent=2) + "\n")
