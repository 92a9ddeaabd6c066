"""A copy of a module with its criterion, and everything of it that a loss or an update must not lose."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from revorder.pytrees import Named, Tree, clone
from revorder.showing import Facts
from revorder.updates import asked
from revorder.updates.leaves import Originals
from revorder.updates.randomness import Draws
from revorder.updates.slopes import Then, itself

Criterion = Callable[..., torch.Tensor]
Forward = Callable[[torch.nn.Module, Any], torch.Tensor]
Hooks = dict[str, list[Callable[..., Any]]]  # parameter -> hooks


class Held(torch.nn.Module):
    """A module's copy beside its criterion: `held(batch)` is the loss of a batch.

    Names are the module's own; those of a criterion's parameters and buffers begin with "criterion.".

    Attributes:
        names: name -> name inside this module, of all parameters and buffers.
        alone: whether all of them are the model's, whose output a criterion takes.
        trained: names of the parameters that require gradients.
        frozen: names of the other parameters.
        first: name -> the buffer that the module began with: forward travel may bind another one to its name.
        hooks, late_hooks: of the parameters and of their accumulated gradients; copying a module drops them.
        draws: its random numbers.
    """

    def __init__(self, model: torch.nn.Module, criterion: Criterion | None, forward: Forward | None, draws: Draws):
        super().__init__()
        asked.check(model, criterion, forward)
        self.model, self.criterion, given = _copies(model, criterion)
        self.originals = Originals(given.values())
        self.how, self.draws, self.training = forward, draws, model.training
        owned, buffers = dict(self.named_parameters()), dict(self.named_buffers())
        self.names = {name.removeprefix("model."): name for name in [*owned, *buffers]}
        if len(self.names) < len(owned) + len(buffers):
            raise ValueError("model: it has a part named 'criterion', as the criterion has; give it another name")
        self.alone = forward is None and all(name.startswith("model.") for name in self.names.values())
        self.trained = [name for name, inside in self.names.items() if inside in owned and owned[inside].requires_grad]
        if not self.trained:
            raise ValueError("model: no parameter requires a gradient, so that there is nothing to train")
        self.frozen = [name for name, inside in self.names.items() if inside in owned and name not in self.trained]
        self.first = {name: buffers[inside] for name, inside in self.names.items() if inside in buffers}
        self.hooks: Hooks = {name: _hooks(given[self.names[name]], "_backward_hooks") for name in self.trained}
        self.late_hooks: Hooks = {
            name: _hooks(given[self.names[name]], "_post_accumulate_grad_hooks") for name in self.trained
        }

    def facts(self) -> Facts:
        """What to show of it."""
        count = sum(param.numel() for param in self.tensors(self.trained).values())
        return {
            "model": type(self.model).__name__,
            "criterion": self.criterion,
            "forward": self.how,
            "trained": f"{count:,} numbers in {len(self.trained)} tensors",
            "frozen": len(self.frozen) or None,
            "buffers": len(self.first) or None,
        }

    def forward(self, batch: Tree, then: Then = itself) -> Any:
        if self.how is not None:
            return then(self.how(self.model, batch))
        inputs, targets = asked.pair(batch)
        assert self.criterion is not None  # `check` sees to it
        return then(self.criterion(self.model(inputs), targets))

    def tensors(self, names: list[str] | None = None) -> dict[str, torch.Tensor]:
        """The module's own parameters and buffers, by name (default: all)."""
        inside = dict(self.named_parameters()) | dict(self.named_buffers())
        return {name: inside[self.names[name]] for name in (self.names if names is None else names)}

    @property
    def param_names(self) -> list[str]:
        """Names of all parameters, in the module's order."""
        return [name for name in self.names if name not in self.first]

    def put(self, tensors: Named) -> None:
        """Write values into the module's parameters and buffers."""
        for name, buffer in self.first.items():
            owner, _, own_name = self.names[name].rpartition(".")
            self.get_submodule(owner)._buffers[own_name] = buffer
        own = self.tensors()
        with torch.no_grad():
            for name, value in tensors.items():
                own[name].copy_(value)
                own[name].grad = None

    def start(self, params: Named, buffers: Named | None, own: Named) -> tuple[Named, Named]:
        """What a start state holds: the trained parameters; the buffers, and the frozen parameters that were given.

        `own` are the module's tensors as they were given.

        Raises:
            ValueError: a name that is unknown or missing, another shape, or params of another module without buffers.
        """
        asked.check_names("params", params, {name: own[name] for name in self.param_names}, self.trained)
        here = {name: own[name] for name in self.first}
        if buffers is None and here and not asked.same(params, own):
            raise ValueError(
                f"buffers: the module has buffers ({', '.join(here)}), and these params are not its own: say which "
                "buffers they start with, as in update.init(params, dict(other_model.named_buffers())), or "
                "update.init(params, loss.buffers) for the module's own"
            )
        asked.check_names("buffers", buffers or {}, here, [])
        given = {name: params[name] for name in self.frozen if name in params}
        return clone({name: params[name] for name in self.trained}), clone(here | (buffers or {}) | given)

    def hooked(self, gradients: Named) -> Named:
        """What the parameters' hooks make of their gradients."""
        for name, hooks in self.hooks.items():
            for hook in hooks:
                changed = hook(gradients[name])
                gradients = gradients if changed is None else {**gradients, name: changed}
        return gradients

    @contextmanager
    def with_hooks(self) -> Iterator[None]:
        """A block in which the parameters themselves have their hooks: a copy of this module has lost them, too."""
        own = self.tensors(self.trained)
        handles = [own[name].register_hook(hook) for name, hooks in self.hooks.items() for hook in hooks]
        late = [(own[name], hook) for name, hooks in self.late_hooks.items() for hook in hooks]
        handles += [param.register_post_accumulate_grad_hook(hook) for param, hook in late]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def refuse_what_torch_func_skips(self) -> None:
        """Raise ValueError for hooks that only `Tensor.backward` carries out."""
        found = [f"parameter {name!r} has hooks on its accumulated gradient" for name, hooks in self.late_hooks.items()
                 if hooks]  # fmt: skip
        for name, module in self.model.named_modules():
            if module._backward_hooks or module._backward_pre_hooks:
                found.append(f"module {name or type(module).__name__!r} has backward hooks")
        if found:
            raise ValueError(f"model: {found[0]}, which torch.func does not carry out; use torch_update, which does")


def _copies(model: torch.nn.Module, criterion: Any) -> tuple[torch.nn.Module, Any, dict[str, torch.nn.Parameter]]:
    """Copies in the mode, train or eval, that they are in; and the parameters that were given, by name.

    A criterion with parameters is copied along with the model, since they may share some; another one stays the user's.
    """
    given = {f"model.{name}": param for name, param in model.named_parameters()}
    both = isinstance(criterion, torch.nn.Module) and any(True for _ in criterion.parameters())
    if both:
        given |= {f"criterion.{name}": param for name, param in criterion.named_parameters()}
    try:
        copied = copy.deepcopy((model, criterion if both else None))
    except Exception as error:
        raise ValueError(
            f"model: it cannot be copied by copy.deepcopy ({str(error).splitlines()[0]}); {asked.uncopied(model)}"
        ) from error
    return copied[0], copied[1] if both else criterion, given


def _hooks(param: torch.nn.Parameter, kind: str) -> list[Callable[..., Any]]:
    return list((getattr(param, kind, None) or {}).values())
