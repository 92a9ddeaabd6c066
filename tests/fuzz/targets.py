"""What every loader promises, whatever the bytes are: the documented error, in time, and nothing outside its folder.

A target takes bytes and returns nothing. It raises if the promise is broken: if anything but a plain `ValueError` that
names the file comes out, if what was accepted is not what the format says, or if something beside the file changed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import torch

import revorder as ro
from fuzz.inputs import ENGINES, FILES, KINDS
from revorder.data import cifar as cifar_format
from revorder.data.idx import read_idx
from revorder.experiments import Config, Folder, StoppedError, jobs, load, reports, run, running
from revorder.experiments.documents import Figure
from revorder.experiments.typed import configuration

SECONDS = 20  # for one input; thousands of times what the slowest needs
SMALL = Config("small", "smoke", steps=4, stride=2, seeds=1, width=2, parts=2, keep_states=True, train_examples=40,
               test_examples=20)  # fmt: skip
PICTURE = SimpleNamespace(png=b"\x89PNG", html="", alt="a figure")  # drawing takes seconds; the test draws some


class Broken(AssertionError):
    """A loader did what it promised not to do."""


def refused(load: Callable[[], Any], names: str, errors: tuple[type, ...] = (ValueError,)) -> Any:
    """What a loader returns; None if it refused with the documented error, which must name `names`."""
    try:
        return load()
    except Exception as error:
        if type(error) not in errors or names not in str(error):
            raise Broken(f"{type(error).__name__} instead of a ValueError about {names}: {str(error)[:300]}") from error
        return None


def must(held: bool, what: str) -> None:
    if not held:
        raise Broken(what)


@cache
def base() -> Path:
    """A folder of this process, with a file and a folder that no input may change."""
    memory = Path("/dev/shm")  # no disk: thousands of small files a second
    made = Path(tempfile.mkdtemp(prefix="revorder-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    atexit.register(shutil.rmtree, made)
    (made / "in").mkdir()
    (made / "victim").write_bytes(b"mine")
    (made / "victims").mkdir()
    return made


def untouched() -> None:
    """Nothing beside the folder `in` has changed."""
    names = sorted(found.name for found in base().iterdir())
    must(names == ["in", "victim", "victims"], f"written outside: {names}")
    must((base() / "victim").read_bytes() == b"mine", "a link out of the folder was followed and written to")
    must(not list((base() / "victims").iterdir()), "a link to a folder was followed and written to")
    must(not Path("/tmp/escaped").exists(), "an absolute path was written to")


def idx(data: bytes) -> None:
    for name in ("a", "a.gz"):
        path = base() / "in" / name
        path.write_bytes(data)
        array = refused(lambda path=path: read_idx(path), str(path))
        if array is not None:
            must(array.dtype == np.uint8 and 1 <= array.ndim <= 4, "not what an idx file holds")
            must(name != "a" or array.size == len(data) - 4 - 4 * array.ndim, "not as many numbers as bytes")


def cifar(data: bytes) -> None:
    path = base() / "in" / "cifar-10-binary.tar.gz"
    path.write_bytes(data)
    read = refused(lambda: cifar_format.read(path, cifar_format.CIFAR10, 1), str(path))
    if read is not None:
        (images, labels), (test, _) = read
        must(images.shape == (5, 3, 32, 32) and test.shape == (1, 3, 32, 32), "not the images of an archive")
        must(labels.max() < 10, "a label that is none")
    untouched()


def trajectory(data: bytes) -> None:
    path = base() / "in" / "run.safetensors"
    path.write_bytes(data)
    found = refused(lambda: ro.Trajectory.load(path), str(path))
    if found is not None:
        must(all(type(n) is int and n >= 1 for n in found.steps), f"steps that are none: {found.steps}")
        shape = (len(found.steps),)
        must(all(values.shape == shape for values in found.metrics.values()), "a metric that is none")
        leaves = torch.utils._pytree.tree_leaves(found.states)
        must(all(leaf.shape[:1] == shape for leaf in leaves), "states without their checkpoints")
        must(len(found.frame()) == len(found.steps) * len(found.metrics), "no tidy frame")


def seeds(data: bytes) -> None:
    path = base() / "in" / "seeds.safetensors"
    path.write_bytes(data)
    found = refused(lambda: ro.SeedRuns.load(path), str(path))
    if found is not None:
        must(all(type(n) is int and n >= 1 for n in found.steps), f"steps that are none: {found.steps}")
        leaves = [*found.metrics.values(), *torch.utils._pytree.tree_leaves(found.states)]
        axes = {tuple(leaf.shape[:2]) for leaf in leaves if leaf is not None}
        must(len(axes) <= 1 and all(shape[0] == len(found.steps) for shape in axes), "not all seeds, or checkpoints")
        must(all(values.ndim == 2 and values.dtype == float for values in found.metrics.values()), "no numbers")
        must(len(found.frame()) == sum(values.size for values in found.metrics.values()), "no tidy frame")


def config(data: bytes) -> None:
    place = base() / "in" / "config.json"
    place.write_bytes(data)
    found = refused(lambda: Folder(place.parent).config(), str(place.parent))
    if found is not None:
        must(Config.from_json(found.to_json(), registered=False) == found, "a configuration that does not survive JSON")
        must(len(found.checkpoints) > 0 and found.checkpoints[-1] <= found.steps, "checkpoints that are none")
        names = [str(job) for job in jobs(found)]
        must(not any("/" in name or name.startswith(".") for name in names), "a job whose file lies elsewhere")


def order(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    found = refused(lambda: ro.order(text), ": got ")
    if found is not None:
        must(ro.order(str(found)) == found, "an order whose text is another order's")
        must(sorted(found.word(5)) == list(range(5)), f"a word that is none: {found.word(5)}")
    both = (ValueError, TypeError)
    refused(lambda: configuration("mlp-digits", "smoke", [text]), "", both)
    refused(lambda: configuration("mlp-digits", "smoke", assignments=[f"lr={text}", f"orders=[{text}]"]), "", both)


@cache
def template(engine: str = "replay") -> dict[str, bytes]:
    """File -> its bytes, of a small experiment that was stopped in its last job."""
    with tempfile.TemporaryDirectory() as place:
        out, small, stop = Path(place) / "r", SMALL.replace(engine=engine), threading.Event()
        with loaded():
            run(small, out)
            last = [str(job) for job in jobs(small)][-1]
            (out / "jobs" / f"{last}.safetensors").unlink()
            with contextlib.suppress(StoppedError):
                run(small, out, resume=True, stop=stop, watcher=lambda progress: stop.set())
        files = {str(found.relative_to(out)): found.read_bytes() for found in out.rglob("*") if found.is_file()}
    must(set(FILES[:5]) <= files.keys(), f"the template has other files: {sorted(files)}")
    return files


@contextlib.contextmanager
def loaded() -> Iterator[None]:
    """Experiments with their data loaded once, and without the drawing of figures."""
    with mock.patch.object(running, "load", lambda *args: data()), mock.patch.object(reports, "_figures", figures):
        yield


@cache
def data() -> Any:
    return load(SMALL)


def figures(*args: Any) -> list[Figure]:
    return [Figure("paths.png", PICTURE)]


def folder(data: bytes) -> None:
    """Report on a result folder with one hostile file or link in it, and go on with it."""
    if len(data) < 2:
        return
    root = base() / "in" / "results"
    engine = ENGINES[data[1] // 128]
    lay_out(root, engine, FILES[data[0] % len(FILES)], KINDS[data[1] % 128 % len(KINDS)], data[2:])
    try:
        with loaded():
            refused(lambda: reports.report([root], root / "report"), str(root))
            untouched()
            found = refused(lambda: Folder(root).config(), str(root))
            # another experiment may be as long as it likes; and this file was looked at by the report
            if found == SMALL.replace(engine=engine) and data[0] % len(FILES) != 2:
                refused(lambda: run(found, root, resume=True), str(root))
        untouched()
    finally:
        shutil.rmtree(root)


def lay_out(root: Path, engine: str, name: str, kind: str, content: bytes) -> None:
    """The files of the template, with one of them replaced."""
    for own, valid in template(engine).items():
        (root / own).parent.mkdir(parents=True, exist_ok=True)
        (root / own).write_bytes(valid)
    place = root / name
    if place.is_dir():
        shutil.rmtree(place)
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    if kind == "content":
        place.write_bytes(content)
    elif kind == "folder":
        (place / "inner").mkdir(parents=True)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind != "missing":
        target = {"link": "victim", "link to a folder": "victims", "dangling link": "escaped"}[kind]
        place.symlink_to(base() / target)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "idx": idx, "cifar": cifar, "trajectory": trajectory, "seeds": seeds, "config": config, "folder": folder,
    "order": order,
}  # fmt: skip


class Hang(BaseException):
    """An input took too long; no `except Exception` stops it."""


def check(name: str, data: bytes, seconds: float = SECONDS) -> None:
    """Run a target on one input, in time; the main thread only."""

    def ring(number: int, frame: object) -> None:
        raise Hang(f"{name}: more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        TARGETS[name](data)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
