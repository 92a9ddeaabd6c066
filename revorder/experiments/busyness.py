"""How much of the machine others use while something is timed: what is timed then takes longer than it need."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

LITTLE = 0.25  # cores: what a machine at rest may use, and what so short a look may err


@dataclass(frozen=True)
class Busyness:
    """What others used while it was looked at.

    Attributes:
        others: processor time of all other processes, in cores: 1.5 are one core and half of another.
        cores: logical ones, of the machine.
        load: how many threads ran or waited in the last minute, ours among them, as the system says.
    """

    others: float
    cores: int
    load: float

    def hinders(self, threads: int) -> bool:
        """Whether fewer than so many cores were left."""
        return self.others > LITTLE and self.others + threads > self.cores + LITTLE

    def side_by_side(self, threads: int) -> int:
        """How many jobs of so many threads have cores of their own; at least one."""
        return max(1, self.cores // threads)

    def __str__(self) -> str:
        return (
            f"the machine is busy (others use {self.others:.1f} of its {self.cores} cores, load {self.load:.1f}): "
            "times may be longer"
        )


class Look:
    """Begins to look; `seen` says what others have used since then, as the system tells: it knows no quotas."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # since its last call, here
        self.began, self.ours = time.perf_counter(), time.process_time()

    def seen(self) -> Busyness:
        """Until now, in the same thread; the system counts in hundredths of a second."""
        cores, passed = psutil.cpu_count() or 1, max(time.perf_counter() - self.began, 1e-9)
        ours = (time.process_time() - self.ours) / passed
        others = max(psutil.cpu_percent() / 100 * cores - ours, 0.0)
        return Busyness(others, cores, psutil.getloadavg()[0])
