"""A figure of laws: what many seeds do at one step, beside the path of one run; and what laws are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from revorder.diagnostics.laws import compare_laws
from revorder.diagnostics.spreads import spread_along_path, spread_over_seeds
from revorder.errors import whole
from revorder.plots.groups import check_has
from revorder.plots.labels import entry, labels_of, with_unit
from revorder.plots.looks import looks
from revorder.plots.picture import Picture, figure
from revorder.showing import name_of
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from revorder.trajectories.seed_runs import SeedRuns

GOLDEN = (3 - 5**0.5) / 2  # the learning rate with c = 1/φ


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
        ValueError: no order, other ones in `seeds` than in `paths`, or a run without this metric; `last` is below 1.
    """
    whole("last", last, 1)
    from seaborn import ecdfplot

    names = labels_of(seeds, argument="seeds")
    _check_pairs(seeds, paths)
    for place in range(len(names)):
        check_has(seeds[place], metric, f"seeds[{place}]")
        check_has(paths[place], metric, f"paths[{place}]")
    made, (left, right) = figure(8.0, 3.6, ncols=2)
    label, n = with_unit(metric, unit), seeds[0].steps[-1]
    over = {name: spread_over_seeds(runs, metric, n) for name, runs in zip(names, seeds, strict=True)}
    along = {name: spread_along_path(run, metric, last) for name, run in zip(names, paths, strict=True)}
    for runs, (name, style) in zip(seeds, looks(names, marked=False).items(), strict=True):
        drawn = {key: value for key, value in style.items() if key != "marker"}
        ecdfplot(runs.metrics[metric][-1], ax=left, label=entry(f"{name} {over[name]:.2g}"), linewidth=1.6, **drawn)
    for run, (name, style) in zip(paths, looks(names).items(), strict=True):
        right.plot(run.steps[-last:], run.metrics[metric][-last:], label=entry(f"{name} {along[name]:.2g}"),
                   linewidth=1.4, markersize=2.5, **style)  # fmt: skip
    left.set(xlabel=label, ylabel="fraction of seeds below", title=f"{_count(seeds, metric)} seeds at step {n}")
    right.set(xlabel="step n (batches)", ylabel=label, title="one run, many steps")
    for ax, name in ((left, "spread over seeds"), (right, "spread along the path")):
        ax.legend(title=name, loc="upper left" if ax is left else "best")
    made.suptitle(title)
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
