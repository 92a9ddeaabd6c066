"""Figures of laws: what many seeds do at one step, beside the exact law, and beside the path of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from revorder.diagnostics.laws import compare_laws
from revorder.diagnostics.spreads import spread_along_path, spread_over_seeds
from revorder.plots.labels import entry, labels_of
from revorder.plots.looks import PALETTE, REFERENCE, STYLES, looks, wide_line
from revorder.plots.picture import Picture, figure
from revorder.showing import name_of
from revorder.theory import bernoulli_convolution_cdf
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from revorder.running.seeds import SeedRuns

GOLDEN = (3 - 5**0.5) / 2  # the learning rate with c = 1/φ
CRITICAL = 1.358  # a KS distance beyond CRITICAL / √N comes by chance once in 20 samples of N
GRID = np.linspace(0, 1, 801)
WIDE = 90  # characters of a title in one line
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def rate_name(lr: float) -> str:
    """A learning rate as text: 0.5 as "1/2", 2/3 as "2/3", the golden one with its meaning, others as decimals."""
    if abs(lr - GOLDEN) < 1e-9:
        return "0.382 (c = 1/φ)"
    simple = Fraction(lr).limit_denominator(3)
    return str(simple) if simple.denominator > 1 and abs(lr - simple) < 1e-9 else f"{lr:.3g}"


def law_kind(lr: float) -> str:
    """What is known of the Bernoulli convolution with learning rate lr, in a few words."""
    if abs(lr - GOLDEN) < 1e-9:
        return "a singular law (Erdős)"
    if abs(lr - 0.5) < 1e-9:
        return "the uniform law"
    if lr < 0.5:
        return "overlapping pieces"
    return "the Cantor law" if abs(lr - 2 / 3) < 1e-9 else "a Cantor-like law"


def law_figure(lr: float, samples: Mapping[str, ArrayLike]) -> Picture:
    """End points over seeds against the exact stationary law: the CDFs at the left, their differences at the right.

    Args:
        lr: learning rate in (0, 1]; batches are fair coin tosses in {0, 1}, loss ½(θ - x)².
        samples: order -> (seeds,) end points, independent between seeds and orders; two at most are well readable.

    The largest difference is the Kolmogorov-Smirnov distance. The band holds it in 19 of 20 samples of the
    smallest size shown.
    """
    made, (left, right) = figure(7.6, 3.3, fast=True, ncols=2, margins={"top": 0.65})
    left.plot(GRID, bernoulli_convolution_cdf(GRID, lr), label="exact law", **wide_line())
    band = CRITICAL / np.sqrt(min(np.size(values) for values in samples.values()))
    right.axhspan(-band, band, facecolor="0.92", edgecolor=REFERENCE, linewidth=0.8)
    measured = []
    for order, style in looks(list(samples), marked=False).items():
        x, steps = _staircase(samples[order], GRID)
        off = steps - bernoulli_convolution_cdf(x, lr)
        left.plot(x, steps, label=entry(order), linewidth=1.5, **style)
        right.plot(x, off, linewidth=1.3, **style)
        measured.append(f"{order} {np.abs(off).max():.3f}")
    left.set(xlabel="θ (no unit)", ylabel="fraction of seeds with state ≤ θ", ylim=(-0.02, 1.02))
    left.legend(frameon=len(samples) > 2, edgecolor="none", loc="upper left", handlelength=2.6, fontsize=9)
    right.set(xlabel="θ (no unit)", ylabel="difference from the exact CDF")
    left.set_yticks([0, 0.5, 1])
    right.set_yticks(np.array([-1, 0, 1]) * round(band, 3))
    for ax in (left, right):
        ax.set(xlim=(0, 1), xticks=[0, 0.5, 1])
    right.set_ylim(*np.array([-1, 1]) * max(1.35 * band, 1.1 * np.abs(right.dataLim.intervaly).max()))
    right.set_title("band: 19 of 20 samples stay inside", fontsize=9)
    said = f"h = {rate_name(lr)}, {law_kind(lr)}. KS distance: {', '.join(measured)}"
    made.suptitle(fill(said, WIDE), fontweight="bold", fontsize=11)
    return Picture(made, "Left: the fraction of seeds with a state up to θ, beside the exact CDF of the stationary "
                         f"law. Right: their difference from the exact CDF. {said}. A difference "
                         f"beyond {band:.3f} comes by chance once in 20 samples.")  # fmt: skip


def _staircase(values: ArrayLike, also: ArrayLike = ()) -> tuple[np.ndarray, np.ndarray]:
    """The empirical CDF as a line: both sides of every step, and of other points where the line is wanted too."""
    ranked = np.sort(np.asarray(values, dtype=np.float64))
    points = np.union1d(ranked, also)
    sides = [np.searchsorted(ranked, points, side) for side in ("left", "right")]
    return np.repeat(points, 2), np.stack(sides, axis=1).ravel() / len(ranked)


def two_spreads_figure(
    seeds: Sequence[SeedRuns],
    paths: Sequence[Trajectory],
    metric: str,
    *,
    unit: str = "",
    last: int = 50,
    title: str = "Same law over seeds, different path",
) -> Picture:
    """Two spreads that must not be mixed up: over seeds at one step (left), along the path of one run (right).

    Args:
        seeds: one `SeedRuns` for each order, with this metric; the left panel shows its CDF at their last checkpoint.
            The orders must have batch sequences of their own, for the p-value of the alt text to mean something.
        paths: one `Trajectory` for each order, with this metric, in the same sequence of orders.
        metric: one that all of them have.
        unit: of the metric.
        last: how many checkpoints at the end of a path are shown and measured.
        title: the message.

    Raises:
        ValueError: no order, or other ones in `seeds` than in `paths`.
    """
    names = labels_of(seeds, argument="seeds")
    _check_pairs(seeds, paths)
    made, (left, right) = figure(8.2, 3.4, ncols=2)
    label, n = f"{metric} ({unit})" if unit else metric, seeds[0].steps[-1]
    over = {name: spread_over_seeds(runs, metric, n) for name, runs in zip(names, seeds, strict=True)}
    along = {name: spread_along_path(run, metric, last) for name, run in zip(names, paths, strict=True)}
    for runs, (name, style) in zip(seeds, looks(names, marked=False).items(), strict=True):
        x, steps = _staircase(runs.metrics[metric][-1])
        left.plot(x, steps, label=entry(f"{name} {over[name]:.2g}"), linewidth=1.6, **style)
    for run, (name, style) in zip(paths, looks(names).items(), strict=True):
        right.plot(run.steps[-last:], run.metrics[metric][-last:], label=entry(f"{name} {along[name]:.2g}"),
                   linewidth=1.4, markersize=2.5, **style)  # fmt: skip
    left.set(xlabel=label, ylabel="fraction of seeds below", title=f"{_count(seeds, metric)} seeds at step {n}")
    right.set(xlabel="step n (batches)", ylabel=label, title="one run, many steps")
    for ax, name in ((left, "spread over seeds"), (right, "spread along the path")):
        ax.legend(title=name, frameon=False, fontsize=9, loc="upper left" if ax is left else "best")
    made.suptitle(title, fontweight="bold")
    shown = f"the last {len(paths[0].steps[-last:])} checkpoints of one run each"
    return Picture(made, f"{title}. Left, {label} at step {n}, as the fraction of seeds below it: spread over seeds "
                         f"{_listed(over)}{_compared(seeds, names, metric)}. Right, {shown}: spread along the path "
                         f"{_listed(along)}.")  # fmt: skip


def _check_pairs(seeds: Sequence[SeedRuns], paths: Sequence[Trajectory]) -> None:
    """Both panels show the same orders in the same looks."""
    left, right = ([name_of(run.order) for run in runs] for runs in (seeds, paths))
    if left != right:
        raise ValueError(
            f"seeds, paths: got the orders {', '.join(left)} and {', '.join(right) or 'none'}, but both need the same"
        )


def _count(seeds: Sequence[SeedRuns], metric: str) -> int:
    return int(seeds[0].metrics[metric].shape[1])


def _listed(spreads: Mapping[str, float]) -> str:
    return ", ".join(f"{order} {value:.2g}" for order, value in spreads.items())


def _compared(seeds: Sequence[SeedRuns], names: Sequence[str], metric: str) -> str:
    """The distance of the first two orders."""
    if len(seeds) < 2:
        return ""
    found = compare_laws(*(runs.metrics[metric][-1] for runs in seeds[:2]))
    which = f" between {names[0]} and {names[1]}" if len(seeds) > 2 else ""
    return f"; KS distance {found.ks:.2g} with p-value {found.p_value:.2g}{which}"


def digits_figure(tosses: Sequence[int], n: int) -> Picture:
    """The paths F_1 … F_n and B_1 … B_n of coin tosses at learning rate ½ on the number line, steps going down.

    A bar is the interval [B_k, B_k + 2^-k], which no later backward state can leave; 1 <= n <= 53.
    """
    made, ax = figure(7.0, 3.4, fast=True, margins={"top": 0.4, "right": 1.25, "left": 0.65})
    steps, weights = np.arange(1, n + 1), 0.5 ** np.arange(1, n + 1)
    x = np.asarray(tosses[:n], dtype=np.float64)
    backward = np.cumsum(x * weights)
    forward = np.array([x[k - 1 :: -1] @ weights[:k] for k in steps])
    thick = float(np.clip(90 / n, 2, 14))  # one collection is drawn quickly; 53 bars are not
    ax.hlines(steps, backward, backward + weights, **wide_line(STYLES[1]["color"], "#D5E6F1", thick))
    size = 6 if n <= 20 else 4
    for values, name, style in zip((forward, backward), ("forward", "backward"), PALETTE[:2], strict=True):
        ax.plot(values, steps, label=name, markersize=size, linewidth=1.2, **style)
    ax.set(xlabel="θ (no unit)", ylabel="step k (batches)", xlim=(-0.02, 1.02), ylim=(n + 0.6, 0.4))
    ax.set_yticks(range(1, n + 1, -(-n // 6)))
    ax.set_xticks(np.linspace(0, 1, 5), ["0", "1/4", "1/2", "3/4", "1"])
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.6)
    stays = f"[{backward[-1]:.6g}, {backward[-1]:.6g} + 2{str(-n).translate(SUPERSCRIPTS)}]"
    ax.set_title(f"From step {n} on, backward stays in {stays}", fontweight="bold", fontsize=11)
    ends = f"Forward is at {forward[-1]:.4g}, backward at {backward[-1]:.4g}."
    return Picture(made, f"Number line of θ with the states of steps 1 to {n}. From step {n} on, backward stays in "
                         f"{stays}. {ends}")  # fmt: skip
