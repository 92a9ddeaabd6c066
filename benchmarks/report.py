"""What a measurement leaves behind: a card with all raw times, a table and a figure."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import machine
from timing import Row, digits

HOW = """\
µs per evaluation: median over {rounds} rounds (lowest to highest) of the time for the checkpoints timed, divided by the
evaluations of T that they need; methods take turns within a round. For `affine` and `merge_tol`, which make fewer
evaluations, and for the JAX sweep, which makes more, it is still the evaluations *needed*, so that rows compare.
*Total* is for the whole workload; a method that re-runs every word is charged all its steps. **Extrapolated** methods
are timed on some of the checkpoints only. *Preparation* (tracing, compiling, warming up) is the first call minus the
median, and is not in the time per evaluation; it starts from an empty compiler cache, but a later row may find there
what an earlier one compiled. Times of revorder include planning and gathering the batches; for the others the batches
are gathered beforehand. *Difference*: the largest of the compared states to a `torch.optim` loop in float64 (float32:
early checkpoints only, since training amplifies rounding); for `merge_tol`, which is approximate, to an exact run.
"""
MEMORY = """\
## memory

MLP 784-128-10, every step a checkpoint, wavefront; peak of the process above what it held before, against (states held
+ states kept) x bytes of a state
"""


def write(folder: Path, card: dict[str, Any], rows: list[Row], probes: dict[str, Any]) -> None:
    """Write card.json and table.md; the figure is drawn by `figure.draw`."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = card | {"rows": [row.as_dict() for row in rows], "probes": probes}
    (folder / "card.json").write_text(json.dumps(contents, indent=1) + "\n")
    (folder / "table.md").write_text(table(card, rows, probes))


def table(card: dict[str, Any], rows: list[Row], probes: dict[str, Any]) -> str:
    """Everything measured, in Markdown."""
    parts = [
        "# Benchmarks\n",
        f"{card['cpu']}, {card['cores']} cores, {card['threads']} thread(s); {card['os']}; Python {card['python']}; "
        f"{machine.versions(card)}; {card['date'][:10]}\n",
        HOW.format(rounds=card["rounds"]),
    ]
    plain = [row for row in rows if not row.group]
    for _, group in groupby(plain, lambda row: row.workload):
        parts += _workload(list(group))
    parts += _growth([row for row in rows if row.group == "growth"])
    return "\n".join([*parts, *_probes(probes)])


def _workload(rows: list[Row]) -> list[str]:
    lines = [[
        row.method + (" (**extrapolated**)" if row.extrapolated else ""), _each(row), f"{row.needed:,}",
        f"{row.made:,}", f"{digits(row.total)} s", f"{row.preparation:.2g} s",
        f"{row.largest_difference:.1g} ({row.compared})",
    ] for row in rows]  # fmt: skip
    head = ["method", "µs per evaluation", "needed", "made when timed", "total", "preparation", "difference (states)"]
    ran = [f"- {row.method}: {row.note}" for row in rows if row.note]
    return [f"## {rows[0].workload}\n\n{rows[0].title}\n", _grid(head, lines), *_affine_ratio(rows), *ran, ""]


def _affine_ratio(rows: list[Row]) -> list[str]:
    by_name = {row.method: row for row in rows}
    affine, replay = by_name.get("revorder: affine"), by_name.get("revorder: replay")
    if affine is None or replay is None:
        return []
    return [f"Affine needs 1/{replay.total / affine.total:,.0f} of replay's (extrapolated) time.\n"]


def _growth(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    lines = [[
        str(row.size["steps"]), str(row.size["checkpoints"]), row.method, _each(row), f"{row.needed:,}",
        f"{digits(row.total)} s", f"{row.largest_difference:.1g} ({row.compared})",
    ] for row in rows]  # fmt: skip
    head = ["N", "checkpoints", "method", "µs per evaluation", "evaluations", "total", "difference (states)"]
    return [
        "## growth\n\nMLP 64-32-10 on digits, batch 8, checkpoints spaced evenly, float32\n",
        _grid(head, lines),
        "",
    ]


def _probes(probes: dict[str, Any]) -> list[str]:
    parts = []
    if "plan" in probes:
        lines = [[f"{p['steps']:,}", f"{p['cost']:,}", f"{p['seconds']:.2f}", f"{p['peak_mib']:.0f}"]
                 for p in probes["plan"]]  # fmt: skip
        parts += ["## plan\n\nBackward order, every step a checkpoint; a fresh process for each line\n",
                  _grid(["N", "evaluations planned", "seconds", "peak MiB"], lines), ""]  # fmt: skip
    if "memory" in probes:
        lines = [[m["order"], f"{m['held']:,}", f"{m['kept']:,}", f"{m['state_bytes']:,}", f"{m['predicted_mib']:.0f}",
                  f"{m['measured_mib']:.0f}", f"{m['measured_mib'] / m['predicted_mib']:.2f}"]
                 for m in probes["memory"]]  # fmt: skip
        head = ["order", "states held", "states kept", "bytes of a state", "predicted MiB", "measured MiB", "ratio"]
        parts += [MEMORY, _grid(head, lines), ""]
    if "widget" in probes:
        lines = [[name, f"{seconds:.3f}", str(len(probes["widget"]["times"][name]))]
                 for name, seconds in probes["widget"]["medians"].items()]  # fmt: skip
        parts += ["## widget\n\nFrom a change of a control to the new picture\n",
                  _grid(["widget", "median seconds", "redraws"], lines), ""]  # fmt: skip
    return parts


def _each(row: Row) -> str:
    return f"{row.told} ({digits(min(row.each))} to {digits(max(row.each))})"


def _grid(head: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines]) + "\n"
