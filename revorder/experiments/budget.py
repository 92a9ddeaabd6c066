"""Methods at an equal budget of gradients: orders of composition, averages of iterates, decay, larger batches.

The unit is one evaluation of T: the gradient of ONE small batch. A batch that is k times larger counts k.
Two prices must be kept apart. ONE model after n evaluations costs n with every method, backward included. A PATH, the
models at several checkpoints of one run, costs no more than its last model where the run goes on from checkpoint to
checkpoint; backward starts afresh for each of them and pays the sum.

A comparison is worth no more than its learning rates: give every method the same grid of them, choose one for each by
`choose` on some seeds, and compare by `paired` on others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from revorder.engines.fused import fused_step
from revorder.errors import DivergedError
from revorder.experiments.pairing import choose, paired
from revorder.experiments.settings import Setting, coins, digits
from revorder.planning.plan import plan
from revorder.pytrees import Tree
from revorder.running.run import run
from revorder.running.seeds import run_seeds
from revorder.updates import comparators
from revorder.updates.descent import sgd

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Method", "Setting", "choose", "coins", "compare", "digits", "methods", "paired"]


def __dir__() -> list[str]:
    return sorted(__all__)


COLUMNS = ["method", "lr", "seed", "evaluations", "metric", "value"]


@dataclass(frozen=True)
class Method:
    """A way to spend gradients.

    Attributes:
        update: (loss, lr) -> the update.
        order: the composition order, as text.
        factor: batches are so many times larger, and each counts so many evaluations.
    """

    update: Callable[..., Any] = sgd
    order: str = "forward"
    factor: int = 1

    def path_cost(self, checkpoints: Iterable[int]) -> int:
        """Evaluations for the models at all checkpoints of one run; checkpoints are in evaluations as well."""
        return self.factor * plan(self.order, self.steps(checkpoints)).cost

    def steps(self, checkpoints: Iterable[int]) -> list[int]:
        """The steps at which so many evaluations are spent.

        Raises:
            ValueError: a checkpoint at which a larger batch is not finished.
        """
        wrong = [n for n in checkpoints if n % self.factor]
        if wrong:
            raise ValueError(f"checkpoints: got {wrong[0]}, but a batch costs {self.factor} evaluations")
        return [n // self.factor for n in checkpoints]


def methods(budget: int) -> dict[str, Method]:
    """Those of the course, by name; runs are planned for `budget` evaluations, a multiple of 50.

    Each is given the setting's learning rate h as it is; that of decay falls from h to 0.
    """
    return {
        "forward": Method(),
        "backward": Method(order="backward"),
        "window": Method(order=f"backward-window:{budget // 50}"),
        "blocks": Method(order=f"backward-blocks:{budget // 10}"),
        "Lookahead": Method(lambda loss, lr: comparators.lookahead(sgd(loss, lr), 5, 0.8)),
        "5x batches": Method(factor=5),
        "SWA": Method(lambda loss, lr: comparators.swa(sgd(loss, lr), budget // 2)),
        "LAWA": Method(lambda loss, lr: comparators.lawa(sgd(loss, lr), 10, budget // 50)),
        "EMA": Method(lambda loss, lr: comparators.ema(sgd(loss, lr), 0.98)),
        "schedule-free": Method(comparators.schedule_free),
        "decay": Method(lambda loss, lr: comparators.decayed_sgd(loss, lr, budget)),
    }


def compare(
    setting: Setting,
    chosen: Mapping[str, Method],
    seeds: Sequence[int],
    budget: int,
    checkpoints: Sequence[int],
    rates: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Run every method with every seed at every rate, and look at its model at the same numbers of evaluations.

    Args:
        setting: such as `digits()`.
        chosen: name -> method, such as `methods(budget)`.
        seeds: of parameters and batches; all methods and rates see the same, so that runs are paired by seed.
        budget: evaluations that ONE model may cost at most.
        checkpoints: numbers of evaluations, ascending, none above the budget.
        rates: learning rates, the same grid for all methods; default: the setting's own.

    Returns:
        A tidy frame with the columns method, lr, seed, evaluations (of the one model), metric and value; the value is
        NaN where a run is not finite.

    Raises:
        ValueError: a checkpoint outside 1 … budget, one that is no multiple of a method's batch factor, or no method,
            seed or rate.

    A model of backward-SGD costs as many evaluations as one of forward; its path costs more (`Method.path_cost`). A
    method of your own is a `Method`, and a setting of your own a `Setting`: a loss, a start, batches and metrics.

    >>> own = {"forward": Method(), "last 10 backward": Method(order="backward-window:10")}
    >>> frame = compare(coins(), own, seeds=range(4), budget=60, checkpoints=[40, 60], rates=[0.1, 0.2])
    >>> list(frame.columns), len(frame)
    (['method', 'lr', 'seed', 'evaluations', 'metric', 'value'], 32)
    >>> last = frame[(frame.evaluations == 60) & (frame.lr == 0.1)]
    >>> last.groupby("method").value.mean().round(3).to_dict()
    {'forward': 0.508, 'last 10 backward': 0.523}
    >>> {name: method.path_cost([40, 60]) for name, method in own.items()}
    {'forward': 60, 'last 10 backward': 70}
    """
    import pandas as pd

    for name, given in (("chosen", chosen), ("seeds", seeds), ("rates", [setting.lr] if rates is None else rates)):
        if not len(given):
            raise ValueError(f"{name}: got none, but at least one is needed")

    looks = list(checkpoints)
    if not looks or min(looks) < 1 or max(looks) > budget:
        raise ValueError(f"checkpoints: got {looks}, but they must be 1 to {budget} evaluations, the budget")
    axes, parts = ["method", "lr", "evaluations", "seed", "metric"], []
    for lr in [setting.lr] if rates is None else rates:
        for name, method in chosen.items():
            for metric, values in _values(replace(setting, lr=lr), method, seeds, method.steps(looks)).items():
                index = pd.MultiIndex.from_product([[name], [lr], looks, seeds, [metric]], names=axes)
                parts.append(pd.DataFrame({"value": values.ravel()}, index).reset_index()[COLUMNS])
    return pd.concat(parts, ignore_index=True)


