"""The command line in a poor place: a full or closed output, a closed pipe, a current folder that is gone."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO

import click

FAILED = 1  # the exit code


class Commands(click.Group):
    """A group of commands that answers in one line where click raises: exit code 1, without a traceback."""

    def main(self, *args: Any, **how: Any) -> Any:
        """As `click.Group.main`; outside its standalone mode errors are the caller's."""
        if not how.get("standalone_mode", True):
            return super().main(*args, **how)
        try:
            _take_closed()
            _look_around()
            return super().main(*args, **how)
        except SystemExit as end:
            sys.exit(_ended(end.code))
        except OSError as error:
            sys.exit(_told(error))


def _take_closed() -> None:
    """Open nothing where input, output or errors are closed, or the next file that is opened is taken for them."""
    while (made := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(made)


def _look_around() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise FileNotFoundError("the current folder is gone; change to another one") from None


def _ended(code: Any) -> Any:
    """The exit code, once all output is written: a failure there counts only if nothing else has failed."""
    error = _written(sys.__stdout__)
    if error and not code:
        return _told(error)
    _written(sys.__stderr__)
    return code


def _told(error: OSError) -> int:
    """Say what failed, if that works; nobody reads on at a broken pipe, and other programs end there silently."""
    _written(sys.__stdout__)
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            click.echo(f"Error: {error}", err=True)
    _written(sys.__stderr__)
    return FAILED


def _written(stream: TextIO | None) -> OSError | None:
    """Write what still waits; if that fails, it goes nowhere, or Python would try again at its end and say so."""
    if stream is None or stream.closed:
        return None
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError, ValueError):  # a stream of somebody's own may have no number
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return error
    return None
