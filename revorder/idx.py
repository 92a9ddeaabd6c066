"""The idx format of the MNIST family: a magic number, the sizes as big-endian 32-bit numbers, then the bytes."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

MOST_BYTES = 1 << 28  # no file of the family is larger; a header that claims more is refused before anything is read


def read_idx(path: str | Path) -> np.ndarray:
    """Read an idx file of unsigned bytes, gzipped if its name ends in .gz.

    Returns:
        uint8 array of the shape that the header gives.

    Raises:
        ValueError: not an idx file of bytes, a header that claims too much, or too few or too many bytes.
    """
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
                raise ValueError(f"path: {path} is not an idx file of unsigned bytes (it starts with {magic.hex()})")
            sizes = np.frombuffer(_exactly(file, 4 * magic[3]), dtype=">u4").tolist()
            if math.prod(sizes) > MOST_BYTES:
                raise ValueError(f"path: {path} claims {sizes} bytes, more than the {MOST_BYTES} that are accepted")
            content = _exactly(file, math.prod(sizes))
            if file.read(1):
                raise ValueError(f"path: {path} has more bytes than the {sizes} of its header")
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"path: {path} cannot be read as idx ({error})") from error
    return np.frombuffer(bytearray(content), dtype=np.uint8).reshape(sizes)


def _exactly(file: object, count: int) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise EOFError(f"{count} bytes expected, {len(content)} found")
    return content
