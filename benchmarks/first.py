"""The first call in a fresh process, compiling included: `python first.py THREADS QUICK WORKLOAD METHOD`.

Prints one line of JSON: seconds of the first call and of the second. The libraries are imported and the batches of JAX
are gathered before; numba, which this package imports when it is first needed, is not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import machine

Fresh = Callable[..., Any]  # what `subject` prints, from a process of its own
SIZES = {"digits": (2000, 10), "fashion": (400, 10), "cnn": (100, 10), "diabetes": (1000, 1)}
QUICK = {"digits": (80, 2)}
EMPTY, FILLED = "empty", "filled"


def calls(quick: bool, fresh: Fresh) -> Iterator[dict[str, object]]:
    """All methods; what may use numba with an empty cache of its own, and again with what was kept there."""
    for workload in QUICK if quick else SIZES:
        perceptron = workload in ("digits", "fashion")
        plain = ["JAX replay", *["JAX sweep"] * (workload != "cnn"), *["wavefront"] * (workload != "diabetes")]
        for method in plain[: 1 if quick else None]:
            yield _row(workload, method, "", fresh(workload, method))
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as other:
            yield _row(workload, "auto", EMPTY * perceptron, fresh(workload, "auto", NUMBA_CACHE_DIR=other))
            if perceptron:
                for state, method in ((EMPTY, "wavefront, fast"), (FILLED, "wavefront, fast"), (FILLED, "auto")):
                    yield _row(workload, method, state, fresh(workload, method, NUMBA_CACHE_DIR=cache))


def _row(workload: str, method: str, cache: str, measured: dict[str, float] | None) -> dict[str, object]:
    return {"workload": workload, "method": method, "cache": cache} | (measured or {})


def fresh_process(threads: int, quick: bool) -> Fresh:
    """Runs `subject` in a process of its own; None for a method that is not installed."""

    def call(workload: str, method: str, **environment: str) -> dict[str, float] | None:
        words = [sys.executable, __file__, str(threads), str(int(quick)), workload, method]
        with tempfile.TemporaryDirectory() as cache:  # TorchInductor's
            said = {"TORCHINDUCTOR_CACHE_DIR": cache} | environment
            made = subprocess.run(words, capture_output=True, text=True, timeout=600, env=os.environ | said)
        if made.returncode:
            raise RuntimeError(f"first call of {method} on {workload} failed:\n{made.stderr}")
        found: dict[str, float] | None = json.loads(made.stdout.splitlines()[-1])
        return found

    return call


def subject(threads: int, quick: bool, workload: str, method: str) -> dict[str, float] | None:
    """Seconds of the first call and of the second one."""
    machine.use_threads(threads)
    import tasks
    import torch
    from workloads import made

    torch.set_num_threads(threads)
    steps, stride = (QUICK if quick else SIZES)[workload]
    task = getattr(tasks, workload)(steps)
    jax = method.startswith("JAX")
    known = made.jax(task) if jax else [made.wavefront(task), *made.fast(task), made.auto(task)]
    chosen = {each.name.removeprefix("revorder: "): each for each in known}.get(method)
    if chosen is None:
        return None
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        chosen.run(made.spaced(stride, steps))
        seconds.append(time.perf_counter() - began)
    return {"first": seconds[0], "second": seconds[1]}


if __name__ == "__main__":
    print(json.dumps(subject(int(sys.argv[1]), sys.argv[2] == "1", *sys.argv[3:])))
