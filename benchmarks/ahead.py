"""The summary: JAX's best against this package, workload by workload, wins and losses alike."""

from __future__ import annotations

from itertools import groupby

from rows import Row, digits, grid

# How much less time than JAX's best on one thread is aimed at. (cores, workload) -> method -> ratio
AIMS: dict[tuple[int, str], dict[str, float]] = {
    (1, "digits"): {"wavefront": 1.5, "wavefront, fast": 3.0},
    (1, "fashion"): {"wavefront": 1.2, "wavefront, fast": 1.8},
    (1, "cnn"): {"wavefront": 0.55, "wavefront, compiled": 1.0},
    (1, "diabetes"): {"affine": 5.0},
    (1, "diabetes-long"): {"affine": 30.0},
    (1, "d = 101"): {"affine": 4.0},
    (1, "d = 501"): {"affine": 2.0},
    (2, "digits"): {"wavefront, fast": 5.0},
    (2, "fashion"): {"wavefront, fast": 3.0},
}
ENGINES = ("wavefront", "wavefront, fast", "wavefront, compiled", "affine", "auto")
SIDE_BY_SIDE = "JAX replay, two side by side"
NEAR, SOON = 0.15, 0.05  # auto may take so much more time than the best engine, or so many seconds
WORDS = f"""\
JAX's best on one thread in µs per evaluation; for each engine µs, how many times less that is than JAX's best (below
1x: JAX is ahead), and, where there is one, the ratio aimed at. *auto's loss*: what auto takes more than the fastest
engine asked for by name over the whole run; at most {NEAR:.0%} or {1e3 * SOON:.0f} ms are aimed at.
"""
HEAD = ["workload", "JAX's best", "two JAX replays side by side", *ENGINES, "auto's loss"]


def table(rows: list[Row], threads: int) -> str:
    """One line for each workload that JAX was measured on, without the columns of which nothing was measured."""
    made = lines(rows, threads)
    kept = [i for i in range(len(HEAD)) if any(line[i] for line in made)]
    return grid([HEAD[i] for i in kept], [[line[i] for i in kept] for line in made])


def lines(rows: list[Row], threads: int) -> list[list[str]]:
    """All columns."""
    found = []
    for workload, group in groupby((row for row in rows if not row.group), lambda row: row.workload):
        by_name = {row.method.removeprefix("revorder: "): row for row in group}
        jax = [row for name, row in by_name.items() if name.startswith("JAX") and name != SIDE_BY_SIDE]
        if jax:
            found.append(_line(workload, min(jax, key=lambda row: row.median), by_name, threads))
    return found


def _line(workload: str, best: Row, by_name: dict[str, Row], threads: int) -> list[str]:
    aims = AIMS.get((threads, workload), {})
    ours = [_ours(by_name.get(name), best, aims.get(name)) for name in ENGINES]
    two = by_name.get(SIDE_BY_SIDE)
    return [workload, f"{best.told} ({best.method[4:]})", two.told if two else "", *ours, auto_loss(by_name)]


def _ours(row: Row | None, best: Row, aim: float | None) -> str:
    if row is None:
        return "" if aim is None else f"not measured (aim {aim:g}x)"
    ratio = best.median / row.median
    said = f"{row.told}: {ratio:.3g}x"
    return said if aim is None else f"{said} (aim {aim:g}x {'met' if ratio >= aim else '**missed**'})"


def auto_loss(by_name: dict[str, Row]) -> str:
    """What auto takes more than the fastest engine: a share and milliseconds."""
    named = [by_name[name].total for name in ENGINES if name in by_name and name != "auto"]
    if "auto" not in by_name or not named:
        return ""
    best = min(named)
    lost = by_name["auto"].total - best
    said = f"{lost / best:+.0%}, {digits(1e3 * lost)} ms"
    return said if lost <= max(NEAR * best, SOON) else f"{said} **missed**"
