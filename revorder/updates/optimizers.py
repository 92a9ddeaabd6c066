"""Updates by torch's own optimizers: one step of the usual training loop, with all memory in the state."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from revorder.pytrees import Key, Named, State, Tree, clone
from revorder.showing import LINE, Facts, Shown, cut
from revorder.updates import memory
from revorder.updates.held import Criterion, Forward, Held
from revorder.updates.randomness import TURN, Draws

MakeOptimizer = Callable[..., torch.optim.Optimizer]


class TorchUpdate(Shown):
    """An update by a torch optimizer; see `torch_update`."""

    replay_only = True  # optimizers write into their module: one state at a time

    def __init__(self, held: Held, make_optimizer: MakeOptimizer):
        self.held, self.make_optimizer = held, make_optimizer
        self.seed, self.own = held.draws.seed, clone(held.tensors())

    def _facts(self) -> Facts:
        return {**self.held.facts(), "optimizer": self.make_optimizer}

    @property
    def keyless(self) -> bool:
        """Whether nothing is random, as far as it was tried."""
        return not self.held.draws.stochastic

    def init(self, params: Named | None = None, buffers: Named | None = None) -> State:
        """The start state for `params` by name (default: the module's own); buffers as for `ro.sgd`."""
        given = {name: self.own[name] for name in self.held.param_names} | (params or {})
        _, start = self.held.start(given, buffers, self.own)
        return {
            "params": clone(given),
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
            fresh = [memory.options(group) for group in optimizer.param_groups]
            memory.remind(optimizer, state["optimizer"])
            self._step(optimizer, batch)
            return self._state(state, memory.kept(optimizer, fresh, state["optimizer"]))

    @property
    def examined(self) -> int:
        """On how many batches `examine` looks: more, if an own class or hooks could remember something."""
        optimizer = self._optimizer()
        hooks = [*optimizer._optimizer_step_pre_hooks, *optimizer._optimizer_step_post_hooks]
        return 50 if hooks or not type(optimizer).__module__.startswith("torch.optim.") else 5

    def examine(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> None:
        """Raise ValueError unless some steps lead where ONE optimizer leads that takes all of them."""
        loop, own = self._loop(state, batches, keys), state
        for batch, key in zip(batches, keys, strict=True):
            own = self(own, batch, key)
        if any(
            memory.differ(own[part][name], loop[part][name]) for part in ("params", "buffers") for name in own[part]
        ):
            raise ValueError(
                "make_optimizer: an optimizer that is made anew in every step, with its memory from the state, leads "
                "elsewhere than one that takes all the steps: it remembers something outside of optimizer.state and "
                "param_groups, or a hook or the factory does"
            )

    def _loop(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> State:
        """The state after some batches if ONE optimizer takes all the steps, as in the usual training loop."""
        with TURN:  # nobody else may have the module between two steps
            with self.held.draws.keyed(keys[0]):
                self.held.put(state["params"] | state["buffers"])
                optimizer = self._optimizer()
                memory.remind(optimizer, state["optimizer"])
            for batch, key in zip(batches, keys, strict=True):
                with self.held.draws.keyed(key):
                    self._step(optimizer, batch)
            return self._state(state, {})

    def _optimizer(self) -> torch.optim.Optimizer:
        """A new optimizer of the module's copy. ValueError: it holds other parameters, or a scheduler changes it."""
        own = self.held.tensors(self.held.param_names)
        asks = inspect.signature(self.make_optimizer).parameters
        named = {"named_parameters": list(own.items())} if "named_parameters" in asks else {}
        optimizer = self.make_optimizer(*[list(own.values())] * (len(asks) > len(named)), **named)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(
                f"make_optimizer: it returned {cut(repr(optimizer), LINE)}, but it must return a torch.optim.Optimizer"
            )
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

        before = memory.attributes(optimizer)
        with torch.enable_grad(), self.held.with_hooks():
            _step_of(optimizer, closure)
        changed = [
            name for name, value in memory.attributes(optimizer).items() if memory.differ(before.get(name), value)
        ]
        if changed:
            raise ValueError(
                f"make_optimizer: a step changes the optimizer's attribute {changed[0]!r}, which the state lacks; "
                "keep it in optimizer.state or param_groups"
            )

    def _state(self, before: State, remembered: dict[Any, Any]) -> State:
        """The module's tensors as a state; buffers that forward travel bound anew are the module's by now."""
        own = self.held.tensors()
        params, buffers = ({name: own[name] for name in before[part]} for part in ("params", "buffers"))
        return {"params": clone(params), "buffers": clone(buffers), "optimizer": remembered}


def _step_of(optimizer: torch.optim.Optimizer, closure: Callable[[], torch.Tensor]) -> None:
    """The gradient, then the step, as in the usual loop; a closure for those that ask for one (L-BFGS, SAM)."""
    takes = inspect.signature(optimizer.step).parameters
    if "closure" in takes and takes["closure"].default is inspect.Parameter.empty:
        optimizer.step(closure)  # type: ignore[arg-type]
        return
    closure()
    try:
        optimizer.step()
    except (AssertionError, TypeError):
        if "closure" not in takes:
            raise
        optimizer.step(closure)  # type: ignore[arg-type]


def torch_update(
    model: torch.nn.Module,
    criterion: Criterion | None = None,
    make_optimizer: MakeOptimizer | None = None,
    seed: int = 0,
    *,
    forward: Forward | None = None,
    stochastic: bool | None = None,
) -> TorchUpdate:
    """An update by any optimizer of `torch.optim`, for the replay engine only.

    Args:
        model, criterion, seed, forward, stochastic: as for `module_loss`.
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
        raise TypeError(
            f"make_optimizer: got {cut(repr(make_optimizer), LINE)}, but it must be a function of a list of parameters"
        )
    return TorchUpdate(Held(model, criterion, forward, Draws(seed, stochastic)), make_optimizer)
