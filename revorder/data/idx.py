"""The idx format of the MNIST family: a magic number, the sizes as big-endian 32-bit numbers, then the bytes."""

from __future__ import annotations

import gzip
import io
import math
from pathlib import Path

import numpy as np

from revorder.data.files import length, reading

MOST_BYTES = 1 << 28  # no file of the family is larger; a header that claims more is refused before anything is read
GZIP_RATIO = 1032  # no byte of a gzip file unpacks to more bytes


def read_idx(path: str | Path) -> np.ndarray:
    """Read an idx file of unsigned bytes, gzipped if its name ends in .gz.

    Returns:
        uint8 array of the shape that the header gives.

    Raises:
        ValueError: no such file, not an idx file of bytes, a header that claims more than the file can hold, or too few
            or too many bytes. No more than `MOST_BYTES` are ever unpacked, nor is room made for more.
    """
    path = Path(path)
    with reading(path, "an idx file of unsigned bytes"):
        zipped = path.suffix == ".gz"
        most = min(MOST_BYTES, length(path) * (GZIP_RATIO if zipped else 1))
        with gzip.open(path) if zipped else open(path, "rb") as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
                raise ValueError(f"it is not an idx file: it starts with {magic.hex()}")
            sizes = _exactly(file, 4 * magic[3]).view(">u4").tolist()
            if math.prod(sizes) > most:
                raise ValueError(f"it claims {sizes} bytes, more than the {most} that are accepted")
            content = _exactly(file, math.prod(sizes))
            if file.read(1):
                raise ValueError(f"it has more bytes than the {sizes} of its header")
        return content.reshape(sizes)


def _exactly(file: io.BufferedIOBase, count: int) -> np.ndarray:
    content = np.empty(count, dtype=np.uint8)
    found = file.readinto(content.data)
    if found != count:
        raise EOFError(f"{count} bytes expected, {found} found")
    return content
