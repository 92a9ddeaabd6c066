"""Many seeds as one run: a law needs thousands of them, and they advance in batched calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.batches import Minibatches
from revorder.engines.auto import Auto
from revorder.engines.choice import Engine
from revorder.engines.memory import check_fits
from revorder.orders import Order
from revorder.planning.plan import Label
from revorder.pytrees import Tree, blank_rows, copies, finite_rows, stack, tree_map
from revorder.running.run import run

if TYPE_CHECKING:
    import pandas as pd

METRIC_SEEDS = 64  # a metric may look at a whole test set: activations of so many seeds at once are held


@dataclass(frozen=True, eq=False)
class SeedRuns:
    """The states of many runs, one for each seed, at the same checkpoints.

    Attributes:
        order: the composition order, as text.
        steps: the checkpoints, as they were asked for.
        states: pytree; every leaf has the leading axes (checkpoints, seeds). None if `keep_states` was false.
        metrics: name -> float64 array (checkpoints, seeds).
        cost: evaluations of T that were really made, over all seeds.
        engine: which engine ran, and why.
    """

    order: str
    steps: list[int]
    states: Tree
    metrics: dict[str, np.ndarray]
    cost: int
    engine: str

    def frame(self) -> pd.DataFrame:
        """The metrics as a tidy pandas frame with the columns order, seed, step, metric and value."""
        import pandas as pd

        rows = [
            (self.order, seed, step, name, value)
            for name, values in self.metrics.items()
            for step, row in zip(self.steps, values.tolist(), strict=True)
            for seed, value in enumerate(row)
        ]
        return pd.DataFrame(rows, columns=["order", "seed", "step", "metric", "value"])


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
) -> SeedRuns:
    """`revorder.run` for many seeds in one batched run (torch.vmap over seeds), each with batches of its own.

    Args:
        update: as for `run`, but without randomness of its own, and written with torch operations only.
        start: one state that all seeds start from, or a list with one for each seed.
        batches: one batch sequence for each seed, equally long: a list, or a tensor (seeds, steps, ...).
        order, checkpoints, engine, labels, progress: as for `run`; every seed has the same words.
        metrics: name -> function of ONE seed's state, written with torch operations, that returns a number.
        on_diverge: as for `run`; "mark" marks only the seeds that diverged, at the checkpoints where they did, even
            if all of them did.
        keep_states: false where the metrics are all that is wanted, since states of many seeds are large.

    Returns:
        `SeedRuns`.

    Raises:
        ValueError, TypeError, MemoryError, DivergedError: as for `run`.

    >>> import torch
    >>> halfway = lambda x, batch: x - 0.5 * (x - batch)
    >>> bits = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    >>> run_seeds(halfway, torch.tensor(0.0), bits, "backward", [3], progress=False).states
    tensor([[0.6250, 0.3750]])
    """
    if not getattr(update, "keyless", True):
        raise ValueError("update: it draws at random, and all seeds would draw the same; run the seeds one by one")
    together = Together(batches)
    starts = _starts(start, together.seeds)
    kept = list(checkpoints)
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

    many = torch.vmap(lambda state, batch: update(state, batch))
    found = run(lambda states, batch: many(states, batch), starts, together, order, kept, record=observe,
                engine=engine, labels=labels, progress=progress,
                on_diverge="keep" if on_diverge == "mark" else on_diverge)  # fmt: skip
    values = {name: _array(value) for name, value in found.states["metrics"].items()}
    states = found.states["states"] if keep_states else None
    return SeedRuns(found.order, found.steps, states, values, found.cost * together.seeds, found.engine)


class Together:
    """Batch sequences of many seeds as one: its batch i stacks batch i of every seed."""

    def __init__(self, batches: Sequence[Any] | torch.Tensor):
        if not hasattr(batches, "__len__") or not len(batches):
            raise ValueError("batches: got none, but there must be one batch sequence for each seed")
        lengths = {len(each) for each in batches}
        if len(lengths) > 1:
            raise ValueError(f"batches: got sequences of lengths {sorted(lengths)}, but all seeds need the same")
        self.batches: Any = batches
        self.seeds, self.length = len(batches), lengths.pop()
        self.index: torch.Tensor | None = None
        if not isinstance(batches, torch.Tensor) and all(isinstance(each, torch.Tensor) for each in batches):
            self.batches = torch.stack(list(batches))  # once, and not at every step
        elif all(isinstance(each, Minibatches) and _alike(each, batches[0]) for each in batches):
            self.index = torch.stack([each.index for each in batches], dim=1)  # one gather for all seeds

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: int) -> Tree:
        if self.index is not None:
            rows = self.index[number]
            gathered = tree_map(lambda leaf: leaf[rows], self.batches[0].data)
            prepare = self.batches[0].prepare
            return gathered if prepare is None else torch.vmap(prepare)(gathered)
        if isinstance(self.batches, torch.Tensor):
            return self.batches[:, number]
        return stack([each[number] for each in self.batches])


def _alike(one: Minibatches, other: Any) -> bool:
    same = len(one.leaves) == len(other.leaves) and one.structure == other.structure
    same = same and all(a is b for a, b in zip(one.leaves, other.leaves, strict=True))
    return same and one.prepare == other.prepare


def _starts(start: Tree, seeds: int) -> Tree:
    if not isinstance(start, list):
        return copies(start, seeds)
    if len(start) != seeds:
        raise ValueError(f"start: got a list of {len(start)} states, but there are {seeds} batch sequences")
    return stack(start)


def _over_seeds(name: str, metric: Callable[[Tree], Any], states: Tree) -> torch.Tensor:
    values = torch.vmap(metric, chunk_size=METRIC_SEEDS)(states)
    seeds = len(pytree.tree_leaves(states)[0])
    if not isinstance(values, torch.Tensor) or values.shape != (seeds,):
        raise ValueError(f"metrics[{name!r}]: a metric must return one number for the state of one seed")
    return values


def _array(values: torch.Tensor) -> np.ndarray:
    if values.is_meta:
        return np.full(values.shape, np.nan)
    return values.double().cpu().numpy()
