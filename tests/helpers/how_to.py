"""The pages of notebooks/how-to: programs, whose parts run one after another, and what they print."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FENCES = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.\w+)\n")


class Block(NamedTuple):
    """A part of a page: its language, its code, and the output that the page shows of it (None: it shows none)."""

    language: str
    code: str
    shown: str | None


def blocks(page: str) -> list[Block]:
    """The parts of a page, in their order. A fence of text is the output of the part before it."""
    found: list[Block] = []
    for language, code in FENCES.findall(page):
        if language == "text":
            assert found and found[-1].shown is None, f"nothing prints {code!r}"
            found[-1] = found[-1]._replace(shown=code)
        elif language:  # directives have braces
            found.append(Block(language, code, None))
    return found


def carried_out(page: str, folder: Path) -> Iterator[tuple[Block, str]]:
    """Run a page in a folder; each part with what it prints.

    Python that begins with a comment such as "# study.py" is written to that file; other Python is one session. Shell
    commands run where this Python and its scripts are found first.
    """
    session: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "sh":
            yield block, commanded(block.code, folder)
        elif named := FILE.match(block.code):
            (folder / named[1]).write_text(block.code, encoding="utf-8")
            yield block, ""
        elif block.language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.chdir(folder):
                exec(compile(block.code, "how-to", "exec"), session)
            yield block, printed.getvalue()
        else:
            raise ValueError(f"no test runs a fence of {block.language}")


def commanded(code: str, folder: Path) -> str:
    """What shell commands print; each must succeed. `revorder` is this checkout's, whatever is installed."""
    code = f'revorder() {{ python -m revorder "$@"; }}\n{code}'
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", "REVORDER_RESULTS": str(folder)}
    done = subprocess.run(["bash", "-ec", code], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
