"""Runs one experiment as a spec says, as a process of its own; or is a nursery, which forks such processes quickly."""

from __future__ import annotations

import atexit
import faulthandler
import importlib
import json
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import revorder as ro
from revorder.experiments import Config, Folder, run, sharing
from torture import logbook, plants

Spec = dict[str, Any]
PATIENCE = 5.0  # seconds; dask says nothing of workers that died of Ctrl-C


def main(spec: Spec) -> None:
    """Run, and leave an answer in a file: how it ended. SIGUSR1 has it say where its threads are."""
    faulthandler.register(signal.SIGUSR1)
    plants.apply(spec["plant"])
    logbook.record(Path(spec["log"]))
    over = threading.Event()
    twin = twin_of(spec, over) if spec["with_twin"] else None
    with limited(spec["most_bytes"]):
        made = {"main": attempt(spec), "twin": None}
    over.set()
    made["twin"] = twin() if twin else None
    beside = Path(spec["answer"] + ".beside")
    beside.write_text(json.dumps(made))
    beside.rename(spec["answer"])


def attempt(spec: Spec) -> Spec:
    """How a run ended."""
    try:
        with executor_of(spec) as executor:
            carry_out(spec, executor)
    except BaseException as error:
        notes = " ".join(getattr(error, "__notes__", []))
        return {"outcome": type(error).__name__, "said": f"{error} {notes}"[:2000], "os": isinstance(error, OSError)}
    return {"outcome": "finished", "said": "", "os": False}


def carry_out(spec: Spec, executor: Executor | None) -> None:
    """Begin an experiment, or go on with it as its folder says."""
    folder = Path(spec["folder"])
    begun = (folder / "config.json").exists()
    config = Folder(folder).config() if begun else Config.from_json(spec["config"])
    stop = plants.event(spec["plant"])
    run(config, folder, resume=begun, interval=spec["interval"], executor=executor, stop=stop)


def twin_of(spec: Spec, over: threading.Event) -> Callable[[], Spec]:
    """Run the same in a thread, as soon as the folder is held; returns a function that waits for how that ended."""
    found: list[Spec] = []

    def work() -> None:
        while not (Path(spec["log"]).exists() or over.wait(0.01)):
            pass
        found.append(attempt(spec | {"executor": "none"}))

    thread = threading.Thread(target=work)
    thread.start()

    def ended() -> Spec:
        thread.join()
        return found[0]

    return ended


@contextmanager
def executor_of(spec: Spec) -> Iterator[Executor | None]:
    kind, plant = spec["executor"], spec["plant"]
    if kind == "threads":
        with ThreadPoolExecutor(2) as threads:
            yield threads
    elif kind == "processes":
        with ProcessPoolExecutor(2, get_context("spawn"), begun_worker, (plant, spec["slow_writing"])) as processes:
            yield processes
    elif kind == "dask":
        yield from on_dask(spec)
    else:
        yield None


def begun_worker(plant: str | None, slow_writing: float) -> None:
    """In every worker of a pool."""
    plants.apply(plant)
    plants.slow_writing(slow_writing)
    ro.start_worker()


def on_dask(spec: Spec) -> Iterator[Executor]:
    from dask.distributed import Client, LocalCluster

    sharing.GRACE = PATIENCE
    own = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": spec["scratch"]}
    with LocalCluster(**own) as cluster, Client(cluster) as client:
        client.run(plants.apply, spec["plant"])
        yield client.get_executor()


@contextmanager
def limited(most_bytes: int | None) -> Iterator[None]:
    """No file may have more bytes: as on a full disk, writing fails."""
    if most_bytes is None:
        yield
        return
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def nursery() -> Spec | None:
    """Fork a child for every line with a spec, and say its pid, and later how it ended. A child returns its spec."""
    importlib.import_module("pandas")  # which a run imports late
    waiting = b""
    while True:
        if select.select([0], [], [], 0.02)[0]:
            if not (new := os.read(0, 1 << 16)):
                return None
            *lines, waiting = (waiting + new).split(b"\n")
            for line in lines:
                if (pid := os.fork()) == 0:
                    return begun(json.loads(line))
                print("began", pid, flush=True)
        _say_who_ended()


def _say_who_ended() -> None:
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            print("ended", ended[0], os.waitstatus_to_exitcode(ended[1]), flush=True)
    except ChildProcessError:
        return


def begun(spec: Spec) -> Spec:
    """A process that was forked becomes one of its own."""
    os.setsid()
    said, nothing = os.open(spec["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(old, new)
    return spec


def ended() -> None:
    """End a forked process as Python does, but for taking every object apart, which takes most of a second."""
    private: Any = threading
    private._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] != "nursery":
        main(json.loads(Path(sys.argv[1]).read_text()))
    elif (given := nursery()) is not None:
        main(given)
        ended()
