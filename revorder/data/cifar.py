"""The binary format of CIFAR-10 and CIFAR-100 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html).

A file is a row of records: one label byte (CIFAR-100: a coarse and a fine one), then 3072 bytes, a red, a green and a
blue plane of 32 rows of 32.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from revorder.data import downloads
from revorder.data.archives import of_archive, of_folder
from revorder.data.files import reading

URL = "https://www.cs.toronto.edu/~kriz/"
IMAGE = (3, 32, 32)
RECORDS = 10000  # in every file; the training file of CIFAR-100 stands for five of them

Labelled = tuple[np.ndarray, np.ndarray]  # images and targets


@dataclass(frozen=True)
class Format:
    """One of the two data sets.

    Attributes:
        name, archive, md5, folder: of the data set, its archive with the MD5, and the folder in it.
        files: (name, share) for each file, the test set last; a file has share * records_per_file records.
        classes: how many classes each label byte of a record tells apart; the last byte is the target.
    """

    name: str
    archive: str
    md5: str
    folder: str
    files: tuple[tuple[str, int], ...]
    classes: tuple[int, ...]

    def sizes(self, records_per_file: int) -> dict[str, int]:
        """File name -> its size in bytes."""
        record = len(self.classes) + int(np.prod(IMAGE))
        return {name: share * records_per_file * record for name, share in self.files}


CIFAR10 = Format(
    name="cifar-10",
    archive="cifar-10-binary.tar.gz",
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    folder="cifar-10-batches-bin",
    files=(*((f"data_batch_{i}.bin", 1) for i in range(1, 6)), ("test_batch.bin", 1)),
    classes=(10,),
)
CIFAR100 = Format(
    name="cifar-100",
    archive="cifar-100-binary.tar.gz",
    md5="03b5dce01913d631647c71ecec9e9cb8",
    folder="cifar-100-binary",
    files=(("train.bin", 5), ("test.bin", 1)),
    classes=(20, 100),
)
FORMATS = {form.name: form for form in (CIFAR10, CIFAR100)}


def find(directory: Path, form: Format) -> Path:
    """The folder with the files, or the archive, in `directory` or in its folder `form.name`; ValueError if none."""
    for place in (directory, directory / form.name):
        for folder in (place, place / form.folder):
            if all((folder / name).is_file() for name, _ in form.files):
                return folder
        if (place / form.archive).is_file():
            return place / form.archive
    raise ValueError(
        f"directory: {directory} has no {form.archive} and no folder {form.folder} with all of its files; give the "
        f"folder with one of them, or leave it out to download {form.name}"
    )


def download(form: Format) -> Path:
    """The archive, downloaded once, its checksum verified.

    Raises:
        DownloadError: it cannot be had; see `revorder.data.downloads`.
    """
    return downloads.download(URL + form.archive, form.md5, form.name)


def read(path: Path, form: Format, records_per_file: int = RECORDS) -> tuple[Labelled, Labelled]:
    """Read an archive, or a folder with its files.

    Returns:
        the training and the test set, each uint8 images (n, 3, 32, 32) and uint8 targets (n,).

    Raises:
        ValueError: a file is missing, damaged, not of the expected size, not a plain file, or has an unknown label. No
            more is unpacked than a true archive holds, and nothing is written.
    """
    sizes = form.sizes(records_per_file)
    with reading(path, f"{form.name} in its binary version"):
        contents = of_folder(path, sizes) if path.is_dir() else of_archive(path, form.folder, sizes)
        *train, test = [_decode(name, contents[name], form) for name in sizes]
    images, targets = zip(*train, strict=True)
    return (np.concatenate(images), np.concatenate(targets)), test


def _decode(name: str, content: bytes, form: Format) -> Labelled:
    marks = len(form.classes)
    rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, marks + int(np.prod(IMAGE)))
    for column, classes in zip(rows[:, :marks].T, form.classes, strict=True):
        if column.max() >= classes:
            raise ValueError(f"{name} has the label {column.max()}, but labels are 0 to {classes - 1}")
    return rows[:, marks:].reshape(-1, *IMAGE).copy(), rows[:, marks - 1].copy()


def write_archive(directory: str | Path, name: str, images: Any, labels: Any) -> Path:
    """Write a small archive in the exact format of "cifar-10" or "cifar-100", for tests and rehearsals.

    Args:
        directory: where to write; made if it is not there.
        name: "cifar-10" or "cifar-100".
        images: uint8 (6 * records, 3, 32, 32); the last sixth is the test set, and `records` is the
            `records_per_file` to read the archive with.
        labels: whole numbers (6 * records,); for "cifar-100" (6 * records, 2), coarse and fine.
    """
    if name not in FORMATS:
        raise ValueError(f"name: got {name!r}, but it must be one of {', '.join(map(repr, FORMATS))}")
    form = FORMATS[name]
    images, labels = np.asarray(images), np.atleast_2d(np.asarray(labels).T).T  # one label: one column
    if images.dtype != np.uint8 or images.shape[1:] != IMAGE or len(images) % 6 or not len(images):
        raise ValueError(f"images: got {images.dtype} {images.shape}, but uint8 (6 * records, 3, 32, 32) is accepted")
    shape = len(images), len(form.classes)
    if labels.shape != shape or labels.dtype.kind not in "iu" or ((labels < 0) | (labels >= form.classes)).any():
        raise ValueError(f"labels: got {labels}, but whole numbers {shape} below {form.classes} are accepted")
    rows = io.BytesIO(np.hstack([labels.astype(np.uint8), images.reshape(len(images), -1)]).tobytes())
    path = Path(directory) / form.archive
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for file, size in form.sizes(len(images) // 6).items():
            member = tarfile.TarInfo(f"{form.folder}/{file}")
            member.size = size
            archive.addfile(member, rows)
    return path
