"""Updates around another update that remember something of its iterates: averages, snapshots, slow weights.

They are made by the functions of `revorder.updates.comparators`, which say what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from revorder.pytrees import Key, Named, State, Tree, Update, clone, copies, tree_map
from revorder.showing import ShownByFields
from revorder.updates.gradients import step_counter

Average = Callable[[torch.Tensor, torch.Tensor, Any], torch.Tensor]


@dataclass(frozen=True, repr=False)
class Wrapped(ShownByFields):
    """An update around another one. The state holds that one's state, a memory of its iterates, and a count of steps.

    A subclass has only the formula by which a step changes the memory, tensor by tensor.
    """

    update: Update

    def init(self, params: Tree, buffers: Named | None = None) -> State:
        inner = self.update.init(params) if buffers is None else self.update.init(params, buffers)
        return {"inner": inner, "memory": self._memory(self.update.params(inner)), "step": step_counter(params)}

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        inner, step = self.update(state["inner"], batch, key), state["step"] + 1
        memory = tree_map(lambda m, new: self._remember(m, new, step), state["memory"], self.update.params(inner))
        return {"inner": inner, "memory": memory, "step": step}

    def examine(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> None:
        """As the inner update examines itself."""
        examine = getattr(self.update, "examine", None)
        if examine is not None:
            examine(state["inner"], batches, keys)

    def params(self, state: State) -> Tree:
        """What is remembered: an average, or the slow weights."""
        return state["memory"]

    def buffers(self, state: State) -> Named:
        """The inner update's buffers: those of its last iterate, also where params are an average."""
        return self.update.buffers(state["inner"])

    @property
    def keyless(self) -> bool:
        """Whether nothing in the inner update is random."""
        return bool(getattr(self.update, "keyless", True))

    def _memory(self, params: Tree) -> Tree:
        """What is remembered at the start."""
        return clone(params)

    def _remember(self, memory: torch.Tensor, new: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """The memory after step 1, 2, …, whose iterate is `new`."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Averaged(Wrapped):
    """See `ema` and `swa`. During the burn-in, the average is the last iterate."""

    average: Average
    burn_in: int = 0

    def _remember(self, memory: torch.Tensor, new: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        seen = step - 1 - self.burn_in  # iterates in the average; negative during the burn-in
        return torch.where(seen > 0, self.average(memory, new, seen.clamp(min=0)), new)


@dataclass(frozen=True, repr=False)
class Latest(Wrapped):
    """See `lawa`. The memory is a ring of snapshots."""

    count: int
    every: int

    def _memory(self, params: Tree) -> Tree:
        return copies(params, self.count)

    def _remember(self, memory: torch.Tensor, new: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        due, slot = step % self.every == 0, (step // self.every - 1) % self.count
        here = (torch.arange(self.count, device=memory.device) == slot) & due
        return torch.where(here.reshape(-1, *[1] * new.ndim), new, memory)

    def params(self, state: State) -> Tree:
        """The mean of the snapshots in the ring; of the start where there is none yet."""
        kept = (state["step"] // self.every).clamp(1, self.count)

        def mean(ring: torch.Tensor) -> torch.Tensor:
            used = (torch.arange(self.count, device=ring.device) < kept).to(ring.dtype)
            found: torch.Tensor = torch.tensordot(used, ring, dims=1) / kept
            return found

        return tree_map(mean, state["memory"])


@dataclass(frozen=True, repr=False)
class Lookahead(Wrapped):
    """See `lookahead`. The slow weights are the memory."""

    every: int
    alpha: float

    def _remember(self, memory: torch.Tensor, new: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        return torch.where(step % self.every == 0, memory + self.alpha * (new - memory), memory)

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        after = super().__call__(state, batch, key)
        due, inner = after["step"] % self.every == 0, after["inner"]
        fast = tree_map(lambda slow, f: torch.where(due, slow, f), after["memory"], self.update.params(inner))
        if isinstance(inner["params"], dict):
            fast = {name: fast[name] for name in inner["params"]}  # without frozen ones
        return after | {"inner": inner | {"params": fast}}
