"""Measure what noting a finished job costs in a folder of many, against making its summaries anew.

    python benchmarks/noting.py --out benchmarks/results/two-cores

writes noting.md there. The folder has results of one job under many names; in turns, one more is added to the card and
to metrics.csv, and both are made anew from all results.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import machine

HEAD = "| jobs | added to (ms) | made anew (ms) | ratio | all files looked at before a run (ms) |"
RULE = "|---:|---:|---:|---:|---:|"
SIZES = (50, 500, 5000)
ROUNDS = 5


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    asked = parser.parse_args(arguments)
    machine.use_threads(1)
    lines = [row(count) for count in SIZES]
    card = machine.card(1)
    about = f"{card['cpu']}, one thread; {machine.versions(card)}. Medians of {ROUNDS} in turns"
    said = f"{about} (`python benchmarks/noting.py`)."
    text = "\n".join(["# Noting a finished job", "", said, "", HEAD, RULE, *lines])
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "noting.md").write_text(text + "\n")
    print(text)


def row(count: int) -> str:
    """One size: both ways in turns."""
    from revorder.experiments import experiment, jobs, run
    from revorder.experiments.noting import note, take_up

    with tempfile.TemporaryDirectory() as scratch:
        config = experiment("mlp-digits", "smoke").replace(
            seeds=1, steps=20, stride=2, engine="replay", orders=("backward",), threads=1
        )
        folder = run(config, Path(scratch) / "results")
        (first,) = folder.finished().values()
        config = config.replace(seeds=count)
        (folder.path / "config.json").write_text(config.to_json())
        for job in jobs(config):
            replace(first, provenance=first.provenance | {"job": str(job)}).save(folder.result(job))
        looked = seconds(lambda: folder.summarise(take_up(folder, config)))
        card = folder.card()
        line, last = next(iter(card["jobs"].values())), jobs(config)[-1]
        added, anew = [], []
        for _ in range(ROUNDS):
            added.append(seconds(lambda: note(folder, last, line)))
            anew.append(seconds(lambda: folder.summarise(card)))
    low, high = statistics.median(added), statistics.median(anew)
    return f"| {count:,} | {1e3 * low:.1f} | {1e3 * high:.0f} | {high / low:.0f} | {1e3 * (looked - high):.0f} |"


def seconds(do: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
