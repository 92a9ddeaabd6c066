"""What an optimizer remembers travels in the state, or is refused; schedulers and hooks."""

from __future__ import annotations

import pytest
import torch
from awkward_methods import scheduled, warmed_up
from test_optimizers import STEPS, apart, equal_to_the_loop, run
from torch import optim
from torch.nn.utils import clip_grad_norm_


class Averaging(optim.Optimizer):
    """Schedule-free SGD in short: an average with weights that a counter gives, kept where `where` says."""

    def __init__(self, params, where, lr=0.3):
        super().__init__(params, {"lr": lr, "k": 0, "weights": 0.0})
        self.where, self.k = where, 0

    def count(self, group):
        if self.where == "groups":
            group["k"] += 1
            group["weights"] += group["k"] ** 0.5
            return group["k"] ** 0.5 / group["weights"]
        if self.where == "attribute":
            self.k += 1
            return 1 / self.k
        memory = self.state["all"]
        memory["k"] = memory.get("k", 0) + 1
        return 1 / memory["k"]

    @torch.no_grad()
    def step(self, closure=None):
        loss = None if closure is None else closure()
        for group in self.param_groups:
            share = self.count(group)
            for p in group["params"]:
                fast = self.state[p].setdefault("fast", p.clone())
                fast.sub_(group["lr"] * p.grad)
                p.lerp_(fast, share)
        return loss


@pytest.mark.parametrize("where", ["groups", "name"])
def test_memory_of_ones_own_optimizer(where):
    make = lambda params: Averaging(params, where)
    assert apart(equal_to_the_loop(make), run(lambda params: optim.SGD(params, lr=0.3)).state(STEPS))


def test_memory_in_an_attribute_is_refused():
    with pytest.raises(ValueError, match="^make_optimizer: a step changes the optimizer's attribute 'k'.*keep it in"):
        run(lambda params: Averaging(params, "attribute"))


class HiddenList(optim.SGD):
    """Remembers in a list that it keeps, which is another one in every optimizer."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)
        self.calls = []

    def step(self, closure=None):
        self.calls.append(1)
        for group in self.param_groups:
            group["lr"] = 0.1 / len(self.calls)
        return super().step(closure)


def test_memory_in_a_list_is_refused():
    with pytest.raises(ValueError, match="^make_optimizer: .*attribute"):
        run(HiddenList)


def test_memory_of_the_factory_is_refused():
    calls = []

    def make(params):
        calls.append(1)
        return optim.SGD(params, lr=0.1 / len(calls))

    with pytest.raises(ValueError, match="^(make_optimizer|update): "):
        run(make)


def multiplied(params):
    optimizer = optim.SGD(params, lr=0.1)
    optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step)
    return optimizer


@pytest.mark.parametrize("make", [scheduled, warmed_up, multiplied])
def test_schedulers_are_refused(make):
    with pytest.raises(ValueError, match="^make_optimizer: a scheduler changes .*decayed_sgd"):
        run(make)


def clipped(params):
    optimizer = optim.SGD(params, lr=0.3, momentum=0.5)

    def clip(optimizer, *_):
        clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 0.05)

    optimizer.register_step_pre_hook(clip)
    return optimizer


def clamped(params):
    optimizer = optim.SGD(params, lr=0.1)

    def clamp(optimizer, *_):
        with torch.no_grad():
            for p in params:
                p.clamp_(-0.3, 0.3)

    optimizer.register_step_post_hook(clamp)
    return optimizer


@pytest.mark.parametrize("make", [clipped, clamped])
def test_hooks_before_and_after_the_step(make):
    assert apart(equal_to_the_loop(make), run(lambda params: optim.SGD(params, lr=0.3, momentum=0.5)).state(STEPS))


def test_a_hook_that_counts_is_refused():
    calls = []

    def make(params):
        optimizer = optim.SGD(params, lr=0.1)

        def shrink(optimizer, *_):
            calls.append(1)
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.grad /= len(calls)

        optimizer.register_step_pre_hook(shrink)
        return optimizer

    with pytest.raises(ValueError, match="^(make_optimizer|update): "):
        run(make)
