"""What one writes without this package: one training run after another, in torch."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from rows import Method, Outcome
from tasks import Task, train

import revorder as ro

T = TypeVar("T")


def optim_loop(task: Task) -> Method:
    """`torch.optim.SGD` on the module, started again for every checkpoint."""
    batches = task.gathered()
    once = again(lambda n: train(task, copy.deepcopy(task.model), batches[:n]))
    return Method("torch.optim loop", once, few=True, shares=False)


def func_loop(task: Task) -> Method:
    """`torch.func.grad` of a pure loss, started again for every checkpoint."""
    batches, start = task.gathered(), {name: p.detach().clone() for name, p in task.model.named_parameters()}

    def loss(params: dict[str, torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return task.criterion(torch.func.functional_call(task.model, params, (inputs,)), targets)

    gradient = torch.func.grad(loss)

    def run(n: int) -> np.ndarray:
        params = start
        for i in range(n - 1, -1, -1):
            slope = gradient(params, *batches[i])
            params = {name: p - task.lr * slope[name] for name, p in params.items()}
        return torch.cat([p.flatten() for p in params.values()]).numpy()

    return Method("torch.func loop", again(run), few=True, shares=False)


def again(run: Callable[[int], np.ndarray]) -> Callable[[Sequence[int]], Outcome]:
    """Train once for every checkpoint."""
    return lambda steps: Outcome(np.stack([run(n) for n in steps]), sum(steps))


def side_by_side(some: Callable[[Sequence[int]], list[T]], steps: Sequence[int], at_once: int) -> list[tuple[int, T]]:
    """Each step with what `some` makes of it, on so many threads; `some` is given several steps at once."""
    shares: list[list[int]] = [[] for _ in range(at_once)]
    for n in sorted(steps, reverse=True):
        min(shares, key=sum).append(n)  # the longest first, each to the thread that has the least to do
    with ThreadPoolExecutor(at_once) as pool:
        made = list(pool.map(some, shares))
    return [pair for share, states in zip(shares, made, strict=True) for pair in zip(share, states, strict=True)]


def engine(name: str, task: Task, engine: object, few: bool = False) -> Method:
    """One of this package's engines, planning and gathering of the batches included."""
    update = task.update()
    start = update.init(dict(task.model.named_parameters()))

    def run(steps: Sequence[int]) -> Outcome:
        made = ro.run(update, start, task.batches, "backward", steps, engine=engine, labels=task.labels, progress=False)
        return Outcome(_numbers(made.states), made.cost, re.sub(r"^\w+: as asked(; )?", "", made.engine))

    return Method(f"revorder: {name}", run, few=few)


def _numbers(states: dict[str, dict[str, torch.Tensor]]) -> np.ndarray:
    leaves = [*states["params"].values(), *(b for b in states["buffers"].values() if b.is_floating_point())]
    return torch.cat([leaf.detach().flatten(1) for leaf in leaves], 1).numpy(force=True)


def seeds(tasks: list[Task]) -> Method:
    """Many seeds in one run; the states of the first and of the last are handed back, side by side."""
    update = tasks[0].update()
    starts = [update.init(dict(task.model.named_parameters())) for task in tasks]
    batches = [task.batches for task in tasks]

    def run(steps: Sequence[int]) -> Outcome:
        made = ro.run_seeds(update, starts, batches, "backward", steps, progress=False)
        leaves = [leaf[:, [0, -1]].flatten(2) for leaf in made.states["params"].values()]
        return Outcome(torch.cat(leaves, 2).flatten(1).numpy(), made.cost, made.engine)

    return Method(f"revorder: run_seeds, {len(tasks)} seeds", run)
