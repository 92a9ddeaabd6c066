"""Updates by torch's own optimizers: one step of the usual training loop, with all memory in the state."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from revorder.pytrees import Key, Named, State, Tree, clone
from revorder.updates.held import Criterion, Forward, Held
from revorder.updates.randomness import Draws

MakeOptimizer = Callable[..., torch.optim.Optimizer]


class TorchUpdate:
    """An update by a torch optimizer; see `torch_update`."""

    replay_only = True  # optimizers write into their module: one state at a time

    def __init__(self, held: Held, make_optimizer: MakeOptimizer):
        self.held, self.make_optimizer = held, make_optimizer
        self.seed = held.draws.seed

    @property
    def keyless(self) -> bool:
        """Whether nothing is random, as far as it was tried."""
        return not self.held.draws.stochastic

    def init(self, params: Named | None = None, buffers: Named | None = None) -> State:
        """The start state for `params` by name (default: the module's own); buffers as for `ro.sgd`."""
        own = self.held.tensors([*self.held.trained, *self.held.frozen])
        _, start = self.held.start(own | (params or {}), buffers)
        return {
            "params": clone(own | (params or {})),
            "buffers": {name: start[name] for name in self.held.first},
            "optimizer": {},
        }

    def params(self, state: State) -> Named:
        """The parameters inside a state, by name."""
        params: Named = state["params"]
        return params

    def buffers(self, state: State) -> Named:
        """The buffers inside a state, by name."""
        buffers: Named = state["buffers"]
        return buffers

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        with self.held.draws.keyed(key):  # the module's parameters are nobody else's until they are read again
            self.held.put(state["params"] | state["buffers"])
            optimizer = self._optimizer()
            fresh = [_options(group) for group in optimizer.param_groups]
            _remind(optimizer, state["optimizer"])
            self._step(optimizer, batch)
            return self._state(state, _memory(optimizer, fresh, state["optimizer"]))

    def own_loop(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> State:
        """The state after some batches if ONE optimizer takes all the steps, as in the usual training loop."""
        with self.held.draws.keyed(keys[0]):
            self.held.put(state["params"] | state["buffers"])
            optimizer = self._optimizer()
            _remind(optimizer, state["optimizer"])
        for batch, key in zip(batches, keys, strict=True):
            with self.held.draws.keyed(key):
                self._step(optimizer, batch)
        return self._state(state, {})

    def _optimizer(self) -> torch.optim.Optimizer:
        """A new optimizer of the module's copy. ValueError: it holds other parameters, or a scheduler changes it."""
        own = self.held.tensors([*self.held.trained, *self.held.frozen])
        asks = inspect.signature(self.make_optimizer).parameters
        named = {"named_parameters": list(own.items())} if "named_parameters" in asks else {}
        optimizer = self.make_optimizer(*[list(own.values())] * (len(asks) > len(named)), **named)
        known = {id(param) for param in own.values()}
        if any(id(param) not in known for group in optimizer.param_groups for param in group["params"]):
            raise ValueError(
                "make_optimizer: the optimizer holds parameters of another module than the copy that is trained; make "
                "it of its argument, as in lambda parameters: torch.optim.SGD(parameters, lr=0.1)"
            )
        if any("initial_lr" in group for group in optimizer.param_groups):
            raise ValueError(
                "make_optimizer: a scheduler changes the optimizer's learning rate, but it counts steps outside of the "
                "state; take a constant rate, or ro.comparators.decayed_sgd"
            )
        return optimizer

    def _step(self, optimizer: torch.optim.Optimizer, batch: Tree) -> None:
        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss: torch.Tensor = self.held(batch)
            loss.backward()
            return loss

        with torch.enable_grad(), self.held.with_hooks():
            optimizer.step(closure)  # type: ignore[arg-type]  # a tensor, by torch's documentation; its types say float

    def _state(self, before: State, memory: dict[Any, Any]) -> State:
        """The module's tensors as a state; buffers that forward travel bound anew are the module's by now."""
        own = self.held.tensors()
        params, buffers = ({name: own[name] for name in before[part]} for part in ("params", "buffers"))
        return {"params": clone(params), "buffers": clone(buffers), "optimizer": memory}


def _options(group: dict[str, Any]) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in group.items() if name not in ("params", "param_names")}


def _owners(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [param for group in optimizer.param_groups for param in group["params"]]


def _remind(optimizer: torch.optim.Optimizer, memory: dict[Any, Any]) -> None:
    """Give a new optimizer what the state remembers."""
    owners = _owners(optimizer)
    for name, value in memory.items():
        if name == "groups":
            for group, changed in zip(optimizer.param_groups, value, strict=True):
                group.update(copy.deepcopy(changed))
        else:
            optimizer.state[owners[name] if isinstance(name, int) else name] = copy.deepcopy(value)


def _memory(optimizer: torch.optim.Optimizer, fresh: list[dict[str, Any]], before: dict[Any, Any]) -> dict[Any, Any]:
    """What the optimizer remembers: of each parameter, under names of its own, and in its groups' changed options."""
    number = {id(param): i for i, param in enumerate(_owners(optimizer))}
    memory: dict[Any, Any] = {}
    for owner, value in optimizer.state.items():
        kept = _remembered(value)
        if not (isinstance(kept, dict) and not kept):
            memory[number.get(id(owner), owner)] = kept
    known = before.get("groups", [{}] * len(fresh))
    changed = [
        {name: value for name, value in _options(group).items() if name in old or _differ(value, first.get(name))}
        for group, first, old in zip(optimizer.param_groups, fresh, known, strict=True)
    ]
    return memory | {"groups": changed} if any(changed) else memory


def _remembered(memory: Any) -> Any:
    """A copy of what an optimizer remembers of one parameter; entries that hold nothing are left out."""
    if not isinstance(memory, dict):
        return copy.deepcopy(memory)
    return {name: copy.deepcopy(value) for name, value in memory.items() if value is not None}


def _differ(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return not torch.equal(a, b)
    return bool(a != b)


def torch_update(
    model: torch.nn.Module,
    criterion: Criterion | None = None,
    make_optimizer: MakeOptimizer | None = None,
    seed: int = 0,
    *,
    forward: Forward | None = None,
) -> TorchUpdate:
    """An update by any optimizer of `torch.optim`, for the replay engine only.

    Args:
        model, criterion, seed, forward: as for `module_loss`.
        make_optimizer: `make_optimizer(parameters) -> optimizer` for a list of parameters, such as
            `lambda parameters: torch.optim.RMSprop(parameters, lr=0.01)`; or with a parameter `named_parameters`, for
            a list of pairs (name, parameter). It is called in every step; what the optimizer remembers, of its
            parameters and in its groups, travels in the state's "optimizer" entry.

    Returns:
        `update(state, batch, key=None) -> state`, with `init(params)`, `params(state)` and `buffers(state)`. Memory
        that grows with the steps (L-BFGS) cannot be stacked: pass `record=update.params` to `run` then.

    Raises:
        TypeError: not a module, no optimizer.
        ValueError: from a step, an optimizer of other parameters or with a scheduler.

    >>> adagrad = lambda parameters: torch.optim.Adagrad(parameters, lr=0.1)
    >>> update = torch_update(torch.nn.Linear(1, 1), torch.nn.functional.mse_loss, adagrad)
    >>> sorted(update(update.init(), (torch.ones(4, 1), torch.zeros(4, 1))))
    ['buffers', 'optimizer', 'params']
    """
    if not callable(make_optimizer):
        raise TypeError(f"make_optimizer: got {make_optimizer!r}, but it must be a function of a list of parameters")
    return TorchUpdate(Held(model, criterion, forward, Draws(seed, None)), make_optimizer)
