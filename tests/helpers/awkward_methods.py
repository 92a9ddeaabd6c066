"""Optimizers: what revorder is given, and the plain torch optimizer that the oracle makes once for a whole word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import optim
from torch.nn.utils import clip_grad_norm_

import revorder as ro


@dataclass(frozen=True)
class Method:
    """One of `descent` (with the optimizer that it equals), or only `make`, for `torch_update`."""

    make: Callable[..., Any]
    descent: Callable[[Any], Any] | None = None
    closure: bool = False  # whether the optimizer evaluates the loss itself

    def plain(self, named: list[tuple[str, torch.nn.Parameter]]) -> Any:
        if "named_parameters" in self.make.__code__.co_varnames:
            return self.make(named_parameters=named)
        return self.make([parameter for _, parameter in named])


def descent(ours, theirs, ours_only=(), **options):
    return Method(lambda params: theirs(params, **options), lambda loss: ours(loss, **options, **dict(ours_only)))


def by_torch(kind, **options):
    return Method(lambda params: kind(params, **options))


class Counting(optim.Optimizer):
    """Steps of lr/k, with k kept in the group, in an attribute, or in the state under a name."""

    def __init__(self, params, where, lr=0.1):
        super().__init__(params, {"lr": lr, "k": 0})
        self.where, self.k = where, 0

    def count(self, group):
        if self.where == "group":
            group["k"] += 1
            return group["k"]
        if self.where == "attribute":
            self.k += 1
            return self.k
        self.state["all"]["k"] = self.state["all"].get("k", 0) + 1
        return self.state["all"]["k"]

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            k = self.count(group)
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] / k * p.grad)
        return loss


def grouped(params):
    matrices, vectors = [p for p in params if p.ndim > 1], [p for p in params if p.ndim < 2]
    return optim.SGD([{"params": matrices, "weight_decay": 0.1, "momentum": 0.5}, {"params": vectors}], lr=0.05)


def grouped_by_place(params):
    params = list(params)
    return optim.Adam([{"params": params[:1], "lr": 0.003}, {"params": params[1:]}], lr=0.01)


def grouped_by_name(named_parameters):
    named = list(named_parameters)
    rest = [p for name, p in named if not name.endswith("bias")]
    biases = {"params": [p for name, p in named if name.endswith("bias")], "lr": 0.01}
    return optim.SGD([{"params": rest, "weight_decay": 0.1}, biases], lr=0.05)


def last_only(params):
    return optim.SGD(list(params)[-2:], lr=0.05, momentum=0.5)


def clipped(params):
    optimizer = optim.SGD(params, lr=0.3, momentum=0.5)
    held = [p for group in optimizer.param_groups for p in group["params"]]

    def clip(*_):
        clip_grad_norm_(held, 0.05)

    optimizer.register_step_pre_hook(clip)
    return optimizer


def shrunk(params):
    """What a hook does to the parameters after every step."""
    optimizer = optim.SGD(params, lr=0.1)

    def shrink(optimizer, *_):
        with torch.no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.clamp_(-0.3, 0.3)

    optimizer.register_step_post_hook(shrink)
    return optimizer


def scheduled(params):
    optimizer = optim.SGD(params, lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    optimizer.register_step_post_hook(lambda *_: scheduler.step())
    return optimizer


def warmed_up(params):
    """A schedule that is made here, and so lowers the first learning rate, but that nobody steps."""
    optimizer = optim.SGD(params, lr=0.1)
    optim.lr_scheduler.LinearLR(optimizer, 0.25)
    return optimizer


def counting(where):
    return Method(lambda params: Counting(params, where))


METHODS = {
    "sgd": descent(ro.sgd, optim.SGD, lr=0.05),
    "sgd, large steps": descent(ro.sgd, optim.SGD, lr=0.3),
    "momentum": descent(ro.sgd, optim.SGD, lr=0.03, momentum=0.8),
    "nesterov, decay": descent(ro.sgd, optim.SGD, lr=0.03, momentum=0.8, nesterov=True, weight_decay=0.1),
    "decay": descent(ro.sgd, optim.SGD, lr=0.05, weight_decay=0.1),
    "adam": descent(ro.adam, optim.Adam, lr=0.01),
    "adam, decay": descent(ro.adam, optim.Adam, lr=0.01, weight_decay=0.1),
    "adamw": descent(ro.adam, optim.AdamW, {"decoupled": True}, lr=0.01, weight_decay=0.1),
    "torch SGD": by_torch(optim.SGD, lr=0.03, momentum=0.8, dampening=0.3, weight_decay=0.1),
    "torch Adam": by_torch(optim.Adam, lr=0.01, amsgrad=True),
    "torch AdamW": by_torch(optim.AdamW, lr=0.01, foreach=True),
    "torch RMSprop": by_torch(optim.RMSprop, lr=0.01, momentum=0.5, centered=True),
    "torch Adagrad": by_torch(optim.Adagrad, lr=0.05, lr_decay=0.1, initial_accumulator_value=0.1),
    "torch NAdam": by_torch(optim.NAdam, lr=0.01),
    "torch ASGD": by_torch(optim.ASGD, lr=0.05, t0=2, lambd=0.1),
    "torch LBFGS": Method(lambda params: optim.LBFGS(params, lr=0.1, max_iter=2, history_size=2), closure=True),
    "groups": Method(grouped),
    "groups by place": Method(grouped_by_place),
    "groups by name": Method(grouped_by_name),
    "only the last layer": Method(last_only),
    "clipped before the step": Method(clipped),
    "clamped after the step": Method(shrunk),
    "scheduler in a hook": Method(scheduled),
    "scheduler that stands still": Method(warmed_up),
    "memory in the group": counting("group"),
    "memory in an attribute": counting("attribute"),
    "memory under a name": counting("name"),
}
DOUBTFUL_METHODS = {
    "torch LBFGS", "clipped before the step", "clamped after the step", "scheduler in a hook",
    "scheduler that stands still", "memory in the group", "memory under a name",
}  # fmt: skip
HIDDEN_METHODS = {"memory in an attribute"}
