"""Figures of SGD on one number: digits and their law, the middle of an epoch, a mean that jumps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.design import ABOVE, BESIDE
from revorder.plots.labels import entry
from revorder.plots.laws import law_kind, rate_name
from revorder.plots.looks import REFERENCE, STYLES, looks, wide_line
from revorder.plots.picture import Picture, figure

BINS = 64
LOOKS = dict(zip(("forward", "backward"), STYLES[:2], strict=True))
DRAWN = {
    "iid": "independent batches",
    "shuffle_once": "one shuffle, repeated",
    "reshuffle": "a fresh shuffle in every epoch",
    "flipflop": "flip-flop",
}


def digits_law_figure(tosses: Sequence[int], lr: float, samples: Mapping[str, ArrayLike]) -> Picture:
    """Coin tosses in both orders on the number line, steps going down; beside it the ends of many other seeds.

    Args:
        tosses: the n tosses of the run, oldest first, 0 <= n <= 53.
        lr: learning rate h in (0, 1); batches are the tosses, loss ½(θ - x)², θ_0 = 0.
        samples: "forward" and "backward" -> (seeds,) states at step n.
    """
    made, (left, right) = figure(8.0, 3.3, fast=True, ncols=2, margins={"left": 0.65, "columns": 0.6})
    steps, weights = np.arange(len(tosses) + 1), lr * (1 - lr) ** np.arange(len(tosses))
    x = np.asarray(tosses, dtype=float)
    paths = {
        "forward": np.array([x[:k][::-1] @ weights[:k] for k in steps]),
        "backward": np.concatenate([[0], np.cumsum(x * weights)]),
    }
    left.hlines(steps, paths["backward"], paths["backward"] + (1 - lr) ** steps,
                **wide_line(STYLES[1]["color"], "#D5E6F1", 6))  # fmt: skip
    for name, marker in (("forward", "o"), ("backward", "s")):
        left.plot(paths[name], steps, label=name, marker=marker, markersize=5, linewidth=1.2, **LOOKS[name])
    left.set(xlabel="θ", ylabel="step (batches)", xlim=(-0.02, 1.02), ylim=(len(tosses) + 0.5, -0.5))
    left.legend(**ABOVE, ncols=2)
    for name, sign in (("forward", 1), ("backward", -1)):
        heights, edges = np.histogram(samples[name], BINS, (0, 1))
        right.stairs(sign * heights, edges, fill=True, color=LOOKS[name]["color"], alpha=0.6)
    right.axhline(0, color=REFERENCE, linewidth=0.8)
    right.set(xlabel="θ", xlim=(0, 1), yticks=[])
    right.set_title("the law: forward up, backward down")
    last = ", ".join(f"{name} by {abs(path[-1] - path[max(0, len(path) - 2)]):.2g}" for name, path in paths.items())
    said = f"Learning rate {rate_name(lr)}, {law_kind(lr)}: the last toss moves {last}"
    made.suptitle(said)
    ends = f"forward ends at {paths['forward'][-1]:.6g}, backward at {paths['backward'][-1]:.6g}"
    return Picture(made, f"Left: the number line with the states of both orders after each of the tosses "
                         f"{''.join(map(str, tosses)) or 'none'}, and the intervals that backward cannot leave any "
                         f"more; {ends}. Right: histograms of {np.size(samples['forward'])} seeds forward and as many "
                         f"backward, mirror images but for chance. {said}.")  # fmt: skip


def mid_epoch_figure(variances: Mapping[str, ArrayLike], epoch: int, step: int, data: str) -> Picture:
    """Variance over seeds at every step of several epochs, and at one step that is pointed out.

    Args:
        variances: "forward" and "backward" -> (steps + 1,) variances at steps 0, 1, …, in units of Var x.
        epoch: K, batches in an epoch.
        step: the step n.
        data: how batches are drawn, a name of `revorder.batches`.
    """
    made, ax = figure(8.0, 3.3, fast=True, margins={"right": 1.2})
    curves = {name: np.asarray(values, dtype=float) for name, values in variances.items()}
    for start in range(0, len(curves["forward"]) - 1, 2 * epoch):
        ax.axvspan(start, start + epoch, color="0.95", linewidth=0)
    for name, values in curves.items():
        ax.plot(values, label=name, **LOOKS[name])
        ax.plot(step, values[step], "o" if name == "forward" else "s", color=LOOKS[name]["color"], markersize=7)
    ax.axvline(step, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.set(xlabel="step n (batches); a band is an epoch", ylabel="variance over seeds", xlim=(0, len(values) - 1),
           xticks=range(0, len(values), epoch))  # fmt: skip
    ax.legend(**BESIDE)
    said = f"{DRAWN[data][0].upper()}{DRAWN[data][1:]}: at step {step} the variance is " + ", ".join(
        f"{values[step]:.4f} {name}" for name, values in curves.items()
    )
    made.suptitle(said)
    return Picture(made, f"Line plot of the variance over seeds, in units of the variance of a batch, against the "
                         f"step, epochs of {epoch} batches. {said}.")  # fmt: skip


def drift_figure(
    paths: Mapping[str, ArrayLike], x: ArrayLike, jump: int, step: int, means: Mapping[str, float]
) -> Picture:
    """Paths on data whose mean jumps from 0 to 1.

    Args:
        paths: order -> (steps + 1,) states at steps 0, 1, ….
        x: (steps,) the batches.
        jump: the first batch with mean 1.
        step: the step up to which the paths are shown.
        means: order -> expected state at that step.
    """
    made, ax = figure(8.0, 3.3, fast=True, margins={"right": 1.75})
    ax.plot(np.arange(1, len(np.asarray(x)) + 1), x, ".", color="0.75", markersize=4, label="batches")
    ax.step([0, jump, len(np.asarray(x))], [0, 0, 1], where="pre", color="0", linewidth=1, label="their mean")
    for name, style in looks(list(paths), marked=False).items():
        ax.plot(np.asarray(paths[name])[: step + 1], label=entry(name), **style)
    ax.set(xlabel="step n (batches)", ylabel="state θ", xlim=(0, len(np.asarray(x))))
    ax.legend(**BESIDE)
    said = f"The mean jumps at batch {jump}. Expected at step {step}: " + ", ".join(
        f"{name} {value:.3f}" for name, value in means.items()
    )
    made.suptitle(said)
    return Picture(made, f"Line plot of the state against the step, over dots for the batches. {said}.")
