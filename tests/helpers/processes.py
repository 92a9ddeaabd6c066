"""A fresh interpreter: what it prints, or a process that still runs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any


def python(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    """What came of `python` with these arguments, such as ("-c", code) or ("-m", "revorder", "list"): good or bad."""
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, **options)


def printed(*arguments: Any, **options: Any) -> str:
    """What `python` with these arguments prints; it must end well."""
    made = python(*arguments, **options)
    assert made.returncode == 0, made.stderr
    return made.stdout


def begun(*arguments: Any) -> subprocess.Popen[str]:
    """`python` with these arguments, still at work."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *map(str, arguments)], text=True, **pipes)
