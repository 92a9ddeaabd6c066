"""Paths of training on the digits under several updates, recorded once: test losses forward and backward.

`python -m revorder.live.steady_runs` writes the recording anew, in some minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from revorder.diagnostics.intervals import t_quantile
from revorder.live.cards import card, digits_of
from revorder.live.recordings import write
from revorder.problems import Problem, digits_mlp
from revorder.running.seeds import run_seeds
from revorder.trajectories.seed_runs import SeedRuns
from revorder.updates.descent import SGD, adam, sgd

LOOKS = range(1500, 1751, 10)  # the last one, 1750, is a whole epoch for batches of 8
SEEDS = range(16)
ORDERS = ("forward", "backward")
SETTINGS: dict[str, tuple[str, float, int]] = {  # name -> method, learning rate, batch size
    "SGD, h = 0.1, batch 8": ("sgd", 0.1, 8),
    "SGD, h = 0.3, batch 4": ("sgd", 0.3, 4),
    "SGD, h = 0.5, batch 8": ("sgd", 0.5, 8),
    "momentum 0.9, h = 0.01": ("momentum", 0.01, 8),
    "momentum 0.9, h = 0.1": ("momentum", 0.1, 8),
    "Adam, h = 0.003": ("adam", 0.003, 8),
}


def record(
    settings: Sequence[str] = tuple(SETTINGS), seeds: Sequence[int] = SEEDS, looks: Sequence[int] = LOOKS
) -> dict[str, Any]:
    """Train the digits MLP in both orders on the same batches, reshuffled every epoch, in float64.

    Args:
        settings: names in `SETTINGS`.
        seeds: of the start and of the batches.
        looks: the steps at which the test loss is taken, ascending.

    Returns:
        {"settings", "looks", "seeds", "quantile", "forward", "backward", "averaged"}. The orders are lists (settings,
        seeds, looks) of test losses in nats, None from where a run is not finite; "averaged" is (settings, seeds), the
        test loss of the mean of forward's parameters over the looks. 4 significant digits.
    """
    found: dict[str, Any] = {"settings": list(settings), "looks": list(looks), "seeds": list(seeds)}
    found |= {"quantile": t_quantile(len(seeds)), "forward": [], "backward": [], "averaged": []}
    for name in settings:
        losses, averaged = trained(*SETTINGS[name], seeds, looks)
        for order in ORDERS:
            found[order].append(digits_of(losses[order], 4))
        found["averaged"].append(digits_of(averaged, 4))
    return found


def trained(
    method: str, lr: float, size: int, seeds: Sequence[int], looks: Sequence[int]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Order -> losses (seeds, looks), and the losses of forward's mean parameters (seeds,)."""
    problems = [digits_mlp(lr, size, looks[-1], seed=seed, dtype=torch.float64) for seed in seeds]
    update = _update(problems[0], method, lr)
    loss = problems[0].metrics["test loss"]
    runs = {order: _run(update, problems, order, looks) for order in ORDERS}
    mean = {name: values.mean(0) for name, values in runs["forward"].states["params"].items()}
    averaged = torch.vmap(lambda params: loss({"params": params}))(mean)
    return {order: run.metrics["test loss"].T for order, run in runs.items()}, averaged.numpy()


def _update(problem: Problem, method: str, lr: float) -> Any:
    assert isinstance(problem.update, SGD)
    if method == "adam":
        return adam(problem.update.loss, lr)
    return sgd(problem.update.loss, lr, momentum=0.9) if method == "momentum" else problem.update


def _run(update: Any, problems: Sequence[Problem], order: str, looks: Sequence[int]) -> SeedRuns:
    starts = [update.init(each.start["params"]) for each in problems]
    metrics = {"test loss": problems[0].metrics["test loss"]}
    return run_seeds(update, starts, [each.batches for each in problems], order, looks, metrics=metrics,
                     keep_states=order == "forward", progress=False, on_diverge="mark")  # fmt: skip


if __name__ == "__main__":
    with card(__doc__) as made:
        recording = record()
    print(f"written: {write({'card': made, **recording}, name='digits_steady')}")
