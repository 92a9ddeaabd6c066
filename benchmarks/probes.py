"""Measurements that need a fresh process: planning, memory and the redraw of widgets. Prints one line of JSON."""

from __future__ import annotations

import json
import re
import resource
import statistics
import sys
import time
from pathlib import Path

import torch

import revorder as ro

MIB = 2**20


def peak_bytes() -> int:
    """The most memory this process ever held (resident)."""
    status = Path("/proc/self/status")
    if status.exists():  # elsewhere the peak of the parent process may count in
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text()).group(1)) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def plan(steps: int) -> dict[str, object]:
    """Planning backward order with every step a checkpoint."""
    before, began = peak_bytes(), time.perf_counter()
    made = ro.plan("backward", range(1, steps + 1))
    known = (made.cost, made.launches, made.peak_states)
    seconds = time.perf_counter() - began
    if known != (steps * (steps + 1) // 2, steps, steps):
        raise AssertionError(f"plan: cost, launches and peak states are {known}")
    return {"steps": steps, "cost": made.cost, "seconds": seconds, "peak_mib": (peak_bytes() - before) / MIB}


def memory(order: str, steps: int) -> dict[str, object]:
    """A run with every step a checkpoint: peak memory against states held plus states kept."""
    index = ro.batches.reshuffle(200, 8, steps)
    data = (torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(0)), torch.arange(200) % 10)
    loss, params = ro.module_loss(ro.models.mlp(784, 128, 10), torch.nn.functional.cross_entropy)
    update, batches = ro.sgd(loss, 0.05), ro.batches.Minibatches(data, index)
    start = update.init(params)
    size = sum(leaf.numel() * leaf.element_size() for leaf in params.values())
    ro.run(update, start, batches, order, range(1, 4), engine=ro.Wavefront(), progress=False)  # code, not states
    checkpoints = range(1, steps + 1)
    planned = ro.plan(order, checkpoints)
    before, held = peak_bytes(), planned.peak_states
    made = ro.run(update, start, batches, order, checkpoints, engine=ro.Wavefront(), progress=False)
    measured, predicted = peak_bytes() - before, (held + steps) * size
    different = len(torch.unique(made.states["params"]["1.bias"], dim=0))
    if different != steps:
        raise AssertionError(f"memory: {different} different states were kept, not {steps}")
    return {"order": order, "kept": steps, "held": held, "evaluations": made.cost, "state_bytes": size,
            "measured_mib": measured / MIB, "predicted_mib": predicted / MIB}  # fmt: skip


def widget(redraws: int, steps: int) -> dict[str, object]:
    """Seconds from a change of a control to the new picture."""
    explorer = ro.widgets.DigitsExplorer(steps)
    times = []
    for i in range(redraws):
        before, began = explorer.image.value, time.perf_counter()
        explorer.lr.value = 0.2 if i % 2 == 0 else 0.1
        times.append(time.perf_counter() - began)
        if explorer.image.value == before or "<img" not in explorer.image.value:
            raise AssertionError("widget: DigitsExplorer did not redraw")
    return {"times": {"DigitsExplorer": times}, "medians": {"DigitsExplorer": statistics.median(times)}}


def explorer(steps: int) -> dict[str, object]:
    """Milliseconds of a fresh process for imports, and until the explorer of notebook 00 has trained and drawn."""
    began = time.perf_counter()
    from matplotlib.backends import backend_agg  # noqa: F401
    from matplotlib.figure import Figure  # noqa: F401
    from PIL import Image  # noqa: F401

    from revorder.widgets import DigitsExplorer

    imported = time.perf_counter()
    made = DigitsExplorer(steps)
    drawn = time.perf_counter()
    if "<img" not in made.image.value:
        raise AssertionError("explorer: there is no picture")
    return {"imports": 1000 * (imported - began), "first picture": 1000 * (drawn - imported)}


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    kind, *arguments = sys.argv[2:]
    call = {"plan": plan, "memory": memory, "widget": widget, "explorer": explorer}[kind]
    print(json.dumps(call(*(int(a) if a.isdigit() else a for a in arguments))))
