"""Processes that were forked: torch's threads do not come along, and a large operation waits for them for ever."""

from __future__ import annotations

import os
import warnings

import torch

ALONE = "on one thread, since its process was forked"
WORDS = (
    "executor: its workers were forked, and the threads of torch do not come along: a worker that asks for several "
    "waits for ever. So they computed on one thread each. Use ProcessPoolExecutor(mp_context="
    "multiprocessing.get_context('spawn')), or initializer=torch.set_num_threads, initargs=(1,) if one thread is meant"
)
HERE = (
    "this process was forked, and the threads of torch do not come along: asking for several would wait for ever. So "
    "it computes on one thread from here on; start processes by multiprocessing.get_context('spawn') for more"
)


class Fork:
    """Whether this process was forked after this module was loaded, and what came of it.

    Attributes:
        new: it was forked, and has not settled yet.
        alone: it has been given one thread in place of several.
    """

    def __init__(self) -> None:
        self.new, self.alone = False, False

    def happened(self) -> None:
        """Told in every forked process."""
        self.new, self.alone = True, False

    def settle(self) -> bool:
        """Take one thread where several would wait for ever; whether that was necessary just now.

        Once: whoever asks for more afterwards is believed.
        """
        taken = self.new and torch.get_num_threads() > 1
        if taken:
            torch.set_num_threads(1)
        self.new, self.alone = False, self.alone or taken
        return taken


def heed() -> None:
    """At the beginning of a run in this process: settle, with a RuntimeWarning if that was necessary."""
    if fork.settle():
        warnings.warn(HERE, RuntimeWarning, stacklevel=3)


fork = Fork()
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=fork.happened)
