"""Measure every widget's redraw: from a change of a control to the new picture.

    python benchmarks/redraws.py --out benchmarks/results/laptop

writes redraws.md and redraws.json there. Every slider and drop-down list that is visible at first goes through some of
its values, spread over its range, and comes back before the next one. A value that the widget refuses in words (an
alert) is passed over; a value that leaves the picture as it is stops the measurement.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import machine

FIRST, FIRST_THREADS = "DigitsExplorer, first redraw", 2
TRAINS = {"DigitsExplorer", FIRST}
NO_REDRAW = {"ExperimentPanel", "RegimeExplorer"}  # their pictures follow a run, not a control
HOW = """\
Milliseconds from setting a control's value to the new picture in the widget, on the machine that computes it; the way
to the browser is not in it. *Median* and *worst* are over the controls' medians; *slowest* is the slowest single
redraw. The *first redraw*, from the widget's making on, is that of fresh processes on two threads: two orders of 1000
steps, 50 checkpoints each, as in notebook 00. torch, revorder, matplotlib, Pillow and ipywidgets are imported by then.
"""
HEAD = ["widget", "trains", "controls", "redraws", "median (ms)", "worst control (ms)", "slowest (ms)"]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--values", type=int, default=9, help="at most, for each control")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(arguments)
    first = first_redraws(3)  # before this process and its children are kept to some cores
    machine.use_threads(asked.threads)
    import torch

    torch.set_num_threads(asked.threads)
    rows = [first, *(summary(name, redraws(widget(), asked.values)) for name, widget in widgets())]
    card = machine.card(asked.threads)
    card["versions"] |= {name: importlib.metadata.version(name) for name in ("matplotlib", "pillow", "ipywidgets")}
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "redraws.json").write_text(json.dumps(card | {"widgets": rows}, indent=1) + "\n")
    (asked.out / "redraws.md").write_text(table(card, rows))
    print(table(card, rows))


def widgets() -> Iterator[tuple[str, type]]:
    """The widgets of the course whose controls change a picture."""
    from revorder import widgets as ours

    for name in ours.__all__:
        if name not in NO_REDRAW:
            yield name, getattr(ours, name)


def redraws(widget: Any, most: int) -> dict[str, list[float]]:
    """Control -> milliseconds of each redraw.

    Raises:
        AssertionError: a legal value left the picture as it was.
    """
    return {control.description: _redraws_by(control, widget, most) for control in controls(widget)}


def controls(widget: Any) -> list[Any]:
    """The sliders and drop-down lists that can be seen."""
    import ipywidgets as W

    kinds = (W.IntSlider, W.FloatSlider, W.FloatLogSlider, W.SelectionSlider, W.Dropdown)
    return [part for part in _parts(widget.view) if isinstance(part, kinds)]


def values(control: Any, most: int) -> list[Any]:
    """At most so many legal values other than the present one, evenly spread over all of them."""
    if hasattr(control, "options"):
        every = list(control._options_values)  # `options` may hold pairs with labels
    else:
        count = int((control.max - control.min) / control.step + 1e-9)
        every = [control.min + i * control.step for i in range(count + 1)]
        if hasattr(control, "base"):  # a logarithmic slider's limits are exponents
            every = [control.base**power for power in every]
    others = [value for value in every if value != control.value]
    picked = {round(i * (len(others) - 1) / max(most - 1, 1)) for i in range(most)}
    return [others[i] for i in sorted(picked)]


def _redraws_by(control: Any, widget: Any, most: int) -> list[float]:
    first, times = control.value, []
    for value in values(control, most):
        before, began = _pictures(widget), time.perf_counter()
        control.value = value
        elapsed = 1000 * (time.perf_counter() - began)
        if any("role='alert'" in text or 'role="alert"' in text for text in _texts(widget)):
            continue
        if _pictures(widget) in ([], before):
            raise AssertionError(f"{type(widget).__name__}: {control.description} = {value!r} did not redraw")
        times.append(elapsed)
    control.value = first
    if not times:
        raise AssertionError(f"{type(widget).__name__}: {control.description} refused every value")
    return times


def _parts(box: Any) -> Iterator[Any]:
    if box.layout.visibility == "hidden" or box.layout.display == "none":
        return
    yield box
    for child in getattr(box, "children", ()):
        yield from _parts(child)


def _texts(widget: Any) -> list[str]:
    import ipywidgets as W

    return [part.value for part in _parts(widget.view) if isinstance(part, W.HTML)]


def _pictures(widget: Any) -> list[str]:
    return [text for text in _texts(widget) if "<img" in text]


def first_redraws(rounds: int) -> dict[str, Any]:
    """The first picture of notebook 00's explorer, in fresh processes."""
    command = [sys.executable, str(Path(__file__).with_name("probes.py")), str(FIRST_THREADS), "explorer", "1000"]
    said = [
        subprocess.run(command, capture_output=True, text=True, timeout=600, check=True).stdout for _ in range(rounds)
    ]
    rounds_of = [json.loads(each.splitlines()[-1]) for each in said]
    times = {part: [each[part] for each in rounds_of] for part in ("imports", "first picture")}
    return summary(FIRST, {"first picture": times["first picture"]}) | {"imports": statistics.median(times["imports"])}


def summary(name: str, times: dict[str, list[float]]) -> dict[str, Any]:
    """What is said of a widget, and all its times."""
    medians = {control: statistics.median(each) for control, each in times.items()}
    return {
        "widget": name,
        "trains": name in TRAINS,
        "median": statistics.median(medians.values()),
        "worst": max(medians.values()),
        "worst_control": max(medians, key=medians.get),
        "slowest": max(max(each) for each in times.values()),
        "times": times,
    }


def table(card: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """One line for each widget, in Markdown."""
    from rows import grid

    lines = [[
        row["widget"], "yes" if row["trains"] else "no", f"{len(row['times'])}",
        f"{sum(map(len, row['times'].values()))}", f"{row['median']:.0f}",
        f"{row['worst']:.0f} ({row['worst_control']})", f"{row['slowest']:.0f}",
    ] for row in rows]  # fmt: skip
    where = f"{card['cpu']}, {card['cores']} cores, {card['threads']} thread(s); {card['os']}; Python {card['python']}"
    parts = ["# Redraws of the widgets\n", f"{where}; {machine.versions(card)}; {card['date'][:10]}\n", HOW,
             grid(HEAD, lines)]  # fmt: skip
    if card.get("dropped"):  # by hand, when widgets were deleted and nothing was measured anew
        parts.append(f"\nLeft out, since the package has them no longer: {', '.join(card['dropped'])}.\n")
    parts += [f"\n{row['widget']}: imports before it take {row['imports']:.0f} ms, besides those of torch and revorder."
              for row in rows if "imports" in row]  # fmt: skip
    return "\n".join(parts)


if __name__ == "__main__":
    main()
