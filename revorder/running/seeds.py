"""Many seeds as one run: a law needs thousands of them, and they advance in batched calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.engines.affine import Affine
from revorder.engines.auto import Auto
from revorder.engines.blame import named
from revorder.engines.choice import Engine
from revorder.engines.memory import check_fits, ran_out
from revorder.orders import Order
from revorder.planning.words import Label, checked_steps
from revorder.pytrees import Tree, blank_rows, copies, finite_rows, stack
from revorder.running.checks import check_observers
from revorder.running.forks import heed
from revorder.running.run import run
from revorder.running.together import OverSeeds, Together
from revorder.running.watching import Checkpoint, OnCheckpoint, check_callback
from revorder.showing import PART, cut
from revorder.trajectories.seed_runs import SeedRuns
from revorder.trajectories.trajectory import Trajectory

BATCHED = "it is called on all seeds at once, by torch.vmap: write it with torch operations"
METRIC_SEEDS = 64  # a metric may look at a whole test set: activations of so many seeds at once are held


def run_seeds(
    update: Callable[..., Tree],
    start: Tree,
    batches: Sequence[Any] | torch.Tensor,
    order: str | Order,
    checkpoints: Iterable[int],
    *,
    metrics: dict[str, Callable[[Tree], Any]] | None = None,
    keep_states: bool = True,
    engine: str | Engine | Auto = "auto",
    labels: Sequence[Label] | None = None,
    progress: bool = True,
    on_diverge: str = "raise",
    on_checkpoint: OnCheckpoint | None = None,
) -> SeedRuns:
    """`revorder.run` for many seeds in one batched run (torch.vmap over seeds), each with batches of its own.

    Args:
        update: as for `run`, but without randomness of its own, and written with torch operations only. Of some seeds
            single steps are compared with those of the update alone.
        start: one state that all seeds start from, or a list with one for each seed.
        batches: one batch sequence for each seed, equally long: a list, or a tensor (seeds, steps, ...).
        order, checkpoints, engine, labels, progress, on_checkpoint: as for `run`; every seed has the same words.
        metrics: name -> function of ONE seed's state, written with torch operations, that returns a number.
        on_diverge: as for `run`; "mark" marks only the seeds that diverged, at the checkpoints where they did, even
            if all of them did.
        keep_states: false where the metrics are all that is wanted, since states of many seeds are large.

    Returns:
        `SeedRuns`.

    Raises:
        ValueError, TypeError, MemoryError, DivergedError, CallbackError, RunInterrupted, Exception: as for `run`; what
            was reached until then is a `SeedRuns`.

    >>> import torch
    >>> halfway = lambda x, batch: x - 0.5 * (x - batch)
    >>> bits = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    >>> run_seeds(halfway, torch.tensor(0.0), bits, "backward", [3], progress=False).states
    tensor([[0.6250, 0.3750]])
    """
    if on_diverge == "mark" and (engine == "affine" or isinstance(engine, Affine)):
        raise ValueError("on_diverge: got 'mark', but the affine engine has one matrix for all seeds, in which they "
                         "diverge together; use engine='wavefront'")  # fmt: skip
    heed()
    check_observers(None, metrics)
    together = Together(batches)
    starts = _starts(start, together.seeds)
    seeds = OverSeeds(update)
    kept = checked_steps(checkpoints)
    if keep_states:
        check_fits(starts, len(kept))
    functions = metrics or {}

    def observe(states: Tree) -> dict[str, Tree]:
        values = {name: _over_seeds(name, metric, states) for name, metric in functions.items()}
        finite = finite_rows(states) if on_diverge == "mark" else None
        if finite is not None and not finite.all():
            values = blank_rows({name: each.double() for name, each in values.items()}, ~finite)
            states = blank_rows(states, ~finite)
        return {"metrics": values, "states": states if keep_states else {}, "": torch.zeros(())}

    def show(reached: Checkpoint) -> None:
        assert on_checkpoint is not None
        states, metrics = taken_apart(reached.state)
        on_checkpoint(replace(reached, state=states, metrics=metrics, cost=reached.cost * together.seeds))

    def of_seeds(found: Trajectory) -> SeedRuns:
        states, metrics = taken_apart(found.states)
        cost = found.cost * together.seeds
        return SeedRuns(found.order, found.steps, states, metrics, cost, found.engine, found.provenance)

    def taken_apart(observed: Tree) -> tuple[Tree, dict[str, np.ndarray]]:
        metrics = {name: _array(value) for name, value in observed["metrics"].items()}
        return observed["states"] if keep_states else None, metrics

    seeds.try_one(starts, together)
    check_callback(on_checkpoint)
    try:
        found = run(seeds, starts, together, order, kept, record=observe, engine=engine, labels=labels,
                    progress=progress, on_diverge="keep" if on_diverge == "mark" else on_diverge,
                    on_checkpoint=None if on_checkpoint is None else show)  # fmt: skip
    except BaseException as stopped:
        reached = getattr(stopped, "trajectory", None)
        if isinstance(reached, Trajectory):
            stopped.trajectory = of_seeds(reached)  # type: ignore[attr-defined]
        raise
    return of_seeds(found)


def _starts(start: Tree, seeds: int) -> Tree:
    if not isinstance(start, list):
        return copies(start, seeds)
    if len(start) != seeds:
        raise ValueError(f"start: got a list of {len(start)} states, but there are {seeds} batch sequences")
    return stack(start)


def _over_seeds(name: str, metric: Callable[[Tree], Any], states: Tree) -> torch.Tensor:
    argument, seeds = f"metrics[{name!r}]", len(pytree.tree_leaves(states)[0])
    try:
        values = torch.vmap(lambda state: _returned(argument, metric(state)), chunk_size=METRIC_SEEDS)(states)
    except Exception as error:
        raise named(error, argument, "on the states of all seeds", [BATCHED] * (not ran_out(error))) from error
    if values.shape != (seeds,):
        raise ValueError(
            f"{argument}: it returned shape {tuple(values.shape[1:])}, but a metric must return one number for the "
            "state of one seed"
        )
    return values


def _returned(argument: str, value: Any) -> torch.Tensor:
    """What a metric returned for one seed, if it is a tensor of real numbers."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(
            f"{argument}: it returned {cut(repr(value), PART)}, but over many seeds a metric must return a number as a "
            "tensor, by torch operations on the state"
        )
    if value.is_complex():
        raise TypeError(f"{argument}: it returned complex numbers, but a metric must return a real one, such as abs()")
    return value


def _array(values: torch.Tensor) -> np.ndarray:
    if values.is_meta:
        return np.full(values.shape, np.nan)
    return values.double().cpu().numpy()
