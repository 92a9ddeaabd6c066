"""One fresh environment for all journeys: what somebody has who installs the package, and no clone.

The files of this checkout go into an sdist, the sdist into a wheel, and the wheel into an environment of its own, with
the versions of constraints.txt. Packages of others are fetched and linked by uv, in a quarter of the time of pip;
the wheel itself is installed by pip, which also says whether all that it wants is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, missing

EXTRAS = ("lab", "teach")
TOOLS = ("pytest", "hypothesis")  # what the sdist's tests need, and a user's environment has not
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
UV = (sys.executable, "-m", "uv")
TAKEN = {"find-links": "UV_FIND_LINKS", "index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}  # of pip's settings


@dataclass(frozen=True)
class Fresh:
    """An environment outside the clone, with the package from its wheel.

    Attributes:
        python: its interpreter.
        home: an empty folder in which commands begin, and their HOME.
        sdist: the unpacked source distribution.
        wheel: the file that was installed.
        names: the files that went into the sdist, relative to the clone.
    """

    python: Path
    home: Path
    sdist: Path
    wheel: Path
    names: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """All that a command sees: nothing of Python's, pip's, Jupyter's or revorder's own variables."""
        kept = {name: os.environ[name] for name in ("LANG", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        path = os.pathsep.join([str(self.python.parent), os.environ.get("PATH", os.defpath)])
        ours = {"PATH": path, "HOME": str(self.home), "PYTHONNOUSERSITE": "1", "OMP_NUM_THREADS": "1"}
        return kept | ours | {"MPLBACKEND": "agg", "VIRTUAL_ENV": str(self.python.parents[1])}

    def run(
        self, *command: Any, cwd: Path | None = None, well: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """A command of the environment, such as ("python", "-c", code) or ("revorder", "list"), in another folder.

        Args:
            command: its words; the first is looked up in the environment, then in PATH.
            cwd: where; by default `home`.
            well: whether it must end with 0.
            options: of `subprocess.run`; `env` is added to `environment`, `timeout` is 300 seconds otherwise.
        """
        env = self.environment | options.pop("env", {})
        name = shutil.which(str(command[0]), path=env["PATH"])
        assert name, f"{command[0]} is not in the environment"
        options = {"timeout": 300, "capture_output": True, "text": True} | options
        done = subprocess.run([name, *map(str, command[1:])], cwd=cwd or self.home, env=env, **options)
        assert done.returncode == 0 or not well, (
            f"{command}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
        return done

    def printed(self, code: str, **options: Any) -> str:
        """What Python code prints there; it must end well."""
        return self.run("python", "-c", code, **options).stdout


def did(*command: Any, **options: Any) -> str:
    """What a command of the tests' own environment says; it must end well."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def settings_for_uv() -> dict[str, str]:
    """What pip is told of indexes and certificates on this machine, in the variables of uv; else torch's CPU build."""
    lines = (line.partition("=") for line in did(sys.executable, "-m", "pip", "config", "list").splitlines())
    found = {name.rpartition(".")[2]: value.strip("'") for name, _, value in lines}
    told = {ours: found[theirs] for theirs, ours in TAKEN.items() if theirs in found}
    elsewhere = {"UV_FIND_LINKS", "UV_DEFAULT_INDEX"} & told.keys()  # torch comes from there, too
    return os.environ | told | ({} if elsewhere else {"UV_TORCH_BACKEND": "cpu"})  # without gigabytes of CUDA


def names_of_the_clone() -> list[str]:
    """What git knows or would add, and is there."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        missing("git, and a clone")
    names = did("git", "-c", "safe.directory=*", "ls-files", "-zco", "--exclude-standard", cwd=ROOT).split("\0")
    return [name for name in names if (ROOT / name).is_file()]


def copies(names: list[str], made: Path) -> Path:
    """Files of the clone in another folder: a build leaves nothing in the clone, and finds nothing old there."""
    for name in names:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, made / name)
    return made


def dependencies() -> list[str]:
    """What others have to bring for the package and its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    return [*project["dependencies"], *(each for extra in EXTRAS for each in project["optional-dependencies"][extra])]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """The environment, made once; journeys write into folders of their own, and install nothing."""
    if sys.version_info[:2] != (3, 11):
        missing("Python 3.11, which constraints.txt is for,")
    place, env, names = tmp_path_factory.mktemp("fresh"), settings_for_uv(), names_of_the_clone()
    did(*UV, "build", "-o", place / "dist", copies(names, place / "clone"), env=env)
    shutil.rmtree(place / "clone")
    (sdist,), (wheel,) = (place / "dist").glob("*.tar.gz"), (place / "dist").glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(place / "sdist", filter="data")
    (place / "home").mkdir()
    (unpacked,) = (place / "sdist").iterdir()
    yield Fresh(environment(place / "venv", wheel, env), place / "home", unpacked, wheel, tuple(names))
    if os.environ.get("CI") != "true":  # that machine is thrown away, and tens of thousands of files take their time
        shutil.rmtree(place, ignore_errors=True)  # pytest would keep three of them


def environment(folder: Path, wheel: Path, env: dict[str, str]) -> Path:
    """Make a virtual environment with the wheel, what it wants and its extras; returns its interpreter."""
    python, constrained = folder / PYTHON, ("-c", ROOT / "constraints.txt")
    did(*UV, "venv", "-q", "--python", sys.executable, folder, env=env)
    did(*UV, "pip", "install", "-q", "--python", python, *constrained, *TOOLS, *dependencies(), env=env)
    wanted = f"{wheel}[{','.join(EXTRAS)}]"
    did(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index", *constrained, wanted)
    return python