def _values(setting: Setting, method: Method, seeds: Sequence[int], steps: list[int]) -> dict[str, np.ndarray]:
    """Metric -> (steps, seeds)."""
    update = method.update(setting.loss, setting.lr)
    metrics = {name: _of_params(metric, update) for name, metric in setting.metrics.items()}
    given = [setting.batches(seed, max(steps), method.factor) for seed in seeds]
    starts = [update.init(setting.start(seed)) for seed in seeds]
    options: dict[str, Any] = {"metrics": metrics, "engine": "wavefront", "progress": False, "on_diverge": "mark"}
    if fused_step(update):  # the hand-written step takes one seed at a time, and is faster nevertheless
        runs = [_alone(update, start, each, method.order, steps, options)
                for start, each in zip(starts, given, strict=True)]  # fmt: skip
        return {name: np.stack([each[name] for each in runs], axis=1) for name in metrics}
    together = torch.stack(given) if isinstance(given[0], torch.Tensor) else given
    return run_seeds(update, starts, together, method.order, steps, keep_states=False, **options).metrics


def _alone(
    update: Any, start: Tree, batches: Any, order: str, steps: list[int], options: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Metric -> (steps,); NaN if none of the states is finite."""
    try:
        return dict(run(update, start, batches, order, steps, record=_nothing, **options).metrics)
    except DivergedError:
        return {name: np.full(len(steps), np.nan) for name in options["metrics"]}


def _nothing(state: Tree) -> Tree:
    return torch.zeros(())


def _of_params(metric: Callable[[Tree], torch.Tensor], update: Any) -> Callable[[Tree], torch.Tensor]:
    return lambda state: metric(update.params(state))
