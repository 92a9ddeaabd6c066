"""Coupled runs on the digits, recorded once: two networks on the same batches, and how far apart they are.

`python -m revorder.live.gap_runs` writes the recording anew, in about a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from revorder.data.datasets import digits
from revorder.diagnostics.coupling import network_gaps
from revorder.diagnostics.intervals import t_quantile
from revorder.live.cards import card, digits_of
from revorder.live.recordings import BATCH_SIZE, write
from revorder.problems import Problem, digits_mlp
from revorder.pytrees import Tree, stack
from revorder.running.seeds import run_seeds
from revorder.updates.descent import SGD
from revorder.updates.modules import ModuleLoss

RATES = (0.03, 0.1, 0.3, 0.5)
STARTS = ("perturbed", "independent")
QUANTITIES = ("parameters", "logits", "probabilities")
LOOKS = (*range(0, 100, 10), *range(100, 400, 25), *range(400, 2001, 50))
SEEDS = range(16)
PERTURBING = LOOKS[-1]  # number of the batch that makes a perturbed start: one that no run needs
OTHER = 1000  # added to a seed: that of the independent start


def record(
    rates: Sequence[float] = RATES, seeds: Sequence[int] = SEEDS, looks: Sequence[int] = LOOKS
) -> dict[str, Any]:
    """Train the digits MLP from two starts on the same batches, forward, and take their gaps.

    A "perturbed" start is one gradient step away, on a batch of its own; an "independent" one is drawn by another seed.
    In float64: at large rates training amplifies rounding, and the outcome should hang on it as little as may be.

    Args:
        rates: learning rates, each > 0.
        seeds: of the first start and of the batches, reshuffled every epoch.
        looks: the steps at which gaps are taken, ascending from 0.

    Returns:
        {"rates", "looks", "seeds", "quantile", "loss", "at_start", "gaps"}. "loss": (rates, seeds, looks) test losses
        of the first network in nats. "at_start": start -> quantity -> (rates, seeds) gaps at step 0. "gaps": start ->
        quantity -> (rates, seeds, looks), the gaps divided by those at step 0. Lists, 3 significant digits.
        "quantile": that of Student's t, for 95 % intervals of means over the seeds.
    """
    found: dict[str, Any] = {"rates": list(rates), "looks": list(looks), "seeds": list(seeds)}
    found |= {"quantile": t_quantile(len(seeds)), "loss": []}
    found |= {part: {start: {name: [] for name in QUANTITIES} for start in STARTS} for part in ("at_start", "gaps")}
    for lr in rates:
        losses, gaps = coupled(lr, seeds, looks)
        found["loss"].append(digits_of(losses))
        for start, by_name in gaps.items():
            for name, values in by_name.items():
                found["at_start"][start][name].append(digits_of(values[:, 0], 4))
                found["gaps"][start][name].append(digits_of(values / values[:, :1]))
    return found


def coupled(lr: float, seeds: Sequence[int], looks: Sequence[int]) -> tuple[np.ndarray, dict[str, Any]]:
    """Test losses (seeds, looks) of the first networks, and start -> quantity -> gaps (seeds, looks) to the second."""
    problems = [_problem(lr, seed) for seed in seeds]
    starts: list[Tree] = [each.start for each in problems]
    starts += [each.update(each.start, each.batches[PERTURBING]) for each in problems]
    starts += [_problem(lr, seed + OTHER).start for seed in seeds]
    metrics = {"test loss": problems[0].metrics["test loss"]}
    batches = 3 * [each.batches for each in problems]
    runs = run_seeds(problems[0].update, starts, batches, "forward", looks[1:], metrics=metrics, progress=False)
    at_start = stack([start["params"] for start in starts])
    states = {name: torch.cat([at_start[name][None], each]) for name, each in runs.states["params"].items()}
    first, *others = (_part(states, part, len(seeds)) for part in range(3))
    model, images = _model(problems[0]), digits(dtype=torch.float64).test[0]
    gaps = {start: network_gaps(model, images, first, other) for start, other in zip(STARTS, others, strict=True)}
    shape = (len(looks), len(seeds))
    named = {start: {name: each.reshape(shape).T for name, each in of.items()} for start, of in gaps.items()}
    losses = [
        [float(metrics["test loss"](each.start)) for each in problems],
        *runs.metrics["test loss"][:, : len(seeds)],
    ]
    return np.array(losses).T, named


def _problem(lr: float, seed: int) -> Problem:
    return digits_mlp(lr, BATCH_SIZE, PERTURBING + 1, seed=seed, dtype=torch.float64)


def _part(params: dict[str, torch.Tensor], part: int, seeds: int) -> dict[str, torch.Tensor]:
    """The networks of one kind of start, (looks · seeds, …)."""
    return {name: each[:, part * seeds : (part + 1) * seeds].flatten(0, 1) for name, each in params.items()}


def _model(problem: Problem) -> torch.nn.Module:
    assert isinstance(problem.update, SGD) and isinstance(problem.update.loss, ModuleLoss)
    return problem.update.loss.model


if __name__ == "__main__":
    with card(__doc__) as made:
        recording = record()
    print(f"written: {write({'card': made, **recording}, name='digits_gaps')}")
