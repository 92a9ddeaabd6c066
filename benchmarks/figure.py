"""The figure of a measurement: time for an evaluation of T, by workload and method."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby
from pathlib import Path
from typing import Any

from rows import Row, digits

from revorder.plots.picture import figure

GREY, OURS, APPROXIMATE = "#777777", "#0072B2", "#D55E00"  # Okabe and Ito's colours, with markers that differ too
AXIS = "µs per evaluation of T"


def draw(folder: Path, rows: list[Row], probes: dict[str, Any]) -> None:
    """Write figure.png, and growth.png where growth was measured."""
    plain, grown = [row for row in rows if not row.group], [row for row in rows if row.group == "growth"]
    if plain:
        _methods(plain).savefig(folder / "figure.png", dpi=150, metadata={"Software": None})
    elif not grown:
        _probes(probes).savefig(folder / "figure.png", dpi=150, metadata={"Software": None})
    if grown:
        name = "growth.png" if plain else "figure.png"
        _growth(grown).savefig(folder / name, dpi=150, metadata={"Software": None})


def _methods(rows: list[Row]) -> Any:
    groups = [list(group) for _, group in groupby(rows, lambda row: row.workload)]
    counts = [len(group) for group in groups]
    made, axes = figure(8.0, 1.3 + 0.27 * sum(counts) + 0.35 * len(groups), nrows=len(groups), sharex=True,
                        squeeze=False, height_ratios=[n + 0.6 for n in counts])  # fmt: skip
    for ax, group in zip(axes[:, 0], groups, strict=True):
        _dots(ax, group)
    axes[-1, 0].set_xlabel(AXIS + " (log scale; lines from the lowest to the highest round)")
    made.suptitle(_message(groups[0]), fontsize=11, fontweight="bold")
    made.legend(handles=axes[0, 0]._legend_handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8.5)
    return made


def _dots(ax: Any, rows: list[Row]) -> None:
    looks = [
        (GREY, "o", "written by hand"),
        (OURS, "s", "revorder, exact"),
        (APPROXIMATE, "D", "revorder, approximate"),
    ]
    for y, row in enumerate(rows):
        kind = 2 if "approximate" in row.method else int(row.method.startswith("revorder"))
        color, marker, _ = looks[kind]
        ax.plot([min(row.each), max(row.each)], [y, y], color=color, lw=2)
        ax.plot(row.median, y, marker, color=color, ms=7, mfc="white" if row.extrapolated else color)
        ax.annotate(row.told, (max(row.each), y), (8, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(range(len(rows)), [row.method.replace(" (approximate)", "") for row in rows], fontsize=8.5)
    ax.set(xscale="log", ylim=(len(rows) - 0.4, -0.6))
    ax.set_title(textwrap.fill(re.sub(", float..", "", rows[0].title), 80), loc="left", fontsize=9)
    ax.margins(x=0.12)
    ax._legend_handles = [ax.plot([], [], m, color=c, label=label)[0] for c, m, label in looks]
    ax._legend_handles += ax.plot([], [], "o", color=GREY, mfc="white", label="hollow: extrapolated")


def _message(rows: list[Row]) -> str:
    """The best of each kind on the first workload, whatever it says."""
    kinds = {"revorder": "revorder", "JAX": "JAX", "torch.optim": "torch.optim loop"}
    best = {}
    for row in rows:
        for start, name in kinds.items():
            if row.method.startswith(start) and "approximate" not in row.method:
                best[name] = min(row.median, best.get(name, row.median))
    said = ", ".join(f"{name} {digits(best[name])} µs" for name in kinds.values() if name in best)
    return f"Best of each on {rows[0].workload}: {said}"


def _growth(rows: list[Row]) -> Any:
    made, axes = figure(8.0, 3.6, ncols=2, sharey=True)
    _lines(axes[0], rows, "steps", "checkpoints", rows[0].size["checkpoints"])
    _lines(axes[1], rows, "checkpoints", "steps", rows[-1].size["steps"])
    axes[0].set_ylabel(AXIS)
    axes[0].legend(frameon=False, fontsize=8.5)
    made.suptitle("Time for an evaluation by steps and by checkpoints (states that advance together)",
                  fontsize=11, fontweight="bold")  # fmt: skip
    return made


def _lines(ax: Any, rows: list[Row], varied: str, fixed: str, value: int) -> None:
    rows = [row for row in rows if row.size[fixed] == value]
    sizes = sorted({row.size[varied] for row in rows})
    for method, color, marker in (("wavefront", OURS, "s"), ("wavefront, fast", APPROXIMATE, "D")):
        points = sorted((row.size[varied], row.median) for row in rows if row.method == f"revorder: {method}")
        if points:
            ax.plot(*zip(*points, strict=True), marker=marker, color=color, label=method)
    ax.set(xscale="log", yscale="log", xlabel=varied, title=f"{value} {fixed}")
    ax.set_xticks(sizes, [f"{size}" for size in sizes], minor=False)
    values = [row.median for row in rows]
    ticks = [t for t in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if min(values) / 2 <= t <= 2 * max(values)]
    ax.set_yticks(ticks, [f"{t}" for t in ticks])
    ax.minorticks_off()


def _probes(probes: dict[str, Any]) -> Any:
    """A figure for measurements without methods: what was measured, as bars of seconds or MiB."""
    bars = [(f"plan, N = {p['steps']} (s)", p["seconds"]) for p in probes.get("plan", [])[:1]]
    bars += [(f"memory, {m['order']} (MiB)", m["measured_mib"]) for m in probes.get("memory", [])]
    bars += [(f"{name} (s)", seconds) for name, seconds in probes.get("widget", {}).get("medians", {}).items()]
    made, ax = figure(7.0, 1.4 + 0.4 * len(bars))
    ax.barh([name for name, _ in bars], [value for _, value in bars], color=OURS)
    ax.set(xscale="log", title="Measured in processes of their own")
    return made
