"""Measure this package on a GPU against torch's loop on the same GPU.

    python benchmarks/on_gpu.py --name h100

writes benchmarks/results/h100/{card.json,table.md}. All methods are measured in one process, in turns, with float32
that is float32 (TF32 off). A time counts only if the states are those of a `torch.optim` loop on the CPU in float64.
`--device cpu --quick` checks that all works; its times mean nothing.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import loops
import machine
import report
import tasks
import timing
import torch
from rows import Row, Workload
from tasks import Task
from workloads.made import auto, compiled, replay, spaced, wavefront, workload
from workloads.others import EARLY_TOLERANCE

import revorder as ro
from revorder.experiments.arithmetic import products

HERE = Path(__file__).resolve().parent
HOW = """\
µs per evaluation: median over {rounds} rounds (lowest to highest), divided by the evaluations of T that the checkpoints
timed need; **extrapolated** methods are timed on a few of them. *Preparation* (tracing, compiling, timing widths) is
the first call minus the median. *Difference*: the largest to a `torch.optim` loop on the CPU in float64, of the states
compared; for convolutions after few steps only, since BatchNorm amplifies rounding.
"""


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write card and table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="gpu", help="of the folder in benchmarks/results")
    parser.add_argument("--out", type=Path, help="write to this folder instead")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workloads", default="digits,fashion,cnn,resnet18", help="separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each extrapolated method in a round")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: checks, no measurement")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.rounds, asked.seconds = 1, 0.05
    with tempfile.TemporaryDirectory() as cache, products("ieee"):
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache  # empty, so that compile times are those of a first time
        _measure(asked)


def _measure(asked: argparse.Namespace) -> None:
    began, rows = time.perf_counter(), []
    for name in asked.workloads.split(","):
        print(f"{time.perf_counter() - began:6.0f} s  {name}", flush=True)
        for made in WORKLOADS[name](torch.device(asked.device), asked.quick):
            rows += timing.measure(made, asked.rounds, asked.seconds)
        _write(asked, rows, time.perf_counter() - began)


def _write(asked: argparse.Namespace, rows: list[Row], seconds: float) -> None:
    """After every workload, since a lent GPU may be gone before the last one."""
    card = machine.card(torch.get_num_threads()) | {"rounds": asked.rounds, "quick": asked.quick}
    card["gpu"] = torch.cuda.get_device_name() if asked.device == "cuda" else None
    card["seconds_in_all"] = seconds
    folder = asked.out or HERE / "results" / asked.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").write_text(json.dumps(card | {"rows": [row.as_dict() for row in rows]}, indent=1) + "\n")
    (folder / "table.md").write_text(table(card, rows))
    print(f"{seconds:6.0f} s  written to {folder}", flush=True)


def table(card: dict[str, object], rows: list[Row]) -> str:
    """Everything measured, in Markdown."""
    on = f"{card['gpu'] or 'no GPU'}, beside {card['cpu']} with {card['cores']} cores"
    parts = ["# On a GPU\n", f"{on}; Python {card['python']}; {machine.versions(card)}; {str(card['date'])[:10]}\n"]
    parts.append(HOW.format(rounds=card["rounds"]))
    for _, group in groupby(rows, lambda row: row.workload):
        parts += report.section(list(group))
    return "\n".join(parts)


def moved(task: Task, device: torch.device) -> Task:
    """The task with its model and data on a device."""
    data = tuple(part.to(device) for part in task.batches.data)
    batches = ro.batches.Minibatches(data, task.batches.index, task.batches.prepare)
    return replace(task, model=copy.deepcopy(task.model).to(device), batches=batches)


def _workload(
    name: str, title: str, task: Task, device: torch.device, steps: list[int], compiles: bool = True, **options: Any
) -> Workload:
    """Methods on the device; the reference is computed on the CPU."""
    there = moved(task, device)
    methods = [loops.optim_loop(there), replay(there), wavefront(there), auto(there), *[compiled(there)] * compiles]
    title = f"{title}, N = {steps[-1]}, {len(steps)} checkpoints, float32"
    return workload(name, title, task, steps, methods, **options)


def digits_mlp(device: torch.device, quick: bool) -> Iterator[Workload]:
    """The course's MLP."""
    steps = 40 if quick else 1000
    yield _workload("digits", "MLP 64-32-10 on digits, batch 8", tasks.digits(steps), device, spaced(10, steps))


def fashion_mlp(device: torch.device, quick: bool) -> Iterator[Workload]:
    """A wider one."""
    steps = 20 if quick else 400
    task = tasks.fashion(steps)
    yield _workload("fashion", f"MLP 784-128-10 on {task.name}, batch 8", task, device, spaced(10, steps))


def small_cnn(device: torch.device, quick: bool) -> Iterator[Workload]:
    """Convolutions and BatchNorm."""
    steps = 20 if quick else 200
    title = "small CNN with BatchNorm on digits, batch 8"
    made = _workload("cnn", title, tasks.cnn(steps), device, spaced(10, steps), late=False)
    yield replace(made, tolerance=EARLY_TOLERANCE)


def resnet18(device: torch.device, quick: bool) -> Iterator[Workload]:
    """As in the course's experiment on CIFAR-10, on noise of its shape; it takes minutes to compile."""
    steps, width, batch_size = (4, 4, 8) if quick else (24, 64, 64)
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(1000, 3, 32, 32, generator=generator), torch.randint(10, (1000,), generator=generator)
    batches = ro.batches.Minibatches(data, ro.batches.reshuffle(1000, batch_size, steps))
    task = Task("noise", ro.models.resnet18(width=width), torch.nn.functional.cross_entropy, 0.001, batches)
    title = f"ResNet-18 of width {width} on noise of CIFAR's shape, batch {batch_size}"
    made = _workload("resnet18", title, task, device, spaced(2, steps), compiles=False, compared=[2, 4])
    yield replace(made, tolerance=EARLY_TOLERANCE)  # later, at a kink, even a plain loop in float32 leaves the path


WORKLOADS = {"digits": digits_mlp, "fashion": fashion_mlp, "cnn": small_cnn, "resnet18": resnet18}

if __name__ == "__main__":
    main()
