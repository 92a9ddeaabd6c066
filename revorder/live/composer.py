"""The live figure of notebook 06: compose words, see their plan carried out tick by tick, and its price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import traitlets

from revorder.live.base import LiveFigure
from revorder.orders import NAMES, Order, Shuffled, order
from revorder.planning.plan import Plan, plan
from revorder.plots.picture import Picture
from revorder.plots.plans import MOST_NODES, MOST_TICKS, cost_figure, plan_figure

MOST_STEPS = 12
SHUFFLED = [list(Shuffled(seed=0).word(n)) for n in range(1, MOST_STEPS + 1)]
EVENS_FIRST = [[*range(0, n, 2), *range(1, n, 2)] for n in range(1, MOST_STEPS + 1)]


@dataclass(frozen=True)
class Listed:
    """The composition order of a list of words: the first is that of step 1."""

    words: tuple[tuple[int, ...], ...]

    def word(self, n: int) -> tuple[int, ...]:
        """The word of step n, at most as many as there are."""
        return self.words[n - 1]

    def __str__(self) -> str:
        return "an order of your own"


class Composer(LiveFigure):
    """Words as rows of coloured chips, the tree of their shared prefixes, and the ticks in which states advance.

    A chip can be dragged within its word: that makes an order of one's own. Nothing is run: a plan knows no tensor.

    Attributes:
        order: "forward", "backward", "backward-window", "backward-tail", "backward-blocks", "two-sided", "shuffled" or
            "own".
        number: width of the window, start of the tail or size of the blocks, 0 … 12.
        steps: N, 1 … 12.
        stride: a checkpoint every `stride` steps, 1 … 4; only one at N, if N is smaller.
        period: K, 1 … 6: batch i + K is the same as batch i; 0: all batches differ.
        words: those of order "own", for the steps 1 … 12; each a permutation of the batch numbers 0 … n - 1.
        shuffled: those of order "shuffled", with seed 0.
        step: ticks shown.
    """

    figure = "composer"
    order = traitlets.Unicode("backward").tag(sync=True)
    number = traitlets.Int(2, min=0, max=MOST_STEPS).tag(sync=True)
    steps = traitlets.Int(7, min=1, max=MOST_STEPS).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=4).tag(sync=True)
    period = traitlets.Int(0, min=0, max=6).tag(sync=True)
    words = traitlets.List(EVENS_FIRST).tag(sync=True)
    shuffled = traitlets.List(SHUFFLED).tag(sync=True)

    @property
    def composed(self) -> Order:
        """The composition order of the settings.

        Raises:
            ValueError: there is no such order.
        """
        if self.order == "own":
            return Listed(tuple(map(tuple, self.words)))
        kind, field = NAMES.get(self.order, (None, None))
        if kind is None or field is None or self.order == "shuffled":
            return order(self.order)
        return kind(max(self.number, getattr(kind, "least", 1)))

    @property
    def plan(self) -> Plan:
        """What the figure shows."""
        stride = min(self.stride, self.steps)
        labels = [i % self.period for i in range(self.steps)] if self.period else None
        return plan(self.composed, range(stride, self.steps + 1, stride), labels=labels)

    def states(self) -> dict[str, np.ndarray]:
        """Whole numbers: words end to end, spelled in letters, and their lengths; the trie's parent, letter and end.

        price: evaluations, naive cost, batched calls, states held at most. Of the ticks: letters, sizes, nodes, slots.
        """
        return arrays(self.plan)

    @property
    def picture(self) -> Picture:
        """The whole plan; where it is too large to read, its price beside forward's."""
        made = self.plan
        if made.cost <= MOST_NODES and made.launches <= MOST_TICKS:
            return plan_figure(made)
        return cost_figure({"forward": plan("forward", made.steps), str(made.order): made})


def arrays(made: Plan) -> dict[str, np.ndarray]:
    """All of a plan that the page computes, too: see `Composer.states`."""
    ticks, trie, words = made.ticks, made.trie, [made.letters[word] for word in made.words]
    return {
        "words": np.concatenate(words),
        "lengths": np.array([len(word) for word in words]),
        "parent": trie.parent,
        "letter": trie.letter,
        "end": trie.end,
        "price": np.array([made.cost, made.naive_cost, made.launches, made.peak_states]),
        "tick_letters": np.array([tick.letter for tick in ticks]),
        "tick_sizes": np.array([len(tick.nodes) for tick in ticks]),
        "tick_nodes": np.concatenate([tick.nodes for tick in ticks]),
        "tick_slots": np.concatenate([tick.slots for tick in ticks]),
    }
