"""The files of Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): found in a folder, or downloaded once."""

from __future__ import annotations

from pathlib import Path

from revorder.data import downloads

URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
FILES = {  # name -> MD5 of the published file
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


def find(directory: Path, name: str) -> Path:
    """A file, gzipped or not, in `directory` or in its folder fashion-mnist; ValueError if there is none."""
    candidates = [folder / n for folder in (directory, directory / "fashion-mnist") for n in (name, name[:-3])]
    for path in candidates:
        if path.is_file():
            return path
    raise ValueError(
        f"directory: {directory} has no {name}; give the folder with the Fashion-MNIST idx files, "
        "or leave it out to download them"
    )


def download() -> list[Path]:
    """The files, downloaded once, their checksums verified.

    Raises:
        DownloadError: one cannot be had; see `revorder.data.downloads`.
    """
    return [downloads.download(URL + name, md5, "fashion-mnist") for name, md5 in FILES.items()]
