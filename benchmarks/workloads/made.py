"""What all workloads are made with: a plan's counts, the reference, and this package's engines."""

from __future__ import annotations

import importlib.util
from dataclasses import fields

import loops
import tasks
import torch
from roofline import flops
from rows import Method, Workload
from tasks import Task
from timing import EARLY

import revorder as ro
from revorder import Wavefront

FLOAT32, FLOAT64 = 1e-5, 1e-10  # accepted at the last step, too


def workload(
    name: str,
    title: str,
    task: Task,
    checkpoints: list[int],
    methods: list[Method],
    late: bool = True,
    kinks: bool = False,
    compared: list[int] | None = None,
) -> Workload:
    """Backward order; the reference has early checkpoints, and the middle and last ones if `late`; many if `kinks`.

    With `compared` it has these.
    """
    plan = ro.plan("backward", checkpoints, task.labels)
    early = [n for n in checkpoints if n <= EARLY] or checkpoints[:1]
    ends = [checkpoints[len(checkpoints) // 2], checkpoints[-1]] if late else []
    ends = checkpoints[-1 :: -max(1, len(checkpoints) // 12)] if kinks else ends
    compared = compared or sorted({early[0], early[len(early) // 2], early[-1], *ends})
    reference = tasks.reference(task, compared)
    double = next(task.model.parameters()).dtype == torch.float64
    return Workload(name, title, methods, checkpoints, plan.cost, plan.naive_cost, reference,
                    FLOAT64 if double else FLOAT32, flops(task), double, kinks=kinks)  # fmt: skip


def spaced(stride: int, steps: int) -> list[int]:
    """Checkpoints."""
    return list(range(stride, steps + 1, stride))


def jax(task: Task) -> list[Method]:
    """JAX's methods, where JAX is installed (the extra `bench`)."""
    if importlib.util.find_spec("jax") is None:
        return []
    import in_jax

    return in_jax.methods(task, torch.get_num_threads())


def replay(task: Task) -> Method:
    """One step after the other, by this package."""
    return loops.engine("replay", task, "replay", few=True)


def wavefront(task: Task) -> Method:
    """With torch alone."""
    return loops.engine("wavefront", task, Wavefront(**({"fast": False} if _knows_fast() else {})))


def fast(task: Task) -> list[Method]:
    """By numba, where it is installed (the extra `fast`)."""
    there = _knows_fast() and importlib.util.find_spec("numba") is not None
    return [loops.engine("wavefront, fast", task, Wavefront(fast=True))] * there


def compiled(task: Task) -> Method:
    """By TorchInductor."""
    return loops.engine("wavefront, compiled", task, Wavefront(compile=True))


def auto(task: Task) -> Method:
    """What a run takes by itself."""
    return loops.engine("auto", task, "auto")


def _knows_fast() -> bool:
    return "fast" in {field.name for field in fields(Wavefront)}
