"""The notebooks of this version, copied to a learner's folder; what a learner changed there stays.

A wheel has them in the folder `shipped` beside this file; a clone, also one that is installed with `pip install -e`, in
its own `notebooks`. `setup.py` takes `files` from here without the package, so only the standard library is imported.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FIRST", "SHIPPED", "Copied", "copied", "files", "results", "source"]


def __dir__() -> list[str]:
    return sorted(__all__)


SHIPPED = "shipped"
FIRST = "00_start_here.ipynb"
RECORD = ".revorder-course.json"  # in the learner's folder: what was put there, by hash


@dataclass(frozen=True)
class Copied:
    """What became of the course's files in a folder; names relative to it.

    Attributes:
        folder: where they are.
        made: files that were not there.
        renewed: files of another version, or, if they were to be replaced, of the learner.
        kept: files that the learner changed, and which are not those of this version.
        same: files that are those of this version already.
    """

    folder: Path
    made: tuple[str, ...]
    renewed: tuple[str, ...]
    kept: tuple[str, ...]
    same: tuple[str, ...]


def files(notebooks: Path) -> list[str]:
    """What a learner gets of a folder `notebooks`: the notebooks, and the result folders that some of them read.

    Raises:
        FileNotFoundError: it has no notebooks.
    """
    found = [*notebooks.glob("[0-9]*.ipynb"), *(path for path in notebooks.glob("results/*/**/*") if path.is_file())]
    if not any(path.name == FIRST for path in found):
        raise FileNotFoundError(f"{notebooks} does not have the course: {FIRST} is missing.")
    return sorted(path.relative_to(notebooks).as_posix() for path in found)


def source() -> Path:
    """Where the course of this installation lies."""
    shipped = Path(__file__).with_name(SHIPPED)
    return shipped if shipped.is_dir() else Path(__file__).parents[2] / "notebooks"


def results() -> Path:
    """The folder of the result folders that come with the course, such as `mlp-fashion-mnist`.

    They lie in the package, so that notebooks read them from any working folder.
    """
    return source() / "results"


def copied(folder: Path, *, replace: bool = False) -> Copied:
    """Copy the course into a folder, which is made if it is not there.

    A file that is there, and is neither this version's nor as an earlier call left it, was changed by the learner
    (running a notebook and saving it is a change), and is kept.

    Args:
        folder: where to.
        replace: whether files that the learner changed are replaced, too.

    Raises:
        ValueError: `folder` is where the course lies itself, or a file.
        OSError: what the system says, such as no space or no permission; no file is left half written.
    """
    origin = source()
    if folder.resolve() == origin.resolve():
        raise ValueError(f"{folder} is where the course itself lies. Name another folder.")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file. Name a folder, or one that is not there yet.")
    before, fates = _recorded(folder), dict[str, str]()
    texts = {name: (origin / name).read_bytes() for name in files(origin)}
    for name, text in texts.items():
        fates[name] = fate = _fate(folder / name, text, before.get(name), replace)
        if fate in ("made", "renewed"):
            _write(folder / name, text)
    left = {name: _hash(text) for name, text in texts.items() if fates[name] != "kept"}
    if before | left != before:
        _write(folder / RECORD, json.dumps(before | left, indent=1).encode())
    groups = {group: tuple(n for n in fates if fates[n] == group) for group in ("made", "renewed", "kept", "same")}
    return Copied(folder, **groups)


def _fate(path: Path, text: bytes, left: str | None, replace: bool) -> str:
    """What is to become of a file that was left with this hash, as far as is known."""
    if not path.exists():
        return "made"
    here = path.read_bytes()
    if here == text:
        return "same"
    return "renewed" if replace or left == _hash(here) else "kept"


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _write(path: Path, text: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(text)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _recorded(folder: Path) -> dict[str, str]:
    """What earlier calls left, by name; nothing where that cannot be read."""
    try:
        found = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
