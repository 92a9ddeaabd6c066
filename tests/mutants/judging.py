"""The judgement of mutants: which parts, how many must be killed, which survivors are explained."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ENOUGH = 0.9
PARTS = {
    "orders": r"(orders|errors)$",
    "plan": r"planning\b",
    "engines": r"(engines\b|updates\.keys$)",
    "theory": r"theory\b",
}
KILLED = ("killed", "timeout", "type check")


@dataclass(frozen=True)
class Mutant:
    """One changed place: its module, how it ended, and, of one that lived, the line before and after."""

    module: str
    status: str
    lines: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Explanation:
    """Why mutants survive: regular expressions for their module, the line that was, and the line there is instead."""

    module: str
    line: str
    why: str
    mutant: str = ""

    def holds_for(self, mutant: Mutant) -> bool:
        """Whether this says why the mutant lives."""
        old, new = mutant.lines
        return bool(
            re.fullmatch(self.module, mutant.module) and re.search(self.line, old) and re.search(self.mutant, new)
        )


def explanations() -> list[Explanation]:
    """Those of `survivors.toml`."""
    kept = tomllib.loads((Path(__file__).parent / "survivors.toml").read_text())
    return [Explanation(**each) for each in kept["survivors"]]


def judged(mutants: list[Mutant], explained: list[Explanation]) -> list[str]:
    """What is not as promised: too many alive in a part, or alive without an explanation."""
    mistakes = []
    for part in PARTS:
        killed, total = _counted(mutants, part)
        if killed < ENOUGH * total or not total:
            mistakes.append(f"{part}: {killed} of {total} mutants killed, fewer than {ENOUGH:.0%}")
    for mutant in mutants:
        if mutant.status not in KILLED and not any(each.holds_for(mutant) for each in explained):
            old, new = mutant.lines
            mistakes.append(f"{mutant.module}: {mutant.status}, not explained\n  - {old}\n  + {new}")
    return mistakes


def record(mutants: list[Mutant], versions: str) -> str:
    """A table in Markdown."""
    lines = ["# Mutants", "", f"Made and run with {versions}. Why the survivors live: `survivors.toml`.", "",
             "| part | mutants | killed by tests | by types | ran away | survived | killed |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for part in PARTS:
        ends = Counter(mutant.status for mutant in mutants if re.match(PARTS[part], mutant.module))
        killed, total = _counted(mutants, part)
        share = f"{killed / total:.1%}" if total else "none"
        lines.append(f"| {part} | {total} | {ends['killed']} | {ends['type check']} | {ends['timeout']} | "
                     f"{total - killed} | {share} |")  # fmt: skip
    return "\n".join(lines)


def _counted(mutants: list[Mutant], part: str) -> tuple[int, int]:
    of_part = [mutant for mutant in mutants if re.match(PARTS[part], mutant.module)]
    return sum(mutant.status in KILLED for mutant in of_part), len(of_part)
