"""Files whose names and sizes are known, read whole from a folder or from an archive that somebody else has made.

Archives are read in memory, and of hostile ones no more than a true one holds. Call these inside `files.reading`.
"""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path, PurePosixPath

from revorder.data.files import length

OTHER_BYTES = 1 << 20  # what an archive may hold besides these files: headers, a readme, the names of the classes


def of_folder(folder: Path, sizes: dict[str, int]) -> dict[str, bytes]:
    """The contents of the files in a folder.

    Raises:
        ValueError, OSError: a file is missing, or not of its size.
    """
    contents = {}
    for name, size in sizes.items():
        with open(folder / name, "rb") as file:
            contents[name] = file.read(size + 1)
        if len(contents[name]) != size:
            found = "more" if len(contents[name]) > size else len(contents[name])
            raise ValueError(f"{name} should have {size} bytes, but has {found}")
    return contents


def of_archive(path: Path, folder: str, sizes: dict[str, int]) -> dict[str, bytes]:
    """The contents of the files in a folder of a .tar.gz archive; nothing is written.

    Raises:
        ValueError: a file is missing, there twice, or not of its size; a member is neither a plain file nor a folder,
            or points out of the archive; or more is unpacked than a true archive holds.
        Exception: whatever gzip and tarfile raise where the bytes are damaged.
    """
    contents: dict[str, bytes] = {}
    length(path)  # a pipe would be waited for
    with gzip.open(path) as unzipped:
        stream = _Bounded(unzipped, sum(sizes.values()) + OTHER_BYTES)
        # a stream needs `read` only, though the types of the standard library ask for more
        with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                _check(member)
                name = member.name.removeprefix(folder + "/")
                if name in sizes and name != member.name:
                    if name in contents:
                        raise ValueError(f"{member.name} is there twice")
                    contents[name] = _content(archive, member, sizes[name])
        while stream.read(1 << 16):
            pass  # on to the end, where gzip keeps its checksum
    if missing := sizes.keys() - contents.keys():
        raise ValueError(f"{folder} lacks {', '.join(sorted(missing))}")
    return contents


class _Bounded:
    """A stream that refuses to give more than `most` bytes, so that nothing unpacked can fill the memory.

    Nor may it be asked again and again after its end: so tarfile looks, block by block, for the end of a member that
    claims 2^60 bytes, whatever size a pax header lets it tell.
    """

    def __init__(self, stream: gzip.GzipFile, most: int):
        self.stream, self.most, self.given, self.ended = stream, most, 0, 0

    def read(self, count: int) -> bytes:
        content = self.stream.read(count)
        self.given += len(content)
        self.ended += not content
        if self.given > self.most:
            raise ValueError(f"it unpacks to more than the {self.most} bytes that are accepted")
        if self.ended > 9:
            raise ValueError("it ends within a member")
        return content


def _check(member: tarfile.TarInfo) -> None:
    if not (member.isdir() or member.isreg()) or member.issparse():
        raise ValueError(f"{member.name} is neither a plain file nor a folder")
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{member.name} points out of the archive")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, size: int) -> bytes:
    if member.size != size:
        raise ValueError(f"{member.name} should have {size} bytes, but has {member.size}")
    file = archive.extractfile(member)
    assert file is not None  # a plain file, as `_check` saw to
    return file.read()
