"""Studies of somebody's own: the file of the how-to page, others like it, and a registry as a new process has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner
from how_to import FILE, blocks

from revorder.experiments import bringing, composing, own
from revorder.experiments.cli import main

PAGE = Path(__file__).resolve().parents[2] / "notebooks" / "how-to" / "own_experiment.md"
SIZE = {"steps": 12, "stride": 4, "seeds": 1, "width": 3}
OWN = {"model": "net", "dataset": "spirals", "orders": ("even-first",), "metrics": ("sure",)}  # what study.py registers
PLANTED = """from pathlib import Path
(Path(__file__).parent / 'ran').touch()
def thing(*given, **named): ...
"""


def study() -> str:
    """study.py, as the page shows it."""
    return next(block.code for block in blocks(PAGE.read_text("utf8")) if FILE.match(block.code))


def cli(*words: object, code: int = 0) -> str:
    """What `revorder` with these words prints, ending with this code."""
    made = CliRunner().invoke(main, [str(word) for word in words])
    assert made.exit_code == code, (made.output, made.exception)
    return made.output


@contextmanager
def empty_registry() -> Iterator[None]:
    """Nothing is registered within, and afterwards all is as it was."""
    stores = own.entries, bringing._files, bringing.brought, bringing.by_code, composing._made
    before, modules = [store.copy() for store in stores], set(sys.modules)
    for store in stores:
        store.clear()
    try:
        yield
    finally:
        for store, kept in zip(stores, before, strict=True):
            store.clear()
            store.update(kept)
        for name in [name for name in sys.modules if name.startswith("own_") and name not in modules]:
            del sys.modules[name]


def planted(folder: Path) -> Path:
    """A module `planted_trap` that leaves a file beside itself, whose path is returned; its function is `thing`."""
    (folder / "planted_trap.py").write_text(PLANTED)
    return folder / "ran"
