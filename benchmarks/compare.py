"""Two checkouts of revorder side by side: `python benchmarks/compare.py OTHER_CHECKOUT [ROUNDS]`.

Each has a process of its own that imports the package from its folder; they take turns, run by run, so that whatever
else the machine does meets both. It prints a table in Markdown; redirect it to a file of benchmarks/results.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import machine

HERE = Path(__file__).resolve().parent
FIRST = {"MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
NAMES = [
    "digits, wavefront", "digits, auto", "digits, 2000 steps by replay", "digits, 40 steps by auto", "CNN, wavefront",
    "CNN, 100 steps by replay", "diabetes, affine", "diabetes, N = 4000, affine", "fashion, wavefront",
    "fashion, 200 steps by replay",
]  # fmt: skip
COLUMNS = ["run", "before", "after", "difference", "median difference", "what the run says"]


def workloads() -> dict[str, Callable[[], str]]:
    """What is run, by name; each returns the note of its trajectory."""
    import tasks
    import torch

    import revorder as ro

    torch.set_num_threads(1)

    def made(task: tasks.Task, checkpoints: range | list[int], engine: str) -> Callable[[], str]:
        loss, params = ro.module_loss(task.model, task.criterion)
        update = ro.sgd(loss, task.lr)
        start = update.init(params)
        return lambda: (
            ro.run(update, start, task.batches, "backward", checkpoints, engine=engine, progress=False).engine
        )

    digits, cnn, fashion = tasks.digits(2000), tasks.cnn(100), tasks.fashion(200)
    every_tenth = range(10, 2001, 10)
    runs = [
        (digits, every_tenth, "wavefront"), (digits, every_tenth, "auto"), (digits, [2000], "replay"),
        (digits, range(1, 41), "auto"), (cnn, range(10, 101, 10), "wavefront"), (cnn, [100], "replay"),
        (tasks.diabetes(1000), range(1, 1001), "affine"), (tasks.diabetes(4000), range(1, 4001), "affine"),
        (fashion, range(10, 201, 10), "wavefront"), (fashion, [200], "replay"),
    ]  # fmt: skip
    return {name: made(*run) for name, run in zip(NAMES, runs, strict=True)}


def serve(checkout: str) -> None:
    """In a process of its own: run what is asked for, line by line, and answer with the seconds it took."""
    sys.path[:0] = [checkout, str(HERE)]
    known = workloads()
    for line in sys.stdin:
        begun = time.perf_counter()
        said = known[line.strip()]()
        print(f"{time.perf_counter() - begun}\t{said}", flush=True)


def measure(other: str, rounds: int) -> None:
    """Let both take turns, and print the table."""
    sides = {name: subprocess.Popen([sys.executable, __file__, "--serve", checkout], text=True, env=os.environ | FIRST,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
             for name, checkout in (("before", other), ("after", str(HERE.parent)))}  # fmt: skip
    card = machine.card(1)
    print(
        f"The shortest of {rounds} rounds, in ms, and the difference of the medians; both versions in turn, one thread."
    )
    versions = ", ".join(f"{name} {card['versions'][name]}" for name in ("torch", "numpy"))
    print(f"{card['cpu']}, {card['cores']} cores, Python {card['python']}, {versions}, {card['date']}\n")
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * 4}---|")
    for name in NAMES:
        took, said = {side: [] for side in sides}, ""
        for number in range(rounds + 1):
            for side, process in sides.items():
                process.stdin.write(name + "\n")
                process.stdin.flush()
                seconds, said = process.stdout.readline().rstrip("\n").split("\t")
                took[side] += [float(seconds) * 1e3] * (number > 0)
        before, after = min(took["before"]), min(took["after"])
        apart = statistics.median(took["after"]) - statistics.median(took["before"])
        grown = f"{after - before:+.1f} ({after / before - 1:+.1%})"
        cells = [name, f"{before:.1f}", f"{after:.1f}", grown, f"{apart:+.1f}", said[said.find("checked") :]]
        print(f"| {' | '.join(cells)} |", flush=True)
    for process in sides.values():
        process.stdin.close()


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7)
