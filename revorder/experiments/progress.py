"""What a run shows while it runs, and when it ends: a bar on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np
from tqdm import tqdm

from revorder.experiments import Config, Folder, Progress, StoppedError, jobs, run
from revorder.experiments.arithmetic import best_device
from revorder.experiments.bringing import brought
from revorder.experiments.own import used

EVERY = 0.2  # seconds between looks at the progress; the bar itself decides when to draw
LINES_EVERY = 30.0  # seconds between lines where there is no terminal


class Watcher:
    """The `watcher` of `revorder.experiments.run`, for a whole experiment; a context manager that closes the bar.

    Args:
        config: what is run.
        out: its result folder: jobs that are finished there are not counted.
        stream: where to write, by default where errors go; a bar if it is a terminal, else lines, and nothing if
            errors go nowhere.
        lines_every: seconds between lines.
    """

    def __init__(self, config: Config, out: str | Path, stream: TextIO | None = None, lines_every: float = LINES_EVERY):
        self.stream, self.lines_every = stream or sys.stderr, lines_every
        folder, costs = (
            Folder(out),
            {(job.order, job.part): job.plan(config).cost for job in jobs(config) if not job.seed},
        )
        waiting = {job: costs[job.order, job.part] for job in jobs(config) if not folder.result(job).exists()}
        before = np.cumsum([0, *waiting.values()]).tolist()
        self.before, self.total = dict(zip(waiting, before[:-1], strict=True)), before[-1]
        self.looked = self.wrote = time.monotonic()
        self.bar = tqdm(total=self.total, unit=" evaluations", unit_scale=True, file=self.stream, dynamic_ncols=True,
                        smoothing=0.05, disable=not _shows(self.stream))  # fmt: skip

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if kind is None:
            self.bar.update(self.total - self.bar.n)
        self.bar.close()

    def __call__(self, progress: Progress) -> None:
        """Take note of the progress; most calls return at once."""
        now = time.monotonic()
        if now - self.looked < EVERY and progress.evaluations < progress.total:
            return
        self.looked = now
        if not self.bar.disable:
            self.bar.set_description_str(said(progress), refresh=False)
            self.bar.update(self.before[progress.job] + progress.evaluations - self.bar.n)
        elif self.stream is not None and now - self.wrote >= self.lines_every:
            self.wrote = now
            done = f"{progress.evaluations:,} of {progress.total:,} evaluations"
            print(f"{said(progress)}: {done}", file=self.stream, flush=True)


def said(progress: Progress) -> str:
    """Which job runs, and the newest test loss that is known."""
    job, values, done = progress.job, progress.collected.values, progress.collected.done
    text = f"job {progress.number}/{progress.jobs}, {job.order}, seed {job.seed}"
    if "test loss" in values and done.any():
        newest = int(np.flatnonzero(done)[-1])
        text += f", test loss {values['test loss'][newest]:.4f} at step {progress.collected.plan.steps[newest]}"
    return text


def carry_out(config: Config, out: Path, **how: Any) -> None:
    """`revorder.experiments.run` with a watcher; says at the end where the results are, or how to go on.

    Raises:
        StoppedError: the message says how to go on.
        OSError, MemoryError, RuntimeError: a note says what is intact, and how to go on.
        ValueError: as `run`.
    """
    used(config)
    try:
        with Watcher(config, out) as watcher:
            folder = run(config, out, watcher=watcher, **how)
    except StoppedError as error:
        raise StoppedError(f"{error}; the last snapshot is kept. Go on with: {_again(out, how)}") from error
    except (OSError, MemoryError, RuntimeError) as error:
        error.add_note(f"The last snapshot and all finished jobs are intact. Go on with: {_again(out, how)}")
        raise
    for name, line in folder.card()["jobs"].items():
        if "diverged" in line:
            print(f"Diverged: {name}: {line['diverged']}")
    print(f"Results are in {out}. See them with: {shlex.join(['revorder', 'report', str(out)])}")


@contextmanager
def pricing(stream: TextIO | None = None) -> Iterator[Callable[[float, str], object]]:
    """What a price is to tell how far it is: a bar on a terminal, which is gone at the end; elsewhere nothing."""
    stream = stream or sys.stderr
    with tqdm(total=1.0, file=stream, leave=False, disable=not _shows(stream), bar_format="{l_bar}{bar}|") as bar:

        def told(done: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield told


def _shows(stream: TextIO | None) -> bool:
    """Whether a bar can be drawn there; a program without a terminal may have no stream at all."""
    return stream is not None and stream.isatty()


def _again(out: Path, how: dict[str, Any]) -> str:
    usual = {"data": None, "device": best_device()}
    given = [f"--{option}={how[option]}" for option, value in usual.items() if how[option] not in (None, value)]
    given += [f"--import={text}" for text in brought]  # a folder imports nothing
    return shlex.join(["revorder", "resume", str(out), *given])
