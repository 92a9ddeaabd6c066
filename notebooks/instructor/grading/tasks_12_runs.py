"""Exercises 1 and 4 of notebook 12, and what is right: test losses along a backward path, and what is left to pay."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from grading.tasks import Case, Formula, Mistakes, Part, Task
from revorder.course.asking import Given
from revorder.planning.plan import plan

Words = Callable[[int, int], Iterable[int]]  # (step n, number of batches) -> batches in the order of application
Batch = tuple[torch.Tensor, torch.Tensor]
Price = Callable[[str, list[int], int], int]  # (order, checkpoints, steps) -> evaluations of one run


def losses_cases(seed: int) -> list[Case]:
    """`answer(network, batches, test, lr)` lists the test losses of B_1, …, B_N."""
    draw = Random(f"12-losses {seed}")
    cases: list[Case] = []
    for number, hidden in ((3, 6), (5, 8)):
        examples = draw.sample(range(1400), 40 + 8 * number)
        batches = [Given("examples", examples[40 + 8 * i : 48 + 8 * i]) for i in range(number)]
        network = Given("network", draw.randrange(10**6), hidden)
        cases.append((network, batches, Given("examples", examples[:40]), draw.choice([0.5, 0.75, 1.0])))
    return cases


def _backward(n: int, total: int) -> Iterable[int]:
    return reversed(range(n))


def _losses(word: Words, restore: bool = True, clear: bool = True, sign: float = 1.0) -> Formula:
    """Train along each word, from the first parameters if `restore`, on gradients of one batch alone if `clear`."""

    def losses(network: torch.nn.Module, batches: Sequence[Batch], test: Batch, lr: float) -> list[float]:
        start, found = copy.deepcopy(network.state_dict()), []
        for n in range(1, len(batches) + 1):
            if restore:
                network.load_state_dict(start)
            for i in word(n, len(batches)):
                if clear:
                    network.zero_grad()
                _loss(network, batches[i]).backward()  # type: ignore[no-untyped-call]
                with torch.no_grad():
                    for parameter in network.parameters():
                        parameter -= sign * lr * parameter.grad
            found.append(float(_loss(network, test)))
        return found

    return losses


def _loss(network: torch.nn.Module, batch: Batch) -> torch.Tensor:
    return cross_entropy(network(batch[0]), batch[1])


def _right(change: Callable[..., Any]) -> Formula:
    """The right losses, changed: `change` gets them, and then the arguments."""
    return lambda *case: change(_losses(_backward)(*copy.deepcopy(case)), *case)


def _on_its_last_batch(network: torch.nn.Module, batches: Sequence[Batch], test: Batch, lr: float) -> list[float]:
    return list(_losses(_backward)(network, batches, batches[0], lr))


LOSSES_MISTAKES: Mistakes = [
    (_losses(_backward, restore=False),
     "step 1 is right, and then you train on from the network of the step before: restore its first parameters, from "
     "a copy that training does not change."),
    (_losses(_backward, clear=False),
     "gradients add up from batch to batch: a step of SGD uses the gradient of one batch alone."),
    (_losses(_backward, restore=False, clear=False),
     "you train on from the network of the step before, and gradients add up from batch to batch."),
    (_losses(lambda n, _: range(n)), "this is the forward path: which of the first n batches must be applied first?"),
    (_losses(lambda n, _: range(n), restore=False), "each step must use its n batches once, and backward."),
    (_losses(lambda n, total: range(total - 1, total - 1 - n, -1)),
     "you reversed the data order (the sampler), not the composition: step n knows the first n batches only."),
    (_losses(lambda n, _: range(n - 1, 0, -1)), "batch 0 is never applied; where does your countdown end?"),
    (_losses(lambda n, _: range(n - 2, -1, -1)), "your step n uses one batch too few: its newest batch is missing."),
    (_losses(_backward, sign=-1.0), "your losses climb: which way does a step of SGD go?"),
    (_losses(lambda n, _: ()), "the network never moves: are its own parameters changed, in place?"),
    (_on_its_last_batch, "that is the loss on the batch just applied; the test examples were asked for."),
    (_right(lambda right, network, batches, test, lr: [len(test[1]) * loss for loss in right]),
     "the loss is a mean over the test examples, not their sum."),
    (_right(lambda right, network, batches, test, lr: [float(_loss(network, test)), *right]),
     "one loss too many: the start is not a step."),
    (_right(lambda right, *case: right[-1]), "you returned the last loss only; a path has one for each step."),
]  # fmt: skip


def price_cases(seed: int) -> list[Case]:
    """`answer(config, finished)`: the evaluations of an experiment that are not yet made."""
    draw = Random(f"12-price {seed}")
    cases: list[Case] = []
    for _ in range(6):
        stride, seeds, width = draw.randint(6, 15), draw.randint(3, 6), draw.randint(2, 6)
        first = draw.randint(1, 2) * stride + draw.randint(1, stride - 1)
        steps = first + draw.randint(4, 8) * stride + draw.randint(1, stride - 2)
        steps += (steps % stride == 0) * 1
        orders = draw.sample(["forward", "backward", f"backward-window:{width}"], 3)
        runs = [(order, number) for order in orders for number in range(seeds)]
        finished = [list(run) for run in draw.sample(runs, draw.randint(2, len(runs) - 2))]
        config = {"steps": steps, "first": first, "stride": stride, "orders": orders, "seeds": seeds}
        cases.append((config, finished))
    return cases


def _looks(config: dict[str, Any]) -> list[int]:
    return [n for n in range(config["stride"], config["steps"] + 1, config["stride"]) if n >= config["first"]]


def _planned(order: str, looks: list[int], steps: int) -> int:
    return plan(order, looks).cost


def _left(price: Price = _planned, looks: Callable[[dict[str, Any]], list[int]] = _looks) -> Formula:
    """What the runs that are not finished cost, at these prices and checkpoints."""

    def left(config: dict[str, Any], finished: list[list[Any]]) -> int:
        done = [tuple(run) for run in finished]
        runs = [(order, seed) for order in config["orders"] for seed in range(config["seeds"])]
        return sum(price(order, looks(config), config["steps"]) for order, seed in runs if (order, seed) not in done)

    return left


def _but(order: str, price: Callable[[list[int], int, int], int]) -> Price:
    """Right but for one order; `price` gets its checkpoints, the number of steps and the width of a window."""

    def priced(name: str, looks: list[int], steps: int) -> int:
        width = int(name.partition(":")[2] or 0)
        return price(looks, steps, width) if name.partition(":")[0] == order else _planned(name, looks, steps)

    return priced


def _of_all(config: dict[str, Any], finished: list[list[Any]]) -> int:
    return int(_left()(config, []))


PRICE_MISTAKES: Mistakes = [
    (_of_all, "that is the whole experiment: what is finished is a file, and nobody makes it again."),
    (lambda config, finished: _of_all(config, finished) - _left()(config, finished),
     "that is what has been paid already."),
    (lambda config, finished: _left()({**config, "seeds": 1}, finished), "you priced seed 0 only."),
    (_left(_but("forward", lambda looks, steps, width: sum(looks))),
     "forward goes on from checkpoint to checkpoint; it starts only once."),
    (_left(_but("forward", lambda looks, steps, width: steps)), "a run stops at its last checkpoint."),
    (_left(_but("backward", lambda looks, steps, width: looks[-1])),
     "backward starts afresh for every checkpoint."),
    (_left(_but("backward", lambda looks, steps, width: len(looks) * looks[-1])),
     "backward's earlier checkpoints have shorter words."),
    (_left(_but("backward-window", lambda looks, steps, width: sum(looks))),
     "window: its words begin alike, and a common beginning is computed once."),
    (_left(_but("backward-window", lambda looks, steps, width: looks[-1])),
     "window: each checkpoint has an end of its own, the newest batches reversed."),
    (_left(_but("backward-window", lambda looks, steps, width: looks[-1] + width * len(looks))),
     "window: the last end stands in place of the last batches of the trunk, not after them."),
    (_left(looks=lambda config: list(range(config["first"], config["steps"] + 1, config["stride"]))),
     "checkpoints are multiples of the stride; `first` itself need not be one."),
    (_left(looks=lambda config: _looks({**config, "first": 1})),
     "`first` is not heeded: earlier steps are no checkpoints."),
    (_left(looks=lambda config: [*_looks(config), config["steps"]]),
     "the last step is a checkpoint only if it is a multiple of the stride."),
    (_left(lambda order, looks, steps: len(looks)), "you counted checkpoints: what does it take to reach each?"),
]  # fmt: skip

TASKS = [
    Task(
        "12-losses",
        losses_cases,
        [Part(_losses(_backward), LOSSES_MISTAKES, "compare your first loss with one step of SGD on batch 0 alone.")],
    ),
    Task(
        "12-price",
        price_cases,
        [Part(_left(), PRICE_MISTAKES,
              "{got} is wrong for {case}: price one run of each order first, then count the runs that are left.")],
    ),
]  # fmt: skip
