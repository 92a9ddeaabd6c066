from __future__ import annotations

import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS / "helpers"), str(TESTS)]  # what tests share; and the packages fuzz and mutants
settings.register_profile("default", deadline=None, derandomize=True)
settings.load_profile("default")
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))  # the tensors are small: more would only wait

ROOT = TESTS.resolve().parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def posix() -> None:
    """For tests that send POSIX signals, or limit what a process may use."""
    if os.name == "nt":
        pytest.skip("Windows has neither POSIX signals nor limits on processes")


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def project() -> dict[str, Any]:
    """What pyproject.toml says of the package."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def missing(what: str) -> None:
    """Skip with a reason on a user's machine; fail in continuous integration, which must have everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is needed in CI")
    pytest.skip(f"{what} is not on this machine")


def same_as_in_the_course(*packages: str) -> None:
    """For what may differ from release to release of others: pixels, stubs. constraints.txt has the versions."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    wanted = dict(line.split("==") for line in lines if not line.startswith("#"))
    for name in packages:
        if version(name).partition("+")[0] != wanted[name]:
            missing(f"{name} {wanted[name]}, as constraints.txt has it, rather than {version(name)},")


@pytest.fixture(scope="session")
def fashion_mnist_folder() -> Path:
    folder = Path(os.environ.get("REVORDER_DATA", "/usr/share/datasets/fashion-mnist"))
    if not folder.is_dir():
        missing("Fashion-MNIST (Debian's package dataset-fashion-mnist, or a folder named by REVORDER_DATA)")
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. In a subfolder, as on GitHub Pages: https://owner.github.io/revorder/."""
    from webpages import build

    out = tmp_path_factory.mktemp("served") / "revorder"
    done = build(ROOT, ROOT / "notebooks", out)
    assert done.returncode == 0, done.stderr[:3000]
    return out


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the built site is served."""
    from webpages import served

    with served(site.parent) as host:
        yield f"{host}/{site.name}/"


@pytest.fixture
def compiler() -> None:
    if not any(shutil.which(name) for name in ("g++", "c++", "clang++", "cl")):
        missing("a C++ compiler")


@pytest.fixture
def chromium() -> str:
    return browser_path()


def browser_path() -> str:
    """Where Chromium is; without it the test is skipped."""
    for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"):
        if Path(path).exists():
            return path
    return missing("Chromium")
