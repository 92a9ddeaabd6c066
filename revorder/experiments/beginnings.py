"""How a job begins: what a job that uses somebody's own code must find again, in whatever process it goes on.

Digests of text and values (`sources.py`) do not know what a function reads from its surroundings. What it does at the
start is known: the start itself, loss and metrics there, the first step, and words of the order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.data.datasets import Dataset
from revorder.experiments.cards import machine
from revorder.experiments.composing import order_of
from revorder.experiments.configs import Config
from revorder.experiments.job import Job, jobs
from revorder.experiments.making import fingerprint
from revorder.experiments.own import find, named
from revorder.problems import Problem
from revorder.pytrees import Tree, named_leaves
from revorder.running.measuring import groups, measure
from revorder.updates.randomness import seeded

NEAR, FAR = 1e-5, 1e-2  # relative: a processor repeats itself, but a GPU sums in any order
SAME = ("device", "processor", "threads", "torch")  # what may change how numbers are rounded
MIXED = "Results of both must not be mixed: register what this folder was begun with, or begin in another folder"


def beginning(config: Config, job: Job, problem: Problem, data: Dataset, device: str) -> dict[str, Any]:
    """What to write down of how a job begins; nothing where all code is this package's.

    What is not the same when it is asked for twice is not written down, nor what is not finite.
    """
    if not named(config):
        return {}
    found = {
        "layout": _digest([(name, tuple(leaf.shape), str(leaf.dtype)) for name, leaf in named_leaves(problem.start)]),
        "words": _twice(lambda: _words(config, job)),
        "start": _sketch(problem.start),
        "step": _twice(lambda: _first_step(problem)),
        "metrics": _metrics(problem),
        "on": [str(machine(device)[name]) for name in SAME],
    }
    return ({"examples": fingerprint(data)} if find("dataset", config.dataset) else {}) | {"begins": found}


def check_alike(config: Config, job: Job, now: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ValueError unless a job begins as others of its experiment did, where they share what they begin with.

    Args:
        config, job: whose beginning it is.
        now: what `beginning` returned.
        others: name of a job -> its line of the card.
    """
    known = {str(each): each for each in jobs(config)} if now else {}
    for name, line in others.items():
        if now.get("examples") != line.get("examples", now.get("examples")):
            raise ValueError(
                f"dataset: {config.dataset!r} has other examples than for {name}; load must return the same in every "
                "process"
            )
        before, other = line.get("begins"), known.get(name)
        if "begins" in now and isinstance(before, dict) and other is not None:
            for fault in _differences(config, job, now["begins"], other, before):
                raise ValueError(f"{fault} than for {name}. {MIXED}")


def _differences(config: Config, job: Job, now: dict[str, Any], other: Job, before: dict[str, Any]) -> Iterator[str]:
    words = [each.get("words") for each in (now, before)]
    if job.order == other.order and None not in words and words[0] != words[1]:
        yield f"orders: {job.order!r} has other words"
    if job.seed != other.seed:
        return
    if now["layout"] != before.get("layout"):
        yield f"model: {config.model!r} has parameters of other names or shapes"
    if not _near(now["start"], before.get("start"), NEAR):
        yield f"model: {config.model!r} begins with other parameters"
    if now["on"] != before.get("on"):
        return
    allowed = NEAR if now["on"][0] == "cpu" and config.exact else FAR
    metrics = before.get("metrics")
    for name, value in now["metrics"].items():
        then = metrics.get(name) if isinstance(metrics, dict) else None
        if not _near([value], [then], allowed):
            yield f"metrics: {name!r} is {value:.6g} at the start, which is another value"
    if not _near(now["step"], before.get("step"), allowed):
        yield f"model, loss: the first step of {config.model!r} with loss {config.loss!r} leads elsewhere"


def _near(a: Any, b: Any, allowed: float) -> bool:
    """Whether lists of numbers agree, up to a part of the largest of them; what is not known agrees with anything."""
    if a is None or b is None or b == [None]:
        return True
    if not isinstance(b, list) or not all(isinstance(one, int | float) for one in b):  # of a card that is damaged
        return False
    largest = max(map(abs, [*a, *b]))
    return len(a) == len(b) and all(abs(x - y) <= allowed * largest for x, y in zip(a, b, strict=True))


def _words(config: Config, job: Job) -> str:
    """A digest of three words: those of the first, the middle and the last checkpoint."""
    steps, order = config.checkpoints, order_of(job.order)
    return _digest([[int(letter) for letter in order.word(n)] for n in (steps[0], steps[len(steps) // 2], steps[-1])])


def _first_step(problem: Problem) -> list[float] | None:
    """Where the first batch leads from the start."""
    try:
        after = problem.update(problem.start, problem.batches[0])
        return _sketch(pytree.tree_map(torch.sub, problem.update.params(after), problem.update.params(problem.start)))
    except Exception:  # the run will say what is wrong, with the step where it is
        return None


def _metrics(problem: Problem) -> dict[str, float]:
    """Name -> value at the start, of those that are finite and repeat themselves; no accuracies, which may jump."""
    stack = pytree.tree_map(lambda leaf: leaf[None], problem.start)
    found: dict[str, float] = {}
    for group in groups(problem.metrics):
        first, second = (_measured(group, stack) for _ in range(2))
        found |= {
            name: value
            for name, value in first.items()
            if value == second.get(name) and abs(value) < 1e300 and not name.endswith(" accuracy")
        }
    return found


def _measured(group: dict[str, Any], stack: Tree) -> dict[str, float]:
    try:
        with torch.no_grad(), seeded(0, "start"):
            values = measure(group, stack, lambda argument, function, state, place: function(state))
        return {name: float(value[0]) for name, value in values.items()}
    except Exception:  # the run will say what is wrong
        return {}


def _twice(function: Callable[[], Any]) -> Any:
    first = function()
    return first if first == function() else None  # a list of numbers, or a text


def _sketch(tree: Tree) -> list[float] | None:
    """The norm of all numbers of a tree, and their product with a fixed direction; None if they are not finite."""
    leaves = [leaf for _, leaf in named_leaves(tree) if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()]
    flat = torch.cat([torch.zeros(1).double(), *(leaf.detach().reshape(-1).cpu().double() for leaf in leaves)])
    direction = torch.arange(len(flat), dtype=torch.float64).cos()
    found = [flat.norm().item(), (flat @ direction).item() / len(flat) ** 0.5]
    return found if all(abs(one) < 1e300 for one in found) else None


def _digest(thing: Any) -> str:
    return hashlib.sha256(repr(thing).encode()).hexdigest()
