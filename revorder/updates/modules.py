"""From `torch.nn.Module` to pure functions: losses with their buffers, and updates by any torch optimizer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

import torch

from revorder.pytrees import Key, Named, State, Tree, clone
from revorder.updates.randomness import seeded

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class ModuleLoss:
    """The loss of a module as a function of its parameters; see `module_loss`.

    Attributes:
        buffers: the module's buffers by name, as they were given.
        stochastic: whether the module may draw random numbers.
    """

    def __init__(self, model: torch.nn.Module, criterion: Criterion, seed: int = 0):
        self.model = copy.deepcopy(model)  # its mode, train or eval, stays as it was given
        self.criterion = criterion
        self.seed = seed
        self.buffers = clone(dict(model.named_buffers()))
        self.stochastic = may_draw(model)

    def __call__(self, params: Named, batch: Tree) -> torch.Tensor:
        return self.with_buffers(params, self.buffers, batch)[0]

    def with_buffers(self, params: Named, buffers: Named, batch: Tree, key: Key = None) -> tuple[torch.Tensor, Named]:
        """The loss on a batch (inputs, targets), and the buffers after the forward pass; the arguments are kept.

        What the module draws at random (dropout) is drawn from the loss's seed and `key`.
        """
        inputs, targets = batch
        buffers = {name: buffer.clone() for name, buffer in buffers.items()}
        with seeded(self.seed, key, inputs.device) if self.stochastic else nullcontext():
            output = torch.func.functional_call(self.model, {**params, **buffers}, (inputs,))
        return self.criterion(output, targets), buffers


# modules of torch.nn that draw random numbers, or may, depending on their options
DRAWING = ("Dropout", "AlphaDropout", "RReLU", "FractionalMaxPool", "Attention", "Transformer", "RNN", "LSTM", "GRU")


def may_draw(model: torch.nn.Module) -> bool:
    """Whether a module may draw random numbers: not if it is built of torch's own layers, and ours, that never do."""
    kinds = {type(module) for module in model.modules()}
    known = all(kind.__module__.startswith(("torch.nn.modules.", "revorder.models.resnets")) for kind in kinds)
    return not known or any(name in kind.__name__ for kind in kinds for name in DRAWING)


def module_loss(model: torch.nn.Module, criterion: Criterion, seed: int = 0) -> tuple[ModuleLoss, Named]:
    """Turn a module into a pure loss and its parameters.

    Args:
        model: any module with one input; it is copied, in the mode (train or eval) it is in.
        criterion: `criterion(output, targets) -> scalar`, such as `torch.nn.functional.cross_entropy`.
        seed: of dropout and whatever else the module draws.

    Returns:
        loss: `loss(params, batch) -> scalar` for a batch (inputs, targets). It also has
            `loss.with_buffers(params, buffers, batch, key) -> (scalar, new buffers)`, which updates use, so that
            BatchNorm statistics travel in the state.
        params: a copy of the parameters that require gradients, by name. Frozen ones stay inside the loss.

    >>> loss, params = module_loss(torch.nn.Linear(2, 1), torch.nn.functional.mse_loss)
    >>> sorted(params), loss(params, (torch.zeros(4, 2), torch.zeros(4, 1))).shape
    (['bias', 'weight'], torch.Size([]))
    """
    _check_module(model)
    trained = {name: param for name, param in model.named_parameters() if param.requires_grad}
    return ModuleLoss(model, criterion, seed), clone(trained)


class TorchUpdate:
    """An update by a torch optimizer; see `torch_update`."""

    replay_only = True  # optimizers write into their module: one state at a time

    def __init__(
        self,
        model: torch.nn.Module,
        criterion: Criterion,
        make_optimizer: Callable[[Iterable[torch.nn.Parameter]], torch.optim.Optimizer],
        seed: int = 0,
    ):
        self.model = copy.deepcopy(model)
        self.criterion = criterion
        self.make_optimizer = make_optimizer
        self.seed = seed

    def init(self, params: Named | None = None) -> State:
        """The start state for `params` by name (default: the module's own)."""
        own, given = dict(self.model.named_parameters()), params or {}
        if given.keys() - own.keys():
            raise ValueError(f"params: got {sorted(given)}, but the module's parameters are {sorted(own)}")
        return {"params": clone(own | given), "buffers": clone(dict(self.model.named_buffers())), "optimizer": {}}

    def params(self, state: State) -> Named:
        """The parameters inside a state, by name."""
        params: Named = state["params"]
        return params

    def buffers(self, state: State) -> Named:
        """The buffers inside a state, by name."""
        buffers: Named = state["buffers"]
        return buffers

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        model, (inputs, targets) = self.model, batch
        held = dict(model.named_parameters()) | dict(model.named_buffers())
        with torch.no_grad():
            for name, value in (state["params"] | state["buffers"]).items():
                held[name].copy_(value)
        optimizer = self.make_optimizer(model.parameters())
        owners = [param for group in optimizer.param_groups for param in group["params"]]
        for i, memory in state["optimizer"].items():
            optimizer.state[owners[i]] = copy.deepcopy(memory)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = self.criterion(model(inputs), targets)
            loss.backward()
            return loss

        with seeded(self.seed, key, inputs.device), torch.enable_grad():
            optimizer.step(closure)  # type: ignore[arg-type]  # a tensor, by torch's documentation; its types say float
        params, buffers = clone(dict(model.named_parameters())), clone(dict(model.named_buffers()))
        memory = {i: _remembered(optimizer.state[param]) for i, param in enumerate(owners) if optimizer.state[param]}
        return {"params": params, "buffers": buffers, "optimizer": memory}


def _remembered(memory: dict[str, Any]) -> dict[str, Any]:
    """A copy of what an optimizer remembers of one parameter; entries that hold nothing are left out."""
    return {name: copy.deepcopy(value) for name, value in memory.items() if value is not None}


def torch_update(
    model: torch.nn.Module,
    criterion: Criterion,
    make_optimizer: Callable[[Iterable[torch.nn.Parameter]], torch.optim.Optimizer],
    seed: int = 0,
) -> TorchUpdate:
    """An update by any optimizer of `torch.optim`, for the replay engine only.

    Args:
        model, criterion, seed: as for `module_loss`.
        make_optimizer: `make_optimizer(parameters) -> optimizer`, such as
            `lambda parameters: torch.optim.RMSprop(parameters, lr=0.01)`. It is called in every step; what the
            optimizer remembers travels in the state's "optimizer" entry.

    Returns:
        `update(state, batch, key=None) -> state`, with `init(params)`, `params(state)` and `buffers(state)`. Memory
        that grows with the steps (L-BFGS) cannot be stacked: pass `record=update.params` to `run` then.

    >>> adagrad = lambda parameters: torch.optim.Adagrad(parameters, lr=0.1)
    >>> update = torch_update(torch.nn.Linear(1, 1), torch.nn.functional.mse_loss, adagrad)
    >>> sorted(update(update.init(), (torch.ones(4, 1), torch.zeros(4, 1))))
    ['buffers', 'optimizer', 'params']
    """
    _check_module(model)
    return TorchUpdate(model, criterion, make_optimizer, seed)


def _check_module(model: torch.nn.Module) -> None:
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model: got {model!r}, but it must be a torch.nn.Module")
    for name, param in model.named_parameters():
        if not param.is_floating_point():
            raise TypeError(f"model: parameter {name!r} is {param.dtype}, but gradients need floating point")
