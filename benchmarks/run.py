"""Measure this package against what one would write without it.

    python benchmarks/run.py --name laptop

writes benchmarks/results/laptop/{card.json,table.md,figure.png}. All methods are measured in one process, in turns.
Needs the extras `bench` (JAX) and `fast` (numba) for all methods, and a C++ compiler for the compiled ones.
`--threads 2` measures two JAX replays side by side, too. `--quick` checks that all works; its times mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import first
import machine

HERE = Path(__file__).resolve().parent
TRAINING = (
    "digits", "fashion", "cnn", "diabetes", "wide", "shapes", "seeds", "contractive", "cyclic", "growth",
)  # fmt: skip
PROBES = ("first", "plan", "memory", "widget")


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write card, table and figure."""
    asked = _parse(arguments)
    machine.use_threads(asked.threads, asked.xla_threads)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache  # empty, so that compile times are those of a first time
        _measure(asked)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", type=lambda text: text.split(","), default=[*TRAINING, *PROBES],
                        help="separated by commas; default: all")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each extrapolated method in a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--xla-threads", type=int, default=1, help="within an operation of JAX")
    parser.add_argument("--name", default="latest", help="of the folder in benchmarks/results")
    parser.add_argument("--out", type=Path, help="write to this folder instead")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: checks, no measurement")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.workloads) - {*TRAINING, *PROBES})
    if unknown:
        parser.error(f"--workloads: got {unknown}, but the known ones are {', '.join([*TRAINING, *PROBES])}")
    if asked.quick:
        asked.rounds, asked.seconds = 1, 0.05
    return asked


def _measure(asked: argparse.Namespace) -> None:
    import figure
    import report
    import roofline
    import timing
    import torch
    from workloads import WORKLOADS

    torch.set_num_threads(asked.threads)
    began, rows, probes, peaks = time.perf_counter(), [], {}, roofline.peaks()
    for name in asked.workloads:
        print(f"{time.perf_counter() - began:6.0f} s  {name}", flush=True)
        if name in PROBES:
            probes[name] = _probe(name, asked)
            continue
        for workload in WORKLOADS[name](asked.quick):
            rows += timing.measure(workload, asked.rounds, asked.seconds)
    card = machine.card(asked.threads) | {"rounds": asked.rounds, "quick": asked.quick, "workloads": asked.workloads}
    card["peaks"], card["seconds_in_all"] = peaks, time.perf_counter() - began
    folder = asked.out or HERE / "results" / asked.name
    report.write(folder, card, rows, probes)
    figure.draw(folder, rows, probes)
    print(f"{card['seconds_in_all']:6.0f} s  written to {folder}")


def _probe(name: str, asked: argparse.Namespace) -> Any:
    """Measurements in processes of their own: planning once a round, memory once for each order."""
    if name == "first":
        return list(first.calls(asked.quick, first.fresh_process(asked.threads, asked.quick)))
    if name == "plan":
        return [_fresh(asked, "plan", 200 if asked.quick else 2000) for _ in range(asked.rounds)]
    if name == "memory":
        kept = {"forward": 20, "backward": 20} if asked.quick else {"forward": 2000, "backward": 256}
        return [_fresh(asked, "memory", order, steps) for order, steps in kept.items()]
    return _fresh(asked, "widget", *((2, 40) if asked.quick else (8, 1000)))


def _fresh(asked: argparse.Namespace, *arguments: object) -> Any:
    command = [sys.executable, str(HERE / "probes.py"), str(asked.threads), *map(str, arguments)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if made.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} failed:\n{made.stderr}")
    return json.loads(made.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
