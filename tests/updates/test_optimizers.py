"""`torch_update` against a plain torch loop with ONE optimizer: groups, memory, hooks; or refused by name."""

from __future__ import annotations

import pytest
import torch
from family import distance
from torch import nn, optim
from torch.nn.functional import cross_entropy

import revorder as ro

F64 = torch.float64
STEPS = 8


def network():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()


def batches():
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(STEPS, 5, 3, generator=generator, dtype=F64)
    return list(zip(inputs, torch.randint(0, 2, (STEPS, 5), generator=generator), strict=True))


def loop(make, word, named=False):
    """The usual loop: one optimizer takes all steps."""
    model, data = network(), batches()
    optimizer = make(named_parameters=list(model.named_parameters())) if named else make(list(model.parameters()))
    for number in word:

        def closure(batch=data[number]):
            optimizer.zero_grad()
            loss = cross_entropy(model(batch[0]), batch[1])
            loss.backward()
            return loss

        if isinstance(optimizer, optim.LBFGS):
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
    return {name: p.detach() for name, p in model.named_parameters()}


def run(make, order="backward", checkpoints=(3, STEPS)):
    update = ro.torch_update(network(), cross_entropy, make)
    return ro.run(update, update.init(), batches(), order, checkpoints, record=update.params, progress=False)


def equal_to_the_loop(make, named=False):
    made = run(make)
    for step in (3, STEPS):
        assert distance(made.state(step), loop(make, ro.Backward().word(step), named)) <= 1e-12
    return made.state(STEPS)


def apart(a, b):
    return distance(a, b) > 1e-6


def weights_apart(params):
    matrices, vectors = [p for p in params if p.ndim > 1], [p for p in params if p.ndim < 2]
    return optim.SGD([{"params": matrices, "weight_decay": 0.3, "momentum": 0.5}, {"params": vectors, "lr": 0.01}],
                     lr=0.1)  # fmt: skip


def first_apart(params):
    return optim.Adam([{"params": params[:1], "lr": 0.003}, {"params": params[1:]}], lr=0.01)


def biases_apart(named_parameters):
    biases = [p for name, p in named_parameters if name.endswith("bias")]
    rest = [p for name, p in named_parameters if not name.endswith("bias")]
    return optim.SGD([{"params": rest, "weight_decay": 0.1}, {"params": biases, "lr": 0.01}], lr=0.05)


def last_only(params):
    return optim.SGD(params[-2:], lr=0.1, momentum=0.5)


@pytest.mark.parametrize("make", [weights_apart, first_apart, last_only])
def test_groups_with_options_of_their_own(make):
    assert apart(equal_to_the_loop(make), run(lambda params: optim.SGD(params, lr=0.1)).state(STEPS))


def test_groups_by_name():
    equal_to_the_loop(biases_apart, named=True)


def test_a_group_per_parameter_with_its_name():
    equal_to_the_loop(lambda named_parameters: optim.Adam(named_parameters, lr=0.01), named=True)


def test_a_list_is_passed():
    """Which has a length, and can be walked through twice; not a generator, which one walk uses up."""
    passed = []

    def make(params):
        passed.append(params)
        assert len(list(params)) == len(list(params)) == 4
        return optim.SGD(params, lr=0.1)

    equal_to_the_loop(make)
    assert passed and all(type(params) is list for params in passed)


def test_parameters_of_another_module_are_refused():
    model = network()
    for make in (lambda _: optim.SGD(model.parameters(), lr=0.1),
                 lambda params: optim.SGD([*params, next(network().parameters())], lr=0.1)):  # fmt: skip
        with pytest.raises(ValueError, match="^make_optimizer: the optimizer holds parameters of another module"):
            update = ro.torch_update(model, cross_entropy, make)
            ro.run(update, update.init(), batches(), "backward", [STEPS], progress=False)


TORCHS = {
    "SGD": lambda params: optim.SGD(params, lr=0.03, momentum=0.8, dampening=0.3, weight_decay=0.1),
    "nesterov": lambda params: optim.SGD(params, lr=0.03, momentum=0.8, nesterov=True, maximize=False),
    "amsgrad": lambda params: optim.Adam(params, lr=0.01, amsgrad=True),
    "foreach": lambda params: optim.AdamW(params, lr=0.01, foreach=True),
    "fused": lambda params: optim.AdamW(params, lr=0.01, fused=True),
    "RMSprop": lambda params: optim.RMSprop(params, lr=0.01, momentum=0.5, centered=True),
    "Adagrad": lambda params: optim.Adagrad(params, lr=0.05, lr_decay=0.1, initial_accumulator_value=0.1),
    "ASGD": lambda params: optim.ASGD(params, lr=0.05, t0=2, lambd=0.1),
    "LBFGS": lambda params: optim.LBFGS(params, lr=0.1, max_iter=2, history_size=2),
    "LBFGS, line search": lambda params: optim.LBFGS(params, max_iter=3, line_search_fn="strong_wolfe"),
    "tensor lr": lambda params: optim.Adam(params, lr=torch.tensor(0.01)),
}


@pytest.mark.parametrize("name", TORCHS)
def test_optimizers_of_torch(name):
    equal_to_the_loop(TORCHS[name])


def test_a_wrong_order_is_told_apart():
    with pytest.raises(AssertionError):
        forward = run(TORCHS["amsgrad"], order="forward").state(STEPS)
        assert distance(forward, loop(TORCHS["amsgrad"], ro.Backward().word(STEPS))) <= 1e-6


@pytest.mark.parametrize("make, says", [
    (None, "make_optimizer: got None, but it must be a function of a list of parameters"),
    (optim.SGD(network().parameters(), lr=0.1), "make_optimizer: got SGD"),
])  # fmt: skip
def test_what_is_no_factory(make, says):
    with pytest.raises(TypeError, match=f"^{says}"):
        ro.torch_update(network(), cross_entropy, make)


@pytest.mark.parametrize("make", [lambda params: None, lambda params: params])
def test_a_factory_that_makes_no_optimizer(make):
    with pytest.raises((TypeError, ValueError), match="^make_optimizer: "):
        run(make)


def test_unused_parameters_keep_their_memory_as_in_torch():
    """Momentum of a layer that a batch does not use stands still, and weight decay leaves it alone."""

    class Sometimes(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.extra = network(), nn.Linear(3, 2, dtype=F64)
            nn.init.constant_(self.extra.weight, 0.1), nn.init.constant_(self.extra.bias, 0.2)

        def forward(self, x):
            return self.body(x) + (self.extra(x) if x[0, 0] > 0 else 0)

    make = lambda params: optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=0.1)
    model, data = Sometimes(), batches()
    assert len({bool(x[0, 0] > 0) for x, _ in data}) == 2
    update = ro.torch_update(Sometimes(), cross_entropy, make)
    made = ro.run(update, update.init(), data, "backward", [STEPS], record=update.params, progress=False)
    optimizer = make(list(model.parameters()))
    for number in ro.Backward().word(STEPS):
        optimizer.zero_grad()
        cross_entropy(model(data[number][0]), data[number][1]).backward()
        optimizer.step()
    assert distance(made.state(STEPS), {name: p.detach() for name, p in model.named_parameters()}) <= 1e-12
