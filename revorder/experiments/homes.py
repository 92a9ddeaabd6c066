"""Where results outlive a session: machines that are lent, such as Colab's, forget what lies elsewhere."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Home", "home"]


def __dir__() -> list[str]:
    return sorted(__all__)


VARIABLE = "REVORDER_RESULTS"
DRIVE, KAGGLE = Path("/content/drive"), Path("/kaggle/working")


@dataclass(frozen=True)
class Home:
    """A folder for result folders.

    Attributes:
        path: the folder.
        lasts: whether it outlives the session.
        said: what it is, in a few words.
    """

    path: Path
    lasts: bool
    said: str

    def __str__(self) -> str:
        return f"{self.path} ({self.said})"


def home() -> Home:
    """The folder that the variable REVORDER_RESULTS names; else the machine's own that lasts; else a temporary one.

    On Colab, Google Drive is mounted, which asks for leave; on Kaggle it is /kaggle/working. It is made if it is not
    there.
    """
    found = _named() or _colab() or _kaggle()
    if found is None:
        made = tempfile.mkdtemp(prefix="revorder-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        return Home(Path(made), False, f"thrown away with this session; {VARIABLE} names a folder that is kept")
    found.path.mkdir(parents=True, exist_ok=True)
    return found


def _named() -> Home | None:
    name = os.environ.get(VARIABLE)
    return Home(Path(name).expanduser(), True, f"named by {VARIABLE}") if name else None


def _colab() -> Home | None:
    if "google.colab" not in sys.modules:
        return None
    from google.colab import drive

    try:
        drive.mount(str(DRIVE))
    except Exception as error:  # whatever Colab raises if leave is not given
        return Home(DRIVE.parent / "revorder", False, f"lost with this session: no Google Drive, {error}")
    return Home(DRIVE / "MyDrive" / "revorder", True, "Google Drive: it outlives this session")


def _kaggle() -> Home | None:
    if not (KAGGLE.is_dir() and "KAGGLE_KERNEL_RUN_TYPE" in os.environ):
        return None
    return Home(KAGGLE / "revorder", True, "kept with the notebook's version, or with persistence of files switched on")
