"""Lines for a POSIX shell, to see what the command line says where files or streams are missing."""

from __future__ import annotations

import shlex
import subprocess
import sys


def shell(command, folder):
    """What came of a line; `revorder` stands for this package's."""
    line = command.replace("revorder ", f"{shlex.quote(sys.executable)} -m revorder ")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120
    )
