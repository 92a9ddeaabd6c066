"""Figures of perfect sampling: runs that started long ago, laws of draws, and what averaging does better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.design import BESIDE
from revorder.plots.labels import entry
from revorder.plots.looks import PALETTE, REFERENCE, STYLES, Style, dot, look, wide_line
from revorder.plots.picture import Picture, figure, plain_log
from revorder.theory import bernoulli_convolution_cdf

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZES = (10, 20, 50, 100, 200, 500, 1000, 2000)
REJECTED = 1.36  # over √N: the asymptotic 5 % point of the Kolmogorov-Smirnov distance
LOWEST = 0.005  # of the axis of KS distances
# forward comes late: draws are backward, and the mean of forward iterates is the last of the four means
DRAWS: list[Style] = [*PALETTE[1:4], PALETTE[0], *PALETTE[4:]]
STARTS: list[Style] = [{"color": "#000000", "marker": "o", "linestyle": "-"}, PALETTE[3], PALETTE[2], *PALETTE[4:6]]


def coupling_figure(runs: Mapping[int, ArrayLike], shown: Sequence[int] = (3, 6, 12)) -> Picture:
    """Runs of one number that started in the past and use the same batches: their ends squeeze the limit.

    Args:
        runs: n -> states (n + 1, 2), from the start n batches ago to now, of the run from the lowest start and of the
            run from the highest one.
        shown: those n whose runs the left panel shows; the right one shows the ends of all.

    Raises:
        ValueError: one of `shown` is not in `runs`.
    """
    unknown = sorted(set(shown) - set(runs))
    if unknown:
        raise ValueError(f"shown: got {unknown[0]}, but the runs are those of n = {', '.join(map(str, runs))}")
    made, (past, now) = figure(8.0, 3.6, ncols=2, width_ratios=[3, 2])
    for number, n in enumerate(sorted(set(shown), reverse=True)):
        lines = past.plot(range(-n, 1), runs[n], linewidth=1.5, markersize=5, **look(number, STARTS))
        lines[0].set_label(f"{n}")
    top = 1.42 + 0.16 * ((len(set(shown)) - 1) // 3)  # room for the rows of the legend
    past.set(xlabel="batches before now", ylabel="θ", ylim=(-0.06, top), yticks=[0, 0.5, 1])
    past.set_title("runs from 0 and from 1, the same batches")
    past.legend(title="started … batches ago", loc="upper left", ncols=3)
    lows, highs = np.array([np.asarray(states)[-1] for states in runs.values()]).T
    middle = (lows + highs) / 2
    now.errorbar(list(runs), middle, yerr=(highs - lows) / 2, fmt="none", capsize=4, linewidth=1.8,
                 color=STYLES[1]["color"])  # fmt: skip
    now.plot(list(runs), lows, linestyle="none", marker="s", markersize=5, color=STYLES[1]["color"])
    now.set(xlabel="started n batches ago", ylabel="θ", xticks=[n for n in runs if n % 3 == 0])
    now.set_title("where they end: Bₙ from 0 (■) to 1")
    message = "The longer ago a run started, the less its start matters now"
    made.suptitle(message)
    ends = {n: (low, high) for n, low, high in zip(runs, lows, highs, strict=True)}
    said = ", ".join(f"{ends[n][0]:.3f} to {ends[n][1]:.3f} for n = {n}" for n in shown)
    alt = (
        f"{message}. Left: θ of runs of forward SGD from 0 and from 1, started some batches before now, come together "
        f"on the same batches. Right: the bracket of their ends shrinks as they start longer ago: {said}."
    )
    return Picture(made, alt)


def ks_distances(sample: ArrayLike, lr: float, sizes: Sequence[int]) -> np.ndarray:
    """Kolmogorov-Smirnov distances of the first N draws from the exact law of the coin model, for each N in `sizes`.

    Args:
        sample: (n,) draws; for lr see `theory.bernoulli_convolution_cdf`.

    Returns:
        Array (len(sizes),), each in [0, 1].
    """
    heights = np.asarray(bernoulli_convolution_cdf(np.asarray(sample), lr))
    found = []
    for size in sizes:
        below = np.sort(heights[:size])  # the exact CDF is monotone, so this is its value at the sorted draws
        steps = np.arange(size + 1) / size
        found.append(max((steps[1:] - below).max(), (below - steps[:-1]).max()))
    return np.array(found)


def perfect_figure(draws: Mapping[int, ArrayLike], lr: float, *, title: str | None = None) -> Picture:
    """Draws of the coin model's stationary law: their CDF against the exact one, and how their KS distance falls.

    Args:
        draws: depth n -> perfect samples (N,) of that depth, N >= 10; three depths are well readable.
        lr: learning rate, in [½, 1).
        title: the message; default: what the KS distances say.
    """
    made, (left, right) = figure(8.0, 3.4, fast=True, ncols=2, margins={"columns": 0.85})
    points = np.linspace(0, 1, 801)
    left.plot(points, bernoulli_convolution_cdf(points, lr), label="exact law", **wide_line())
    right.plot([8, 2500], REJECTED / np.sqrt([8, 2500]), color=REFERENCE, linewidth=1.2, label="1.36/√N")
    ends = {}
    for number, (depth, sample) in enumerate(draws.items()):
        _add_law(left, depth, np.asarray(sample), look(number, DRAWS, marked=False))
        ends[depth] = _add_distances(right, depth, np.asarray(sample), lr, look(number, DRAWS))
    left.set(xlabel="θ", ylabel="share of draws up to θ", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    left.legend(loc="lower right")
    _distance_axes(right)
    most = max(len(np.asarray(sample)) for sample in draws.values())
    message = title or _message(ends, most)
    made.suptitle(message)
    found = ", ".join(f"depth {depth}: {end:.3f}" for depth, end in ends.items())
    alt = (
        f"{': '.join(message.splitlines())}. Left: the share of draws up to θ against the exact law at learning rate "
        f"{lr:.3g}. Right: the Kolmogorov-Smirnov distance against the number of draws, on logarithmic axes, with the "
        f"line 1.36/√N. Distances after {most} draws: {found}."
    )
    return Picture(made, alt)


def _add_law(ax: Axes, depth: int, sample: np.ndarray, style: Style) -> None:
    shares = np.arange(1, len(sample) + 1) / len(sample)
    ax.step([0, *np.sort(sample), 1], [0, *shares, 1], where="post", label=f"depth {depth}", linewidth=1.5, **style)


def _add_distances(ax: Axes, depth: int, sample: np.ndarray, lr: float, style: Style) -> float:
    """KS distances of the first N draws; the distance of all of them is returned."""
    sizes = sorted({size for size in SIZES if size < len(sample)} | {len(sample)})
    distances = ks_distances(sample, lr, sizes)
    ax.plot(sizes, distances, markersize=5, linewidth=1.5, **style)
    # all draws lie up to the largest of the 2^depth values, but only a share of 1 - 2^-depth of the exact law does
    least = 0.5**depth
    if least > LOWEST:
        ax.axhline(least, color=REFERENCE, linewidth=1.1, linestyle=":")
        # away from the line 1.36/√N
        place: Style = {"x": 2400, "ha": "right"} if least > 0.2 else {"x": 8.6, "ha": "left"}
        ax.text(y=0.85 * least, s=f"at least 2⁻{_raised(depth)}", va="top", **place)
    return float(distances[-1])


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))  # TeX fonts would make a redraw slow


def _distance_axes(ax: Axes) -> None:
    ax.set(xscale="log", yscale="log", xlim=(8, 2500), ylim=(LOWEST, 3))
    ax.set(xlabel="number of draws N", ylabel="KS distance")
    ax.legend(loc="upper right", borderaxespad=0)
    plain_log(ax.xaxis, ax.yaxis)


def _message(ends: Mapping[int, float], size: int) -> str:
    """What the KS distances of all `size` draws say."""
    parts = [
        f"depth {depth}: {end:.3f}, {'told apart' if end > REJECTED / size**0.5 else 'not told apart'}"
        for depth, end in ends.items()
    ]
    return f"KS distance of {size} draws from the exact law\n" + "; ".join(parts)


def averaging_figure(curves: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], *, title: str) -> Picture:
    """Mean square errors over seeds against the number of evaluations, on logarithmic axes.

    Args:
        curves: name -> (evaluations, simulated errors, closed form), each (k,); the first four are drawn as backward,
            EMA, mean of perfect draws, and mean of forward iterates.
        title: the message of the figure.
    """
    made, ax = figure(8.0, 3.6)
    for number, (name, (cost, simulated, exact)) in enumerate(curves.items()):
        line, mark = look(number, DRAWS, marked=False), dot(number, DRAWS)
        ax.plot(cost, exact, linewidth=1.6, **line)
        ax.plot(cost, simulated, linestyle="none", markersize=6, **mark)
        ax.plot([], [], linewidth=1.6, label=entry(name), **{**line, **mark, "markersize": 6})
    ax.set(xscale="log", yscale="log", xlabel="evaluations of T (batches)")
    ax.set_ylabel("mean square error\nover seeds")
    ax.legend(title="marks: simulated; lines: closed form", **BESIDE)
    made.suptitle(title)
    plain_log(ax.xaxis, ax.yaxis)
    said = "; ".join(
        f"{name} from {np.asarray(simulated)[0]:.2g} at {np.asarray(cost)[0]} to {np.asarray(simulated)[-1]:.2g} at "
        f"{np.asarray(cost)[-1]}"
        for name, (cost, simulated, _) in curves.items()
    )
    return Picture(made, f"Log-log plot of the mean square error over seeds against evaluations of T. {title}. {said}.")
