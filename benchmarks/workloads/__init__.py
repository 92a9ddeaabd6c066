"""What is measured: for each workload its task, checkpoints, reference and methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rows import Workload

from workloads.others import cnn, cyclic, growth, seeds
from workloads.perceptrons import digits, fashion, shapes
from workloads.regressions import contractive, diabetes, wide

WORKLOADS: dict[str, Callable[[bool], Iterator[Workload]]] = {
    "digits": digits, "fashion": fashion, "cnn": cnn, "diabetes": diabetes, "wide": wide, "shapes": shapes,
    "seeds": seeds, "contractive": contractive, "cyclic": cyclic, "growth": growth,
}  # fmt: skip
