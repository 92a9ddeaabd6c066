"""The sections of the table for what was measured in processes of its own."""

from __future__ import annotations

from typing import Any

from rows import digits, grid

MEMORY = """\
## memory

MLP 784-128-10, every step a checkpoint, wavefront; peak of the process above what it held before, against (states held
+ states kept) x bytes of a state
"""
FIRST = """\
## first calls

Seconds of the whole workload in a fresh process, tracing and compiling included, and of the same call again; libraries
are imported beforehand, except numba, which is imported where it is first needed. TorchInductor's cache is empty.
"""


def lines(probes: dict[str, Any]) -> list[str]:
    """All sections there are."""
    known = {"first": _first, "plan": _plan, "memory": _memory, "widget": _widget}
    return [part for name, section in known.items() if name in probes for part in section(probes[name])]


def _first(calls: list[dict[str, Any]]) -> list[str]:
    cells = [[call["workload"], call["method"], call["cache"], *(f"{digits(call[n])} s" for n in ("first", "second"))]
             for call in calls if "first" in call]  # fmt: skip
    return [FIRST, grid(["workload", "method", "numba's cache", "first call", "second call"], cells), ""]


def _plan(plans: list[dict[str, Any]]) -> list[str]:
    cells = [[f"{p['steps']:,}", f"{p['cost']:,}", f"{p['seconds']:.2g}", f"{p['peak_mib']:.0f}"] for p in plans]
    return ["## plan\n\nBackward order, every step a checkpoint; a fresh process for each line\n",
            grid(["N", "evaluations planned", "seconds", "peak MiB"], cells), ""]  # fmt: skip


def _memory(runs: list[dict[str, Any]]) -> list[str]:
    cells = [[m["order"], f"{m['held']:,}", f"{m['kept']:,}", f"{m['state_bytes']:,}", f"{m['predicted_mib']:.0f}",
              f"{m['measured_mib']:.0f}", f"{m['measured_mib'] / m['predicted_mib']:.2f}"] for m in runs]  # fmt: skip
    head = ["order", "states held", "states kept", "bytes of a state", "predicted MiB", "measured MiB", "ratio"]
    return [MEMORY, grid(head, cells), ""]


def _widget(measured: dict[str, Any]) -> list[str]:
    cells = [[name, f"{seconds:.3f}", str(len(measured["times"][name]))]
             for name, seconds in measured["medians"].items()]  # fmt: skip
    return ["## widget\n\nFrom a change of a control to the new picture\n",
            grid(["widget", "median seconds", "redraws"], cells), ""]  # fmt: skip
