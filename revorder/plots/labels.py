"""What tells the runs of a figure apart in words: one label for each, all different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from revorder.showing import PART, cut, name_of


class OfOrder(Protocol):
    """A run, or several of one order; it may have a provenance, too."""

    @property
    def order(self) -> str:
        """The composition order, as text."""


def labels_of(runs: Sequence[OfOrder], labels: Sequence[str] | None = None, argument: str = "runs") -> list[str]:
    """One label for each run: those that were given, if they are good, or names by order.

    Runs of equal order are told apart by the first entry of their provenance that does (a seed, the device, torch's
    threads), else by numbers.

    Args:
        runs: at least one.
        labels: one text for each run, all different.
        argument: what the figure calls the runs.

    Raises:
        ValueError: no run, another number of labels, an empty one, or one twice.
        TypeError: labels that are no texts.
    """
    if not len(runs):
        raise ValueError(f"{argument}: got none, but at least one run is needed")
    return _by_order(runs) if labels is None else _checked(labels, len(runs))


def entry(label: str) -> str:
    """A label as matplotlib's legends take it: they leave out what begins with an underscore."""
    return f" {label}" if label.startswith("_") else label


def with_unit(metric: str, unit: str) -> str:
    """An axis label; what has no unit stands alone."""
    return metric if unit in ("", "no unit") else f"{metric} ({unit})"


def _checked(labels: Sequence[str], runs: int) -> list[str]:
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise TypeError(f"labels: got {labels!r}, but it must be a list with one text for each run")
    if len(labels) != runs:
        raise ValueError(f"labels: got {len(labels)} texts, but there are {runs} runs; give one text each")
    twice = [label for label, times in Counter(labels).items() if times > 1]
    if twice:
        raise ValueError(f"labels: got {twice[0]!r} more than once, but every run needs a label of its own")
    if not all(label.strip() for label in labels):
        raise ValueError("labels: got an empty text, but every run needs a label")
    return list(labels)


def _by_order(runs: Sequence[OfOrder]) -> list[str]:
    orders = [name_of(run.order) for run in runs]
    found = list(orders)
    for order, times in Counter(orders).items():
        if times > 1:
            alike = [number for number, other in enumerate(orders) if other == order]
            for number, apart in zip(alike, _apart([runs[number] for number in alike]), strict=True):
                found[number] = order + apart
    if len(set(found)) < len(found):  # an order is called what another one became
        found = [f"{order}, run {number}" for number, order in enumerate(orders, start=1)]
    return found


def _apart(runs: Sequence[OfOrder]) -> list[str]:
    """What to add to the order that all these runs have."""
    said = [_known(run) for run in runs]
    for field in said[0]:
        texts = [known[field] for known in said if field in known]
        if len(set(texts)) == len(runs):
            return [f" ({text})" for text in texts]
    return [f" ({number})" for number in range(1, len(runs) + 1)]


def _known(run: OfOrder) -> dict[str, str]:
    """What is worth saying of the provenance, such as {"update": "update seed 3"}; a file may hold anything there."""
    record = getattr(run, "provenance", {})
    seeds = record.get("seeds")
    known = {name: f"{name} seed {seed}" for name, seed in seeds.items()} if isinstance(seeds, dict) else {}
    known |= {"device": str(record["device"])} if "device" in record else {}
    known |= {"threads": f"threads {record['threads']}"} if "threads" in record else {}
    return {field: cut(text, PART) for field, text in known.items()}
