"""What a result folder says of its finished jobs: summaries grow job by job, and results are looked at beforehand."""

from __future__ import annotations

import datetime
import json
from typing import Any

from revorder.data.files import read_text, unfinished, write
from revorder.experiments.configs import Config
from revorder.experiments.digests import CONFIGURATION, LINE, check_made_with
from revorder.experiments.folders import COLUMNS, Folder
from revorder.experiments.job import Job, jobs
from revorder.trajectories.trajectory import Trajectory

MOST = 2**31  # bytes of metrics.csv


def take_up(folder: Folder, config: Config) -> dict[str, Any]:
    """Look at all finished jobs, before anything is computed, and put right what a process that was killed has left.

    Returns:
        The card, with a line for every finished job; those that the last process did not come to are in the results.

    Raises:
        ValueError: the card or a result is damaged, or a result was made with another configuration than `config`.
    """
    card = folder.card()
    for job in jobs(config):
        path = folder.result(job)
        if path.exists():
            known = Trajectory.load(path).provenance
            check_made_with(known.get(CONFIGURATION), config, path)
            if isinstance(line := known.get(LINE), dict):
                card["jobs"].setdefault(str(job), line)
            folder.snapshot(job).unlink(missing_ok=True)
    for left in [*unfinished(folder.path, "*"), *unfinished(folder.path / "jobs", "*.safetensors")]:
        if left.is_file() or left.is_symlink():
            left.unlink()
    return card


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
