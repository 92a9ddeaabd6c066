"""Code that a person asks for by name: a file that is run, or a module that is imported. Nothing else imports any.

Configurations, result folders and pickles hold names only. So what is brought is what somebody typed on a command line
or wrote in Python, and what their workers are told that they typed.
"""

from __future__ import annotations

import importlib
import sys
import types
from dataclasses import dataclass, replace
from pathlib import Path

from revorder.data.files import length
from revorder.errors import did_you_mean
from revorder.experiments.own import ANY, TEXT, Own, entries, keep
from revorder.experiments.sources import MOST, digest, source_of

__all__ = ["bring"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True)
class Brought:
    """A text that was brought.

    Attributes:
        text: as it was given, a file with its whole path.
        typed: as it was given.
        sha256: of the file; None for a module without one.
    """

    text: str
    typed: str
    sha256: str | None


_files: dict[Path, tuple[str, types.ModuleType]] = {}  # file -> its digest, and what running it made
brought: dict[str, Brought] = {}  # by what was typed, in the order in which it was
by_code: set[tuple[str, str]] = set()  # (kind, name) of what bringing registered


def bring(text: str) -> str:
    """Run a Python file, or import a module, as `python FILE` and `import MODULE` would: only what you trust.

    Args:
        text: "study.py" or "package.module": what it registers is registered. Or "study.py:OddEven": besides, a
            configuration may name that class, function or object by this text, without the folders of the file.

    Returns:
        What configurations call it: "study.py:OddEven"; for a text without a name, the text without folders.

    Raises:
        ValueError: there is no such file, module or name; or the file has changed since it was run.
        Exception: whatever running it raises.

    Siblings of the file can be imported by it. Its code is kept apart from other modules, whatever it is called.
    """
    if not isinstance(text, str):
        raise TypeError(f"import: got {text!r}, but a text is needed, such as 'study.py' or 'study.py:OddEven'")
    place, name = _parted(text)
    path, before = Path(place).expanduser().resolve() if place.endswith(".py") else None, set(entries)
    whole, short = (place, place) if path is None else (str(path), path.name)
    try:
        sha256, module = _imported(place) if path is None else _run(path)
        given = _named(module, short, name, sha256) if name else short
    except BaseException:  # what half a file has registered is of no use
        for key in entries.keys() - before:
            del entries[key]
        raise
    brought[text] = Brought(f"{whole}:{name}" if name else whole, text, sha256)
    by_code.update(entries.keys() - before)
    return given


def _parted(text: str) -> tuple[str, str]:
    """A file or module, and a name in it, or "" without one."""
    place, colon, name = text.rpartition(":")
    return (place, name) if colon and name.isidentifier() else (text, "")


def _run(path: Path) -> tuple[str | None, types.ModuleType]:
    """Run a file, once in a process; its digest is that of the very bytes that are run."""
    try:
        if length(path) > MOST:
            raise ValueError(f"it has more than {MOST} bytes")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ValueError(f"import: {path} cannot be read ({error})") from error
    sha256 = digest(content)
    if path not in _files:
        _files[path] = sha256, _executed(path, content, f"own_{path.stem}_{sha256[:12]}")
    elif _files[path][0] != sha256:
        raise ValueError(f"import: {path} has changed since this process ran it; begin a new process, or a new kernel")
    return _files[path]


def _executed(path: Path, content: bytes, name: str) -> types.ModuleType:
    module, folder = types.ModuleType(name), str(path.parent)
    module.__file__ = str(path)
    sys.modules[name] = module
    sys.path.insert(0, folder)
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(folder)
    return module


def _imported(name: str) -> tuple[str | None, types.ModuleType]:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(
            f"import: got {name!r}, but a file such as study.py, or a module such as package.study is needed"
        )
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and not f"{name}.".startswith(f"{error.name}."):
            raise  # of something that it needs itself
        raise ValueError(f"import: there is no module {name!r} here; for a file, write its name with .py") from error
    return digest_of(module), module


def digest_of(module: types.ModuleType) -> str | None:
    """The digest of a module's file, if it has one."""
    try:
        path = Path(module.__file__ or "")
        return digest(path.read_bytes()) if path.suffix == ".py" and length(path) <= MOST else None
    except (AttributeError, OSError, ValueError):
        return None


def _named(module: types.ModuleType, short: str, name: str, sha256: str | None) -> str:
    """Let configurations name something of a module."""
    text = f"{short}:{name}"
    if not TEXT.fullmatch(text):
        raise ValueError(f"import: got {text!r}, but a file's name may have letters, digits, '_', '-' and '.' only")
    if not hasattr(module, name):
        there = [each for each in vars(module) if not each.startswith("_")]
        raise ValueError(f"import: {short} has no {name!r}{did_you_mean(name, there)}; it has {', '.join(there)}")
    thing = getattr(module, name)
    if not callable(thing) and not hasattr(thing, "word"):
        raise ValueError(f"import: {text} is {thing!r}, but a function, a class or an order is needed")
    keep(Own(ANY, text, thing, replace(source_of(thing), file=short, sha256=sha256)))
    return text
