"""Real data: scikit-learn's digits and diabetes, which ship with it, and Fashion-MNIST."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from revorder.idx import read_idx

FASHION_MNIST_URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
FASHION_MNIST_FILES = {  # name -> MD5 of the published file
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test set, each a pair (inputs, targets) of tensors with a leading example axis."""

    name: str
    train: tuple[torch.Tensor, torch.Tensor]
    test: tuple[torch.Tensor, torch.Tensor]


def digits(*, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu", seed: int = 0) -> Dataset:
    """scikit-learn's handwritten digits: 1400 training and 397 test images of 10 classes.

    Returns:
        inputs (n, 1, 8, 8) in [0, 1], targets (n,) int64. `seed` draws the split.
    """
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    inputs = torch.as_tensor(pixels / 16.0, dtype=dtype, device=device).reshape(-1, 1, 8, 8)
    return _split("digits", inputs, torch.as_tensor(classes, dtype=torch.int64, device=device), 1400, seed)


def diabetes(*, dtype: torch.dtype = torch.float64, device: str | torch.device = "cpu", seed: int = 0) -> Dataset:
    """scikit-learn's diabetes regression: 342 training and 100 test patients, 10 features.

    Returns:
        inputs (n, 10) and targets (n,), each standardised over all patients. `seed` draws the split.
    """
    from sklearn.datasets import load_diabetes

    features, progression = load_diabetes(return_X_y=True, scaled=False)
    inputs, targets = ((a - a.mean(0)) / a.std(0) for a in (features, progression))
    as_tensor = {"dtype": dtype, "device": device}
    return _split("diabetes", torch.as_tensor(inputs, **as_tensor), torch.as_tensor(targets, **as_tensor), 342, seed)


def fashion_mnist(
    directory: str | Path | None = None, *, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Dataset:
    """Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): 60000 training and 10000 test images of 10 classes.

    Args:
        directory: where the four idx files lie, gzipped or not, themselves or in a folder fashion-mnist. Default:
            the environment variable REVORDER_DATA; without it the files are downloaded once and their checksums
            verified.

    Returns:
        inputs (n, 1, 28, 28) in [0, 1], targets (n,) int64.

    Raises:
        ValueError: a file is missing in `directory`, damaged, or not of the expected shape.
    """
    directory = directory if directory is not None else os.environ.get("REVORDER_DATA") or None
    paths = _download() if directory is None else [_find(Path(directory), name) for name in FASHION_MNIST_FILES]
    arrays = [read_idx(path) for path in paths]
    for path, array, count in zip(paths, arrays, (60000, 60000, 10000, 10000), strict=True):
        shape = (count, 28, 28) if "images" in path.name else (count,)
        if array.shape != shape:
            raise ValueError(f"directory: {path} has shape {array.shape}, but Fashion-MNIST has {shape}")

    def pair(images: np.ndarray, classes: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = torch.from_numpy(images).to(device).to(dtype).div_(255)
        return pixels[:, None], torch.from_numpy(classes).to(device).to(torch.int64)

    return Dataset("fashion-mnist", pair(*arrays[:2]), pair(*arrays[2:]))


def _split(name: str, inputs: torch.Tensor, targets: torch.Tensor, n_train: int, seed: int) -> Dataset:
    shuffled = torch.from_numpy(np.random.default_rng(seed).permutation(len(inputs))).to(inputs.device)
    train, test = shuffled[:n_train], shuffled[n_train:]
    return Dataset(name, (inputs[train], targets[train]), (inputs[test], targets[test]))


def _find(directory: Path, name: str) -> Path:
    candidates = [folder / n for folder in (directory, directory / "fashion-mnist") for n in (name, name[:-3])]
    for path in candidates:
        if path.is_file():
            return path
    raise ValueError(
        f"directory: {directory} has no {name}; give the folder with the Fashion-MNIST idx files, "
        "or leave it out to download them"
    )


def _download() -> list[Path]:
    import pooch

    folder = pooch.os_cache("revorder") / "fashion-mnist"
    return [
        Path(pooch.retrieve(FASHION_MNIST_URL + name, known_hash=f"md5:{md5}", fname=name, path=folder))
        for name, md5 in FASHION_MNIST_FILES.items()
    ]
