"""Training on the digits, recorded once: what a live figure plays back, since a page cannot train so fast.

`python -m revorder.live.recordings` writes the recording anew, in about half a minute.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from revorder.problems import digits_mlp

FOLDER = Path(__file__).parent / "recordings"
RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
LOOKS = range(10, 2001, 10)
BATCH_SIZE, EPOCH = 8, 175  # examples in a batch, batches in an epoch
DIGITS = 5  # significant digits that are kept of a loss


def record(rates: Sequence[float] = RATES, seed: int = 0, looks: Sequence[int] = LOOKS) -> dict[str, Any]:
    """Train the digits MLP at each learning rate, forward and backward on the same batches, reshuffled every epoch.

    In float64: at large rates training amplifies rounding, and the outcome should hang on it as little as may be.

    Args:
        rates: learning rates, each > 0.
        seed: of the initial parameters and of the batches.
        looks: the steps at which the test loss is taken, ascending.

    Returns:
        {"rates", "looks", "epoch": batches in an epoch, "forward", "backward"}; the last two are lists
        (rates, looks) of test losses in nats with 5 significant digits, None from where a run is not finite.

    Raises:
        DivergedError: a run is not finite at any look.
    """
    found: dict[str, Any] = {"rates": list(rates), "looks": list(looks), "epoch": EPOCH, "forward": [], "backward": []}
    for lr in rates:
        problem = digits_mlp(lr, batch_size=BATCH_SIZE, steps=max(looks), seed=seed, dtype=torch.float64)
        problem.metrics.pop("test accuracy")
        for order in ("forward", "backward"):
            run = problem.run(order, looks, on_diverge="mark", record=lambda state: torch.zeros(()))
            found[order].append(shortened(run.metrics["test loss"].tolist()))
    return found


def shortened(losses: Iterable[float]) -> list[float | None]:
    """Losses with 5 significant digits, and None from the first one on that is infinite or NaN.

    >>> shortened([2.30258509, 0.0123456, math.inf, 1.0])
    [2.3026, 0.012346, None, None]
    """
    kept: list[float | None] = []
    for loss in losses:
        ended = not math.isfinite(loss) or (kept and kept[-1] is None)
        kept.append(None if ended else float(f"{loss:.{DIGITS}g}"))
    return kept


def load(name: str = "digits_rates") -> dict[str, Any]:
    """A recording that the package brings, as `record` returned it.

    Raises:
        ValueError: there is none of this name.

    >>> recording = load("digits_rates")
    >>> recording["rates"], recording["looks"][-1], recording["epoch"]
    ([0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0], 2000, 175)
    """
    known = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in known:
        raise ValueError(f"name: got {name!r}, but the recordings are {', '.join(known)}")
    recording: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return recording


def write(recording: dict[str, Any], folder: Path = FOLDER, name: str = "digits_rates") -> Path:
    """Write a recording as compact JSON and return its path; an older one of this name is replaced."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(recording, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    torch.set_num_threads(1)  # the tensors are small: threads would only wait for each other
    print(f"written: {write(record())}")
