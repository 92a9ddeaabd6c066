"""What a measurement leaves behind: a card with all raw times, a table and a figure."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import ahead
import machine
import report_probes
from rows import Row, digits, grid

HOW = """\
µs per evaluation: median over the rounds, {rounds} at most (lowest to highest), of the time for the checkpoints timed,
divided by the evaluations of T that they need; methods take turns within a round. For `affine` and `merge_tol`, which
make fewer evaluations, and for the JAX sweep, which makes more, it is still the evaluations *needed*, so that rows
compare. *Total* is for the whole workload; a method that re-runs every word is charged all its steps. **Extrapolated**
methods are timed on a part of the workload. *Bound*: the products of an evaluation at the speed measured in this run;
`affine` composes maps instead, and may be below it. *Preparation* (tracing, compiling, warming up) is the first call
minus the median, and is not in the time per evaluation; what an earlier row compiled, a later one may find. Times of
revorder include planning and gathering the batches; for the others the batches are gathered beforehand. *Difference*:
the largest of the compared states, the last one included (CNN: early ones), to a `torch.optim` loop in float64; more
than 1e-5 in float32, or 1e-10 in float64, stops the measurement (CNN: 1e-3; deep-relu: two thirds of the states must be
within, since where a ReLU stands almost at 0, rounding to float32 decides its side, in about one path in twelve, and in
a plain loop as well). For `merge_tol`, which is approximate: to an exact run.
"""
BOUND = ["bound (µs)", "share"]
COLUMNS = [
    "method", "µs per evaluation", *BOUND, "needed", "made when timed", "total", "preparation",
    "difference (states)",
]  # fmt: skip


def write(folder: Path, card: dict[str, Any], rows: list[Row], probes: dict[str, Any]) -> None:
    """Write card.json and table.md; the figure is drawn by `figure.draw`."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = card | {"rows": [row.as_dict() for row in rows], "probes": probes}
    (folder / "card.json").write_text(json.dumps(contents, indent=1) + "\n")
    (folder / "table.md").write_text(table(card, rows, probes))


def table(card: dict[str, Any], rows: list[Row], probes: dict[str, Any]) -> str:
    """Everything measured, in Markdown."""
    peaks, each = card["peaks"], {name: f"{value / 1e9:.0f}" for name, value in card["peaks"].items()}
    parts = [
        "# Benchmarks\n",
        f"{card['cpu']}, {card['cores']} cores, {card['threads']} thread(s); {card['os']}; Python {card['python']}; "
        f"{machine.versions(card)}; {card['date'][:10]}\n",
        f"Measured in the same run: {each['float32']} GFLOP/s in float32 and {each['float64']} in float64 (products of "
        f"matrices), {each['bandwidth']} GB/s (a copy in memory).\n",
        HOW.format(rounds=card["rounds"]),
    ]
    if any(row.method.startswith("JAX") for row in rows):
        parts += ["## ahead of JAX\n", ahead.WORDS, ahead.table(rows, card["threads"]), ""]
    plain = [row for row in rows if not row.group]
    for _, group in groupby(plain, lambda row: row.workload):
        parts += section(list(group), peaks)
    parts += _growth([row for row in rows if row.group == "growth"])
    return "\n".join([*parts, *report_probes.lines(probes)])


def section(rows: list[Row], peaks: dict[str, float] | None = None) -> list[str]:
    """All methods of one workload; without the speeds of the machine, without bounds."""
    lines = [[
        row.method + (" (**extrapolated**)" if row.extrapolated else ""), _each(row), *_bound(row, peaks),
        f"{row.needed:,}", f"{row.made:,}", f"{digits(row.total)} s", f"{row.preparation:.2g} s",
        f"{row.largest_difference:.1g} ({row.compared})",
    ] for row in rows]  # fmt: skip
    ran = [f"- {row.method}: {row.note}" for row in rows if row.note]
    head = [name for name in COLUMNS if peaks or name not in BOUND]
    return [f"## {rows[0].workload}\n\n{rows[0].title}\n", grid(head, lines), *_ratios(rows), *ran, ""]


def _bound(row: Row, peaks: dict[str, float] | None) -> list[str]:
    """Microseconds that the arithmetic takes at the least, and the share of the measured time that this is."""
    if peaks is None:
        return []
    if not row.flops:
        return ["", ""]
    bound = 1e6 * row.flops / peaks["float64" if row.double else "float32"]
    return [digits(bound), f"{bound / row.median:.0%}"]


def _ratios(rows: list[Row]) -> list[str]:
    by_name = {row.method.removeprefix("revorder: "): row for row in rows}
    if {"affine", "replay"} <= set(by_name):
        times = by_name["replay"].total / by_name["affine"].total
        return [f"Affine needs 1/{times:,.0f} of replay's (extrapolated) time.\n"]
    if "one seed" in by_name:
        alone, together = by_name["one seed"].median, rows[-1].median
        return [f"An evaluation of many seeds in one run takes {together / alone:.2f} times one of a seed alone.\n"]
    return []


def _growth(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    lines = [[
        str(row.size["steps"]), str(row.size["checkpoints"]), row.method, _each(row), f"{row.needed:,}",
        f"{digits(row.total)} s", f"{row.largest_difference:.1g} ({row.compared})",
    ] for row in rows]  # fmt: skip
    head = ["N", "checkpoints", "method", "µs per evaluation", "evaluations", "total", "difference (states)"]
    said = "## growth\n\nMLP 64-32-10 on digits, batch 8, checkpoints spaced evenly, float32\n"
    return [said, grid(head, lines), ""]


def _each(row: Row) -> str:
    return f"{row.told} ({digits(min(row.each))} to {digits(max(row.each))})"
