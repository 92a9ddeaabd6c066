"""`revorder course`: the notebooks, in a folder of the learner's own."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path

import click

from revorder.course.copying import FIRST, Copied, copied

__all__ = ["course"]


def __dir__() -> list[str]:
    return sorted(__all__)


@click.command()
@click.argument("folder", default="revorder-notebooks", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what you changed there by the course's files, too.")
def course(folder: Path, replace: bool) -> None:
    """Copy the course's notebooks into FOLDER, by default revorder-notebooks.

    What you changed there is kept. Called again, it copies only what is missing, or what another version has changed
    and you have not.
    """
    try:
        made = copied(folder, replace=replace)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(str(error)) from None
    for line in said(made):
        click.echo(line)


def said(made: Copied) -> list[str]:
    """What was done, and how to go on."""
    lines = [f"{made.folder}: {', '.join(_counts(made))}."]
    if made.kept:
        lines += [f"Kept as you left it: {name}" for name in made.kept]
        lines.append("To have this version's instead, rename yours and call again, or add --replace.")
    if find_spec("jupyterlab") is None:
        lines.append('JupyterLab is not installed here: pip install "revorder[lab]"')
    lines.append(f"To begin: jupyter lab {shlex.quote(str(made.folder / FIRST))}")
    return lines


def _counts(made: Copied) -> list[str]:
    """How many files have which fate, such as "12 files copied"; what has none is left out."""
    fates = {"copied": made.made, "renewed": made.renewed, "kept": made.kept, "there already": made.same}
    return [f"{len(names)} file{'s' * (len(names) != 1)} {fate}" for fate, names in fates.items() if names]
