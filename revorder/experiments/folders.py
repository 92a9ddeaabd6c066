"""Result folders: what a run leaves on disk. Every file is written beside its place first and then moved there.

config.json                 the configuration
jobs/<order>-seed<s>.safetensors           a finished job: its trajectory
jobs/<order>-seed<s>.snapshot.safetensors  a job under way: what it gathered, and where it stands
metrics.csv                 all finished jobs: order, seed, step, metric, value
card.json                   machine, versions, times, costs
lock                        held by the one process that may write here
writer                      while it runs: its token, for the workers of its executor (see `leaves.py`)
*.partial                   files that are being written, each under a name of its writer's own
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from revorder.data.files import parse, plain_places, read_text, reading, unfinished, write
from revorder.experiments.configs import FIELDS, Config
from revorder.experiments.digests import JOB, check_is_of
from revorder.experiments.job import Job, jobs
from revorder.experiments.joining import join
from revorder.showing import Facts, Shown
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Folder", "FolderInUseError"]
COLUMNS = ["order", "seed", "step", "metric", "value"]


def __dir__() -> list[str]:
    return sorted(__all__)


class FolderInUseError(RuntimeError):
    """Another process writes to this result folder."""


class Folder(Shown):
    """One result folder; see the module for its files.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def _facts(self) -> Facts:
        """Only the configuration is read. With parts, it takes a plan to know how many jobs there are."""
        try:
            config, files = self.config(), set((self.path / "jobs").glob("*.safetensors"))
        except (OSError, ValueError):
            return {"path": self.path, "holds": "no experiment that can be read"}
        if config.parts == 1:  # files of jobs that the configuration does not have do not count
            files &= {file for job in jobs(config) for file in (self.result(job), self.snapshot(job))}
        waiting = sum(file.name.endswith(".snapshot.safetensors") for file in files)
        total = f" of {len(config.orders) * config.seeds}" if config.parts == 1 else ""
        said = f"{len(files) - waiting}{total} finished, {waiting} under way"
        return {"path": self.path, "experiment": config.name, "jobs": said, "orders": ", ".join(config.orders)}

    def begin(self, config: Config) -> None:
        """Make the folder for a configuration, or find it made for this one.

        Raises:
            ValueError: the folder holds another configuration, files that are not ours, or links and folders in the
                places of our files; nothing is changed.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self._check_places()
        self.check_ours()
        if not (self.path / "config.json").exists():
            write(self.path / "config.json", config.to_json())
        elif (kept := self.config()) != config:
            other = [field for field in FIELDS if getattr(kept, field) != getattr(config, field)]
            said = ", ".join(f"{field} {getattr(kept, field)!r}, not {getattr(config, field)!r}" for field in other)
            raise ValueError(
                f"out: {self.path} holds the results of another configuration ({said}); choose another folder, or go "
                f"on with that one, as `revorder resume` does"
            )
        (self.path / "jobs").mkdir(exist_ok=True)

    def check_ours(self) -> None:
        """Raise ValueError if the folder holds something, but no results."""
        found = list(self.path.iterdir()) if self.path.exists() else []
        ours = {self.path / "lock", *unfinished(self.path, "*")}  # of one killed in its first moments
        foreign = [each.name for each in found if each not in ours]
        if foreign and not (self.path / "config.json").exists():  # the first file that a run, beginning just now, makes
            raise ValueError(f"out: {self.path} is not empty and holds no results ({foreign[0]}); choose another")

    def _check_places(self) -> None:
        """Nothing is written through a link that leads out of the folder, and no pipe is waited for."""
        jobs = self.path / "jobs"
        if jobs.is_symlink() or (jobs.exists() and not jobs.is_dir()):
            raise ValueError(f"out: {jobs} is not a folder of its own; choose another")
        plain_places(self.path, ["config.json", "card.json", "metrics.csv", "writer"])
        plain_places(jobs, [found.name for found in jobs.iterdir()] if jobs.exists() else [])

    def config(self) -> Config:
        """The configuration. It may name what is not registered here: nothing is imported, and nothing can be run.

        Raises:
            ValueError: there is none, or it is damaged or of another version.
        """
        place = self.path / "config.json"
        try:
            text = read_text(place)
        except (OSError, ValueError) as error:
            raise ValueError(f"out: {self.path} is not a result folder ({error})") from error
        return Config.from_json(text, place, registered=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; the lock dies with the process, however it ends.

        Raises:
            FolderInUseError: another process holds it.
            ValueError: something else stands in the place of the lock: a link, a folder, a pipe.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = self.path / "lock"
        if lock.is_symlink() or (lock.exists() and not lock.is_file()):
            raise ValueError(f"out: {lock} is not a plain file; take it away, or choose another folder")
        try:
            with FileLock(lock, timeout=0):
                yield
        except Timeout as error:
            raise FolderInUseError(
                f"out: another process is writing to {self.path}; wait, or choose another"
            ) from error

    def result(self, job: Job) -> Path:
        """The file of a finished job."""
        return self.path / "jobs" / f"{job}.safetensors"

    def snapshot(self, job: Job) -> Path:
        """The file of a job under way."""
        return self.path / "jobs" / f"{job}.snapshot.safetensors"

    def finished(self) -> dict[tuple[str, int], Trajectory]:
        """The trajectories of the runs that are finished, by order and seed; parts are put together.

        Raises:
            ValueError: a job's file is damaged.
        """
        runs: dict[tuple[str, int], list[Job]] = {}
        for job in jobs(self.config()):
            runs.setdefault((job.order, job.seed), []).append(job)
        done = {key: parts for key, parts in runs.items() if all(self.result(job).exists() for job in parts)}
        return {key: self.joined(parts) for key, parts in done.items()}

    def trajectory(self, job: Job) -> Trajectory:
        """The trajectory of a finished job.

        Raises:
            ValueError: its file is damaged, or of another job.
        """
        found = Trajectory.load(self.result(job))
        check_is_of(found.provenance.get(JOB), job, self.result(job))
        return found

    def joined(self, parts: list[Job]) -> Trajectory:
        """The trajectory of a run, of all its parts."""
        found = [self.trajectory(job) for job in parts]
        with reading(self.result(parts[0]), f"results of {parts[0].order}"):
            if any(run.order != parts[0].order for run in found):
                raise ValueError(f"its order is {', '.join(run.order for run in found)}")
            return join(found)

    def frame(self) -> pd.DataFrame:
        """The metrics of all finished jobs, tidy: order, seed, step, metric, value."""
        import pandas as pd

        frames = [run.frame().assign(seed=seed) for (_, seed), run in self.finished().items()]
        return pd.concat(frames)[COLUMNS] if frames else pd.DataFrame(columns=COLUMNS)

    def card(self) -> dict[str, Any]:
        """The result card, without jobs before the first one is finished; raises ValueError if it is damaged."""
        place = self.path / "card.json"
        try:
            card = parse(read_text(place)) if place.exists() else {"jobs": {}}
            if not all(isinstance(line, dict) for line in card["jobs"].values()):
                raise TypeError("its jobs are not described")
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            said = f"{place} is damaged ({type(error).__name__}: {error})"
            raise ValueError(f"{said}; take it away: results hold its lines, and resuming makes it anew") from error
        return card

    def summarise(self, card: dict[str, Any]) -> None:
        """Write metrics.csv and card.json for what is finished."""
        write(self.path / "metrics.csv", self.frame().to_csv(index=False))
        write(self.path / "card.json", json.dumps(card, indent=2) + "\n")
