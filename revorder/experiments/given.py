"""What `run` is given, looked at before a folder is touched."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import torch

from revorder.data.files import check_name
from revorder.experiments.arithmetic import check_threads
from revorder.experiments.configs import Config
from revorder.running.checks import check_executor

SPAWN = "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))"


def check_given(config: Config, out: str | Path, **others: Any) -> None:
    """Raise unless a run can begin with this.

    Raises:
        TypeError: something of another kind; named, as all is.
        ValueError: a folder's name that is none, an interval that is none, a device that cannot be used, workers that
            cannot have the configuration's threads.
    """
    if not isinstance(config, Config):
        raise _type("config", config, "a Config, such as experiment('mlp-digits')")
    if not isinstance(out, str | Path):
        raise _type("out", out, "the path of a folder")
    _check_folder(Path(out))
    _check_how(**others)
    check_device(others["device"])
    _check_workers(config, others["executor"])


def check_device(device: str | torch.device) -> None:
    """Raise ValueError unless tensors can be made, and used, there."""
    try:
        torch.zeros(1, device=device).sum().item()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        why = str(error).splitlines()[0]
        raise ValueError(f"device: got {device!r}, but that cannot be used here ({why}); use 'cpu'") from error


def _check_folder(out: Path) -> None:
    if "\0" in str(out):
        raise ValueError(f"out: got {str(out)!r}, but no name of a folder has a null character")
    check_name("out", out.absolute())
    for place in (out, *out.parents):
        if (place.exists() or place.is_symlink()) and not place.is_dir():
            raise ValueError(f"out: {place} is a file, or a link to nothing; choose another name")


def _check_how(*, resume: Any, interval: Any, stop: Any, watcher: Any, executor: Any, device: Any, data: Any) -> None:
    if not isinstance(resume, bool):
        raise _type("resume", resume, "True or False")
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not interval >= 0:
        raise ValueError(f"interval: got {interval!r}, but it must be a number of seconds >= 0")
    if stop is not None and not all(callable(getattr(stop, name, None)) for name in ("is_set", "set")):
        raise _type("stop", stop, "a threading.Event")
    if watcher is not None and not callable(watcher):
        raise _type("watcher", watcher, "a function of a Progress")
    check_executor(executor)
    if data is not None and not isinstance(data, str | Path):
        raise _type("data", data, "the path of a folder")
    if not isinstance(device, str | torch.device):
        raise _type("device", device, "'cpu', 'cuda' or a torch.device")


def _check_workers(config: Config, executor: Executor | None) -> None:
    """Raise ValueError unless those who compute can have the configuration's threads."""
    if executor is None:
        check_threads(config.threads)
    context = getattr(executor, "_mp_context", None)  # no public name tells
    if config.threads > 1 and context is not None and context.get_start_method() == "fork":
        raise ValueError(
            f"executor: got {executor!r}, whose workers are forked: they may wait forever for {config.threads} threads "
            f"of torch; use {SPAWN}, or threads=1"
        )


def _type(name: str, given: object, wanted: str) -> TypeError:
    return TypeError(f"{name}: got {given!r}, but it must be {wanted}")
