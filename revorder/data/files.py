"""Files that somebody else may have made: read without trust, and written without following a link.

A loader reads inside `reading`, so that whatever goes wrong in there comes out as one ValueError that names the file.
Sizes that a file claims are compared with `length` before anything is allocated for them.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST_TEXT = 1 << 23  # bytes of a JSON file; the card of 10,000 jobs has half of it
MOST_DEPTH = 200  # lists and dicts inside each other: beyond, Python's stack would end somewhere
MOST_DIGITS = 100  # of a whole number: it has a float near it


@contextmanager
def reading(path: str | Path, expected: str) -> Iterator[None]:
    """Turn every error of the block into one that names the file and what it should have been.

    Raises:
        ValueError: the block raised anything but a MemoryError, which is the machine's fault and not the file's.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # zlib, tarfile and safetensors answer hostile bytes with nearly any of them
        said = str(error) or type(error).__name__
        raise ValueError(f"path: {path} cannot be read as {expected} ({said})") from error


def length(path: str | Path) -> int:
    """The bytes of a plain file, or of one that a link leads to.

    Raises:
        ValueError: a folder, a pipe (opening one may wait for ever) or a device.
        OSError: there is none, or it cannot be looked at.
    """
    size = os.stat(path).st_size
    if not os.path.isfile(path):
        raise ValueError(f"path: {path} is not a plain file")
    return size


def read_text(path: str | Path, most: int = MOST_TEXT) -> str:
    """The text of a file in UTF-8.

    Raises:
        ValueError: not a plain file, not UTF-8, or more than `most` bytes.
        OSError: there is none, or it may not be read.
    """
    length(path)
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"path: {path} has more than the {most} bytes that are accepted")
    return content.decode()


def parse(text: str) -> Any:
    """A JSON text, but none that is nested without end or has endless whole numbers.

    Raises:
        ValueError: not JSON, nested more than `MOST_DEPTH` deep, or a whole number of more than `MOST_DIGITS` digits.
    """
    try:
        document = json.loads(text, parse_int=_integer)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    check_depth(document)
    return document


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"it has a whole number of {len(digits)} digits")
    return int(digits)


def check_depth(document: Any) -> None:
    """Raise ValueError if lists, tuples and dicts are nested more than `MOST_DEPTH` deep."""
    level, depth = [document], 0
    while level := [nest for nest in level if isinstance(nest, dict | list | tuple)]:
        depth += 1
        if depth > MOST_DEPTH:
            raise ValueError(f"it is nested more than {MOST_DEPTH} deep")
        level = [inner for nest in level for inner in (nest.values() if isinstance(nest, dict) else nest)]


def plain_places(folder: Path, names: Iterable[str]) -> None:
    """Raise ValueError if, where files are to be written, stands anything but a file: a folder, a pipe, a lost link."""
    for name in names:
        place = folder / name
        if (place.exists() or place.is_symlink()) and not place.is_file():
            raise ValueError(f"out: {place} is not a plain file; take it away, or choose another folder")


def check_name(argument: str, path: str | Path) -> None:
    """Raise ValueError unless a path is UTF-8, as safetensors needs it."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        said = f"got {os.fspath(path)!r}, which is not UTF-8; choose another name, or a folder with another one"
        raise ValueError(f"{argument}: {said}") from None


def write(path: Path, content: str | bytes, before: Callable[[], object] = bool) -> None:
    """Write a file so that, whenever the process ends, the old or the new file stands there whole.

    It is made beside its place, under a name of this writer's own, and moved there once it is on the disk; a link in
    its place is replaced and not followed. A killed process leaves what `unfinished` finds. `before` is called when it
    is to be moved, and may raise.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; it names the file.
    """
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with beside.open("xb") as file:
            # half a surrogate pair, which JSON can spell, is shown as an escape
            file.write(content if isinstance(content, bytes) else content.encode(errors="backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
        before()
        os.replace(beside, path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:  # a full disk does not say which file it was
            error.filename = error.filename or os.fspath(path)
        raise


def unfinished(folder: Path, pattern: str) -> list[Path]:
    """What writers that were killed have left beside the files of a folder whose names have a pattern of `glob`."""
    return sorted(folder.glob(f"{pattern}.{'[0-9a-f]' * 8}.partial"))
