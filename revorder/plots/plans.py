"""Pictures of plans: the trie with its ticks, and cost against naive cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from revorder.planning.plan import Plan
from revorder.plots.design import HEADLINE, INK, MUTED, SMALL
from revorder.plots.looks import looks
from revorder.plots.picture import Picture, figure
from revorder.showing import name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from revorder.planning.trie import Trie

MOST_NODES, MOST_TICKS = 60, 32  # beyond these the numbers in the circles are too small to read
SLATE = "#3b4652"  # no order's colour: the bars are of all of them
NARROW = 0.4  # inches: columns from here on have smaller letters
LETTER = 0.084  # inches: at least the mean width of a letter of the title


def plan_figure(plan: Plan) -> Picture:
    """Draw the trie of a small plan: one column for each tick, one node for each evaluation of T.

    The start θ₀ stands at the left. A node is labelled with the batch that is applied to reach it, and stands in the
    column of its tick, so that states which advance in one batched call stand below each other. Checkpoints are
    squares with the label "n = …". Batches with equal labels carry the number of the first of them.

    Raises:
        ValueError: more than 60 nodes or 32 ticks.
    """
    if plan.cost > MOST_NODES or plan.launches > MOST_TICKS:
        raise ValueError(
            f"plan: got {plan.cost} nodes in {plan.launches} ticks, but a readable picture holds at most {MOST_NODES} "
            f"nodes in {MOST_TICKS} ticks; plan fewer steps or a larger stride"
        )
    lane, tick = _lanes(plan.trie), _columns(plan)
    lowest = int(lane.max())
    wide, high = plan.launches + 1.3, lowest + 2.35  # in columns and lanes
    column, row = float(np.clip(9 / wide, 0.315, 0.7)), float(np.clip(5 / high, 0.44, 0.5))  # inches
    size = {"fontsize": 9.5 if column > NARROW else 8.5}
    said = f"{name_of(plan.order)}: {_count(plan.cost, 'evaluation')} in {_count(plan.launches, 'batched call')}"
    title = f"{said} ({plan.naive_cost} without sharing)"
    fig, ax = _canvas(column * wide, row * high, title)
    _draw_columns(ax, plan, lowest, size)
    _draw_edges(ax, plan.trie, lane, tick)
    _draw_nodes(ax, plan, lane, tick, column, size)
    return Picture(fig, _describe(plan))


def _canvas(wide: float, high: float, title: str) -> tuple[Figure, Axes]:
    """A figure around axes of this size in inches, wide enough for the title."""
    left, right, top = 0.15, 0.1, 0.35
    width = left + max(wide, LETTER * len(title)) + right
    margins = {"left": left, "right": width - left - wide, "bottom": 0.1, "top": top}
    fig, ax = figure(width, high + top + 0.1, fast=True, margins=margins)
    ax.set_axis_off()
    ax.set_title(title, fontsize=HEADLINE, fontweight="bold")
    return fig, ax


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _lanes(trie: Trie) -> np.ndarray:
    """(nodes,) rows of the picture, such that no two edges cross.

    A depth-first walk: the child with the longest path ahead stays in its parent's lane, every other one opens the
    next lane below, so each subtree fills neighbouring lanes of its own.
    """
    lane = np.zeros(len(trie.parent), dtype=np.int64)
    pending, used = [(0, 0)], 0
    while pending:
        node, lane[node] = pending.pop()
        if lane[node] < 0:
            used += 1
            lane[node] = used
        children = trie.children(np.array([node]))
        tallest_last = children[np.argsort(trie.height[children], kind="stable")].tolist()
        pending += [(child, -1) for child in tallest_last[:-1]]
        pending += [(child, lane[node]) for child in tallest_last[-1:]]
    return lane


def _columns(plan: Plan) -> np.ndarray:
    """(nodes,) the number of the tick, from 1, in which each node is computed; 0 for the start."""
    tick = np.zeros(len(plan.trie.parent), dtype=np.int64)
    for number, call in enumerate(plan.ticks, start=1):
        tick[call.nodes] = number
    return tick


def _draw_columns(ax: Axes, plan: Plan, lowest: int, size: dict[str, Any]) -> None:
    odd = [(number - 0.5, 1) for number in range(1, plan.launches + 1, 2)]
    ax.broken_barh(odd, (-1.85, lowest + 2.35), color="0.94", linewidth=0, zorder=0)
    for number, call in enumerate(plan.ticks, start=1):
        ax.text(number, -1.5, str(number), ha="center", va="center", color=MUTED, **size)
        ax.text(number, -1.05, plan.numbers[call.letter], ha="center", va="center", weight="bold", **size)
    ax.text(0.45, -1.5, "tick", ha="right", va="center", color=MUTED, **size)
    ax.text(0.45, -1.05, "batch", ha="right", va="center", weight="bold", **size)
    ax.set(xlim=(-0.7, plan.launches + 0.6), ylim=(lowest + 0.5, -1.85))


def _draw_edges(ax: Axes, trie: Trie, lane: np.ndarray, tick: np.ndarray) -> None:
    from matplotlib.collections import LineCollection

    parent, node = trie.parent[1:], np.arange(1, len(trie.parent))
    bend = tick[parent] + 0.42
    x, y = [tick[parent], bend, bend, tick[node]], [lane[parent], lane[parent], lane[node], lane[node]]
    ax.add_collection(LineCollection(list(np.array([x, y]).T), color=MUTED, linewidth=1.2, zorder=1))


def _draw_nodes(ax: Axes, plan: Plan, lane: np.ndarray, tick: np.ndarray, column: float, size: dict[str, Any]) -> None:
    name = name_of(plan.order)
    own = looks([name])[name]["color"]
    area = (60 * min(column, NARROW)) ** 2 / 1.5
    kept = np.isin(np.arange(len(tick)), list(plan.rows_at))
    for these, marker, edge, line in ((~kept, "o", MUTED, 1.2), (kept, "s", own, 2.4)):
        ax.scatter(tick[these], lane[these], area, marker=marker, facecolor="white", edgecolor=edge, linewidth=line,
                   zorder=2)  # fmt: skip
    labelled = set(zip(tick[kept], lane[kept], strict=True))
    for node, (x, y) in enumerate(zip(tick, lane, strict=True)):
        number = plan.numbers[plan.trie.letter[node]] if node else "θ₀"
        ax.text(x, y, number, ha="center", va="center_baseline", zorder=3, **size)
        if kept[node]:
            label = _steps(plan, plan.rows_at[node], column)
            if column <= NARROW and (x - 1, y) in labelled:
                label = label.removeprefix("n=")  # else it would run into the label before it
            ax.text(x, y - 0.48, label, ha="center", va="center", zorder=3, **size)


def _steps(plan: Plan, rows: list[int], column: float) -> str:
    """The label of a checkpoint: its first step, and whether there are more."""
    distinct = sorted({plan.steps[row] for row in rows})
    text = f"n = {distinct[0]}" + (", …" if len(distinct) > 1 else "")
    return text if column > 0.5 else text.replace(" ", "")


def _describe(plan: Plan) -> str:
    batches = " ".join(str(plan.numbers[call.letter]) for call in plan.ticks)
    advanced = " ".join(str(len(call.nodes)) for call in plan.ticks)
    words = "; ".join(
        f"n = {n}, {' '.join(str(plan.numbers[letter]) for letter in plan.letters[word])}"
        for n, word in dict(zip(plan.steps, plan.words, strict=True)).items()
    )
    return (
        f"Tree of the plan of {name_of(plan.order)}: from the start θ₀ at the left, {_count(plan.cost, 'evaluation')} "
        f"of T in {_count(plan.launches, 'column')}, one for each batched call ({plan.naive_cost} without sharing). "
        f"Batches of the calls: {batches}; states that they advance: {advanced}. Checkpoints and their words: {words}."
    )


def cost_figure(plans: Mapping[str, Plan]) -> Picture:
    """Compare plans: horizontal bars of naive cost and cost, in evaluations of T.

    Args:
        plans: name to show -> plan, drawn from top to bottom.

    Raises:
        ValueError: no plan.
    """
    if not plans:
        raise ValueError("plans: got none, but at least one is needed, such as {'forward': ro.plan('forward', [5])}")
    fig, ax = figure(8.0, 0.46 * len(plans) + 1.1)
    middle = np.arange(len(plans))
    naive, cost = (np.array([getattr(p, name) for p in plans.values()]) for name in ("naive_cost", "cost"))
    bars = [
        ("without sharing", naive, -0.2, {"color": "white", "edgecolor": MUTED, "linewidth": 1.2}),
        ("equal prefixes once", cost, 0.2, {"color": SLATE, "edgecolor": SLATE, "linewidth": 1.2}),
    ]
    for label, values, shift, style in bars:
        ax.bar_label(ax.barh(middle + shift, values, 0.32, label=label, **style), padding=3, fontsize=SMALL, color=INK)
    ax.set(xlabel="evaluations of T", xlim=(0, 1.1 * naive.max()), ylim=(len(plans) - 0.4, -0.6))
    ax.set_yticks(middle, plans)
    ax.grid(False)
    fig.legend(loc="outside lower right", ncols=2)
    said = _message(list(plans), naive / cost)
    fig.suptitle(said)
    listed = "; ".join(f"{name} {a} and {b}" for name, a, b in zip(plans, naive, cost, strict=True))
    shown = "Bars of evaluations of T, without sharing and with equal prefixes computed once"
    return Picture(fig, f"{said}. {shown}: {listed}.")


def _message(names: list[str], saving: np.ndarray) -> str:
    if saving.max() == 1:
        return "No two words share a prefix: nothing is saved"
    best = int(saving.argmax())
    return f"Sharing saves most for {names[best]}: {saving[best]:.3g} times fewer evaluations"
