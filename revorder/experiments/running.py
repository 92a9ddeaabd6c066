"""Run an experiment into a folder, stop it at any moment, and go on later."""

from __future__ import annotations

import _thread
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from revorder.experiments.building import load
from revorder.experiments.cards import check_unchanged, declared
from revorder.experiments.configs import Config
from revorder.experiments.folders import Folder
from revorder.experiments.given import check_given
from revorder.experiments.job import Job, jobs
from revorder.experiments.leaves import writer
from revorder.experiments.noting import note, sweep, take_up
from revorder.experiments.own import used
from revorder.experiments.sending import parcel
from revorder.experiments.sharing import share
from revorder.experiments.work import Work
from revorder.running.collecting import Collector

INTERVAL = 180.0  # seconds between snapshots


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        job: what is being carried out.
        evaluations, total: evaluations of T made, and to be made, in this job.
        number, jobs: this job is number `number` (from 1) of `jobs`.
        collected: what it has gathered until now.
    """

    job: Job
    evaluations: int
    total: int
    number: int
    jobs: int
    collected: Collector


def run(
    config: Config,
    out: str | Path,
    *,
    resume: bool = False,
    data: str | Path | None = None,
    device: str | torch.device = "cpu",
    interval: float = INTERVAL,
    stop: threading.Event | None = None,
    watcher: Callable[[Progress], None] | None = None,
    executor: Executor | None = None,
) -> Folder:
    """Run an experiment, or go on with it.

    Args:
        config: what to run.
        out: the result folder; made if it is not there.
        resume: go on with what the folder holds. Without it, a folder that holds results already is refused.
        data: where the data set lies (default: REVORDER_DATA, or a download).
        device: where tensors live.
        interval: seconds between snapshots: what a killed process loses at most.
        stop: the run stops at the next evaluation when this event is set. In the main thread SIGTERM, SIGINT and
            SIGHUP do the same.
        watcher: is shown the progress after every evaluation or batched call; it must be quick.
        executor: a `concurrent.futures.Executor` whose workers see the same folder: they share the jobs. Then `stop`
            is heard within half a second, by jobs under way at their next evaluation, and `watcher` is not used; a
            worker that is killed loses what came after its last snapshot, one whose parent is killed writes a last one
            and ends. A process pool must spawn its workers where the configuration has several threads.

    Returns:
        The result folder.

    Raises:
        StoppedError: it was asked to stop, and a snapshot is written; or another run has taken over, or its folder is
            gone.
        FolderInUseError: another process writes to this folder.
        TypeError: an argument of another kind.
        ValueError: an argument that is none of its kind; the folder's name is not UTF-8, or a file's; it holds other
            results, or results of another configuration; something in it is damaged, or the data are; what is
            registered is missing, or not what the folder was begun with. Nothing is changed.
    """
    check_given(config, out, resume=resume, interval=interval, stop=stop, watcher=watcher, executor=executor,
                device=device, data=data)  # fmt: skip
    folder, stop = Folder(Path(out).absolute()), stop or threading.Event()  # wherever the process goes meanwhile
    if not resume and (folder.path / "config.json").exists():
        raise ValueError(f"out: {folder.path} holds results already; resume them, or choose another folder")
    folder.check_ours()
    own = declared(used(config))
    with folder.locked(), on_signals(stop):
        folder.begin(config)
        card = take_up(folder, config)  # says now, and not after the first job, if anything is damaged
        waiting = [job for job in jobs(config) if not folder.result(job).exists()]
        if waiting and own:
            check_unchanged(card, own)
            card = {"own": own} | card
        if card != {"jobs": {}} or (folder.path / "metrics.csv").exists():  # for whatever the last process has left
            folder.summarise(card)
        where = None if data is None else Path(data).absolute()
        work = Work(config, folder.path, where, str(device), interval, parcel(config) if own else None)
        with writer(folder.path) as token:
            sweep(folder, config)
            if executor is None:
                _one_by_one(replace(work, token=token), waiting, stop, watcher)
            else:
                share(replace(work, token=token, parent=os.getpid()), waiting, executor, stop)
        folder.summarise(folder.card())
    return folder


def _one_by_one(
    work: Work, waiting: list[Job], stop: threading.Event, watcher: Callable[[Progress], None] | None
) -> None:
    folder = Folder(work.path)
    data = load(work.config, work.data, work.device) if waiting else None
    for number, job in enumerate(waiting, start=1):
        total = job.plan(work.config).cost

        def watch(collected: Collector, job: Job = job, total: int = total, number: int = number) -> None:
            if watcher is not None:
                watcher(Progress(job, collected.cost, total, number, len(waiting), collected))

        note(folder, job, work(job, stop, watch, data))


@contextmanager
def on_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM, SIGINT and SIGHUP (unless that is ignored, as by nohup) set the event; only in the main thread.

    A second SIGINT interrupts at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        if number == signal.SIGINT and (asked or stop.is_set()):
            raise KeyboardInterrupt
        if not asked:  # elsewhere, since the thread that is interrupted here may be setting the event
            asked.append(number)
            _thread.start_new_thread(stop.set, ())

    heard = [signal.SIGTERM, signal.SIGINT]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heard.append(signal.SIGHUP)  # the terminal was closed
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: one that Python does not know
