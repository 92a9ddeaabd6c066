"""Real data: digits, diabetes and a text, which need no download; Fashion-MNIST, CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from revorder.data import characters, cifar, fashion, shipped
from revorder.data.cifar import write_archive
from revorder.data.idx import read_idx
from revorder.errors import whole
from revorder.showing import Facts, Shown, shapes

__all__ = ["Dataset", "austen", "cifar10", "cifar100", "diabetes", "digits", "fashion_mnist", "write_archive"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Shown):
    """A training and a test set, each a pair (inputs, targets) of tensors with a leading example axis."""

    name: str
    train: tuple[torch.Tensor, torch.Tensor]
    test: tuple[torch.Tensor, torch.Tensor]

    def _facts(self) -> Facts:
        return {
            "name": self.name,
            "train": f"{len(self.train[0]):,} examples",
            "test": f"{len(self.test[0]):,} examples",
            "inputs": shapes([("", self.train[0])], lead=1),
            "targets": shapes([("", self.train[1])], lead=1),
        }


def digits(*, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu", seed: int = 0) -> Dataset:
    """scikit-learn's handwritten digits: 1400 training and 397 test images of 10 classes.

    Args:
        dtype: floating point, of the inputs.
        device: where they are kept.
        seed: draws the split.

    Returns:
        inputs (n, 1, 8, 8) in [0, 1], targets (n,) int64.
    """
    pixels, classes = shipped.digits()
    inputs = torch.as_tensor(pixels / 16.0, dtype=dtype, device=device).reshape(-1, 1, 8, 8)
    return _split("digits", inputs, torch.as_tensor(classes, dtype=torch.int64, device=device), 1400, seed)


def diabetes(*, dtype: torch.dtype = torch.float64, device: str | torch.device = "cpu", seed: int = 0) -> Dataset:
    """scikit-learn's diabetes regression: 342 training and 100 test patients, 10 features.

    Args: as for `digits`; the targets have the dtype, too.

    Returns:
        inputs (n, 10) and targets (n,), each standardised over all patients.
    """
    features, progression = shipped.diabetes()
    inputs, targets = (
        torch.as_tensor((a - a.mean(0)) / a.std(0), dtype=dtype, device=device) for a in (features, progression)
    )
    return _split("diabetes", inputs, targets, 342, seed)


def austen(context: int = 32, *, device: str | torch.device = "cpu") -> Dataset:
    """100 kB of Jane Austen's Pride and Prejudice (1813), for models that predict the next character.

    The text is in the public domain and comes with the package: revorder/data/texts/README.md names the edition (that
    of Debian's package r-cran-janeaustenr 1.0.0-1). Its last tenth is the test set. No character is a target twice.

    Args:
        context: characters in one example.
        device: where they are kept.

    Returns:
        inputs (n, context) int64, places in the alphabet of 72 characters; targets (n, context) int64, the characters
        that follow each of them.
    """
    whole("context", context, 1)
    if context > (most := characters.LONGEST):
        raise ValueError(f"context: got {context}, but at most {most} characters are accepted")

    def pair(inputs: np.ndarray, targets: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)

    train, test = characters.parts(context)
    return Dataset("austen", pair(*train), pair(*test))


def fashion_mnist(
    directory: str | Path | None = None, *, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Dataset:
    """Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): 60000 training and 10000 test images of 10 classes.

    Args:
        directory: where the four idx files lie, gzipped or not, themselves or in a folder fashion-mnist. Default:
            the environment variable REVORDER_DATA; without it the files are downloaded once and their checksums
            verified.
        dtype: of the images: floating point, or torch.uint8.
        device: where they are kept.

    Returns:
        inputs (n, 1, 28, 28) in [0, 1], or the bytes themselves for dtype torch.uint8; targets (n,) int64.

    Raises:
        ValueError: a file is missing in `directory`, damaged, or not of the expected shape.
        OSError: the files cannot be downloaded; the message says how to do without.
    """
    folder = _folder(directory)
    paths = fashion.download() if folder is None else [fashion.find(folder, name) for name in fashion.FILES]
    arrays = [read_idx(path) for path in paths]
    for path, array, count in zip(paths, arrays, (60000, 60000, 10000, 10000), strict=True):
        shape = (count, 28, 28) if "images" in path.name else (count,)
        if array.shape != shape:
            raise ValueError(f"directory: {path} has shape {array.shape}, but Fashion-MNIST has {shape}")

    def pair(images: np.ndarray, classes: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = torch.from_numpy(images).to(device).to(dtype)
        pixels = pixels if dtype == torch.uint8 else pixels.div_(255)
        return pixels[:, None], torch.from_numpy(classes).to(device).to(torch.int64)

    return Dataset("fashion-mnist", pair(*arrays[:2]), pair(*arrays[2:]))


def cifar10(
    directory: str | Path | None = None, *, device: str | torch.device = "cpu", records_per_file: int = cifar.RECORDS
) -> Dataset:
    """CIFAR-10 (Krizhevsky 2009): 50000 training and 10000 test images of 10 classes, from the binary version.

    Args:
        directory: where cifar-10-binary.tar.gz or its unpacked folder cifar-10-batches-bin lies, itself or in a folder
            cifar-10; or the unpacked folder. Default: the environment variable REVORDER_DATA; without it the archive
            is downloaded once (170 MB) and its checksum verified.
        device: where the images are kept, as bytes (184 MB), so that no step waits for a loader; see `ro.images`.
        records_per_file: fewer than 10000 only for the small archives of tests, as `cifar.write_archive` makes them.

    Returns:
        inputs (n, 3, 32, 32) uint8, targets (n,) int64.

    Raises:
        ValueError: a file is missing in `directory`, damaged, or not what the format allows.
        OSError: the archive cannot be downloaded; the message says how to do without.
    """
    return _cifar(cifar.CIFAR10, directory, device, records_per_file)


def cifar100(
    directory: str | Path | None = None, *, device: str | torch.device = "cpu", records_per_file: int = cifar.RECORDS
) -> Dataset:
    """CIFAR-100: as `cifar10`, with 100 (fine) classes; cifar-100-binary.tar.gz or its folder cifar-100-binary.

    Args: as for `cifar10`. The training file holds five times `records_per_file` records.
    """
    return _cifar(cifar.CIFAR100, directory, device, records_per_file)


def _cifar(
    form: cifar.Format, directory: str | Path | None, device: str | torch.device, records_per_file: int
) -> Dataset:
    whole("records_per_file", records_per_file, 1)
    if records_per_file > cifar.RECORDS:
        raise ValueError(f"records_per_file: got {records_per_file}, but the format has at most {cifar.RECORDS}")
    folder = _folder(directory)
    path = cifar.download(form) if folder is None else cifar.find(folder, form)
    train, test = (
        (torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device, torch.int64))
        for images, labels in cifar.read(path, form, records_per_file)
    )
    return Dataset(form.name, train, test)


def _folder(directory: str | Path | None) -> Path | None:
    """Where the user keeps data, if anywhere."""
    directory = directory if directory is not None else os.environ.get("REVORDER_DATA") or None
    return None if directory is None else Path(directory)


def _split(name: str, inputs: torch.Tensor, targets: torch.Tensor, n_train: int, seed: int) -> Dataset:
    shuffled = torch.from_numpy(np.random.default_rng(seed).permutation(len(inputs))).to(inputs.device)
    train, test = shuffled[:n_train], shuffled[n_train:]
    return Dataset(name, (inputs[train], targets[train]), (inputs[test], targets[test]))
