"""One round: what may come of its runs, and how its experiment is brought to an end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from revorder.experiments import jobs
from torture import ending
from torture.logbook import overlaps
from torture.runs import Runs
from torture.starting import Child, Lost

TRIES = 12  # runs to bring an experiment to its end once it is left alone
SLACK = 1.0  # seconds in which the system notices that somebody has died


class Round(Runs):
    """Acts (see `acts`) start runs, let something happen to them, and wait for their ends, which are judged here.

    Attributes:
        damaged: file -> the bytes that were put there; a run must refuse it by name, and then it is taken away.
    """

    def __init__(self, *given: Any):
        self.damaged = dict[Path, bytes]()
        super().__init__(*given)

    def over(self, child: Child, *accepted: str) -> dict[str, Any]:
        """Wait for the end of a run; Lost unless it finished, refused a damaged file, or ended as is accepted.

        Args:
            accepted: names of exceptions, and "killed".
        """
        answer = child.wait()
        main: dict[str, Any] = {"outcome": "killed", "said": ""} if answer is None else answer["main"]
        outcome = main["outcome"]
        self.say(f"run {self.children.index(child)} ended: {outcome} {main['said']}")
        if outcome == "finished":
            self._check_nothing_damaged()
        elif not (self._by_us(child, outcome) or outcome in accepted or self._refused(main)
                  or self._in_use(child, main)):  # fmt: skip
            raise Lost(f"run {child.pid} ended with {outcome}: {main['said']}\n{child.output()}")
        return main

    def _by_us(self, child: Child, outcome: str) -> bool:
        return outcome == "killed" and child.killed < math.inf

    def _check_nothing_damaged(self) -> None:
        for path, content in self.damaged.items():
            if path.exists() and path.read_bytes() == content:
                raise Lost(f"{path} is damaged, and was accepted")
        self.damaged.clear()

    def _refused(self, main: dict[str, Any]) -> bool:
        """Whether a damaged file was refused by name: then it is taken away, as its owner would do."""
        named = [path for path in self.damaged if str(path) in main["said"] and main["outcome"] == "ValueError"]
        with self.watchman.rest():
            for path in named:
                path.unlink(missing_ok=True)
                del self.damaged[path]
        return bool(named)

    def _in_use(self, child: Child, main: dict[str, Any]) -> bool:
        """Whether it was told that another holds the folder, and one did."""
        others = [one for one in self.held() if not one.who.startswith(f"{child.pid}-")]
        during = [one for one in others if one.start < child.ended and one.end + SLACK > child.began]
        return bool(during) and self.says_in_use(main)

    def says_in_use(self, main: dict[str, Any]) -> bool:
        """Whether an end is that of one who came when another was there, or had just begun there."""
        begun = main["outcome"] == "ValueError" and "holds results already" in main["said"]
        return str(self.folder) in main["said"] and (begun or main["outcome"] == "FolderInUseError")

    def undisturbed(self, *accepted: str) -> dict[str, Any]:
        """How a run ends that has the folder to itself."""
        self.settle()
        return self.over(self.start_alone(), *accepted)

    def expect_refusal(self, path: Path) -> None:
        """A run that nobody disturbs must refuse a damaged file; it is taken away then."""
        found = self.undisturbed()
        if path in self.damaged:
            raise Lost(f"{path} is damaged, but the run ended with {found}")

    def reopen(self) -> None:
        """If all jobs are finished: take some results away, so that there is something to do again."""
        finished = self.finished()
        if len(finished) == len(jobs(self.config)):
            self.take_away(self.rng.sample(finished, self.rng.randint(1, len(finished))))

    def take_away(self, results: list[Path]) -> None:
        if results:
            self.settle()
            with self.watchman.rest():
                for path in results:
                    path.unlink()
                    self.say(f"taken away, to be made again: {path.name}")

    def look_back(self) -> None:
        """Raise Lost for what was seen on the way."""
        for wrong in [*self.watchman.wrong, *overlaps(self.held())]:
            raise Lost(wrong)

    def finish(self) -> None:
        """Bring the experiment to its end, and compare it."""
        for _ in range(TRIES):
            self.settle()
            self.look_back()
            if self.undisturbed()["outcome"] == "finished":
                break
        else:
            raise Lost(f"not finished after {TRIES} runs that nobody disturbed")
        self.settle()
        self.watchman.close()
        self.look_back()
        ending.check(self.folder, self.truth)
