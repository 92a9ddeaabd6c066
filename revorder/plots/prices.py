"""Pictures of prices: evaluations against the stride, and the chains of batches that come again."""

from __future__ import annotations

import numpy as np

from revorder.planning.plan import Plan, plan
from revorder.plots.design import MUTED, SMALL
from revorder.plots.looks import STYLES, looks
from revorder.plots.picture import Picture, figure, plain_log


def price_figure(steps: int, size: int) -> Picture:
    """Evaluations against the stride between checkpoints, up to `steps`, on logarithmic axes.

    Args:
        steps: N, the number of steps.
        size: of the window and the blocks, and the period of the batches that come again.
    """
    strides = np.unique(np.geomspace(1, steps, 24).round().astype(int)).tolist()
    labels = [i % size for i in range(steps)]
    orders = {"forward": "forward", "backward": "backward", f"window of {size}": f"backward-window:{size}",
              f"blocks of {size}": f"backward-blocks:{size}", "two-sided": "two-sided"}  # fmt: skip
    costs = {name: [plan(order, range(s, steps + 1, s)).cost for s in strides] for name, order in orders.items()} | {
        f"backward, period {size}": [plan("backward", range(s, steps + 1, s), labels).cost for s in strides]
    }
    fig, ax = figure(8.0, 4.0)
    for name, style in looks([*costs], marked=False).items():
        ax.plot(strides, costs[name], label=name, **style)
    ax.set(xscale="log", yscale="log", xlabel="a look every s steps", ylabel="evaluations of T")
    plain_log(ax.xaxis, ax.yaxis)
    fig.legend(loc="outside lower center", ncols=3, fontsize=SMALL)
    most = costs["backward"][0]
    said = f"Each look costs backward a run of its own: {most:,} evaluations to step {steps}, forward {steps:,}"
    fig.suptitle(said)
    listed = "; ".join(
        f"{name} {values[0]} at stride 1 and {values[-1]} at {strides[-1]}" for name, values in costs.items()
    )
    return Picture(fig, f"{said}. Lines of evaluations against the stride, to step {steps}: {listed}.")


def threads_figure(plan: Plan, period: int) -> Picture:
    """The chains of backward on batches that come again, one line each, with a square at every checkpoint.

    Args:
        plan: of backward order, with labels.
        period: K; checkpoints whose steps leave the same remainder lie on one chain.
    """
    chains: dict[int, list[int]] = {}
    for n in sorted(set(plan.steps)):
        chains.setdefault(n % period, []).append(n)
    fig, ax = figure(8.0, 0.26 * len(chains) + 1.4)
    for row, looks_ in enumerate(chains.values()):
        ax.plot([0, looks_[-1]], [row, row], color=MUTED, linewidth=1.5)
        ax.plot(looks_, [row] * len(looks_), "s", color=STYLES[1]["color"], markersize=3.5)
    ax.set(xlabel="batches applied", ylabel="chain", ylim=(len(chains) - 0.4, -0.6))
    ax.set_yticks([])
    ax.grid(False)
    number = f"{len(chains)} chain{'' if len(chains) == 1 else 's'}"
    said = f"Batches that come again after {period}: {number}, {plan.cost} evaluations instead of {plan.naive_cost}"
    fig.suptitle(said)
    ends = ", ".join(str(looks_[-1]) for looks_ in chains.values())
    return Picture(fig, f"{said}. Lines from 0 to {ends}, with a square at each of the checkpoints on them.")
