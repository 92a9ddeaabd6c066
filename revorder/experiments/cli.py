"""The command line: experiments that are planned, run, stopped, resumed and reported.

Exit codes: 0 finished; 1 anything unexpected, such as a full disk; 2 bad input; 3 stopped, with a snapshot to go on
from; 4 another process writes to the folder. What needs torch is imported when a command runs, so that help is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import revorder
from revorder.experiments.options import CODE, HOW, WHAT, WHERE
from revorder.experiments.poor import Commands

if TYPE_CHECKING:
    from revorder.experiments import Config

UNEXPECTED, BAD_INPUT, STOPPED, IN_USE = 1, 2, 3, 4
LONG = 600  # predicted seconds from which on `run` asks before it starts


@click.group(
    cls=Commands, epilog="Start with: revorder list, then revorder plan mlp-digits, then revorder run mlp-digits."
)
@click.version_option(revorder.__version__)
def main() -> None:
    """Train networks in several composition orders, and compare them.

    Forward-SGD applies the newest batch last. Backward-SGD applies it first and starts afresh from the initial
    parameters at every step: it settles on a point where training contracts, and costs more. An experiment runs both
    (and other orders) on the same batches, for several seeds, into a result folder.
    """


@main.command("list")
@CODE
def list_(code: tuple[str, ...]) -> None:
    """List the experiments and their profiles, and what is registered."""
    from revorder.experiments.catalogue import ABOUT, NAMES, PROFILES

    given = {}
    if code:
        with answering():
            given = _brought(code)
    for name in NAMES:
        click.echo(f"{name:{max(map(len, NAMES))}}  {ABOUT[name]}")
    click.echo(f"\nProfiles: {', '.join(PROFILES)}. See what one costs with: revorder plan NAME --profile PROFILE")
    for kind, names in given.items():
        click.echo(f"registered, {kind}: {', '.join(names)}")


@main.command()
@WHAT
@WHERE
def plan(device: str | None, **what: Any) -> None:
    """Show what experiment NAME would cost.

    Nothing is run or written, and no data are needed. Evaluations (applications of one SGD step) are exact: forward
    needs one for each step; backward starts afresh at every checkpoint, so it needs the sum of the checkpoints' step
    numbers. The time is an estimate from a few timed steps.
    """
    from revorder.experiments.typed import configuration, device_of

    with answering():
        _show_plan(configuration(**what), device_of(device))


@main.command()
@WHAT
@WHERE
@click.option("--out", type=click.Path(path_type=Path), help="Result folder. Default: results/NAME-PROFILE.")
@HOW
@click.option("--resume", is_flag=True, help="Go on if the result folder holds a part of this experiment already.")
@click.option("--yes", is_flag=True, help="Do not ask before a long run.")
def run(
    device: str | None, out: Path | None, data: Path | None, interval: float, resume: bool, yes: bool, **what: Any
) -> None:
    """Run experiment NAME into a result folder.

    Its plan is shown first. Ctrl-C or SIGTERM stops it with a snapshot (exit code 3); `revorder resume` goes on from
    there.
    """
    from revorder.experiments.progress import carry_out
    from revorder.experiments.typed import configuration, device_of

    with answering(runs=True):
        config, device = configuration(**what), device_of(device)
        out = out or Path("results") / f"{config.name}-{config.profile}"
        if _show_plan(config, device) > LONG and not yes and _asks():
            click.confirm("Start?", abort=True)
        carry_out(config, out, data=data, device=device, interval=interval, resume=resume)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@WHERE
@HOW
@CODE
def resume(folder: Path, code: tuple[str, ...], **how: Any) -> None:
    """Go on with the experiment in FOLDER.

    It goes on from the last snapshot; finished jobs are not repeated. A folder imports no code: what is not of this
    package must be given again, by --import.
    """
    from revorder.experiments import Folder
    from revorder.experiments.progress import carry_out
    from revorder.experiments.typed import device_of

    with answering(runs=True):
        _brought(code)
        carry_out(Folder(folder).config(), folder, resume=True, **how | {"device": device_of(how["device"])})


@main.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path),
              help="Where to write. Default: the folder `report` in FOLDER, or here if there are several.")  # fmt: skip
@CODE
def report(folders: tuple[Path, ...], out: Path | None, code: tuple[str, ...]) -> None:
    """Write a report of one or several FOLDERs.

    Writes report.html (one file), and report.md with PNG files. It tells the spread along the path of one run from
    the spread over seeds, and names what diverged or is missing. It needs no code of anybody, but to count the jobs
    of registered orders that are cut into parts.
    """
    from revorder.experiments.reports import report as write_report

    with answering():
        _brought(code)
        place = out or (folders[0] / "report" if len(folders) == 1 else Path("report"))
        try:
            made = write_report(list(folders), place)
        except OSError as error:  # folders of others may be read only
            error.add_note(f"Nothing can be written to {place}: give another place by --out")
            raise
        click.echo(f"The report is in {made} and {made.with_suffix('.md')}")


@contextmanager
def answering(runs: bool = False) -> Iterator[None]:
    """Errors as a message and an exit code, without a traceback; a broken pipe is told only by what `runs`."""
    from revorder.experiments import FolderInUseError, StoppedError

    try:
        yield
    except (ValueError, TypeError) as error:
        _end(BAD_INPUT, str(error))
    except StoppedError as error:
        _end(STOPPED, str(error))
    except FolderInUseError as error:
        _end(IN_USE, str(error))
    except (click.Abort, click.exceptions.Exit):  # click's own, which are RuntimeErrors
        raise
    except (OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, BrokenPipeError) and not runs:
            raise
        _end(UNEXPECTED, "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])]))


def _brought(code: tuple[str, ...]) -> dict[str, list[str]]:
    """Run what was typed after --import; what is registered then."""
    from revorder.experiments.own import registered

    if code:
        from revorder.experiments.bringing import bring

        for text in code:
            bring(text)
    return registered()


def _end(code: int, message: str) -> None:
    with suppress(OSError):  # the exit code tells as much where nothing can be written
        click.echo(f"{'Stopped' if code == STOPPED else 'Error'}: {message}", err=True)
    sys.exit(code)


def _asks() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def _show_plan(config: Config, device: str) -> float:
    """Print what is to be done and its price; returns the predicted seconds."""
    from revorder.experiments.estimates import estimate
    from revorder.experiments.progress import pricing
    from revorder.experiments.typed import described, priced

    click.echo(described(config, device))
    with pricing() as told:
        price = estimate(config, device=device, told=told)
    click.echo(priced(price))
    return price.seconds
