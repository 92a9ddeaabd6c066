"""Methods tuned on one grid of learning rates, and compared seed by seed: what `budget.compare` returned, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from revorder.diagnostics.intervals import mean_interval
from revorder.errors import check_known_metric
from revorder.plots.budget import check_rates

if TYPE_CHECKING:
    import pandas as pd


def choose(frame: pd.DataFrame, metric: str) -> dict[str, float]:
    """Method -> the learning rate whose mean over seeds is smallest at the last checkpoint.

    The smallest of several noisy means is too small: compare the methods on other seeds than these.

    Args:
        frame: what `budget.compare` returned; a rate at which a seed was not finite is never chosen.
        metric: one of the frame's metrics.

    Raises:
        ValueError: the frame has no such metric, or a method has no rate at which all seeds were finite.
    """
    means = _ends(frame, metric).mean(axis=1, skipna=False).unstack("lr")
    for name, known in means.iterrows():
        if known.isna().all():
            raise ValueError(f"frame: {name!r} has no learning rate at which all seeds are finite at the last "
                             "checkpoint; compare it at smaller ones, too")  # fmt: skip
    return {name: float(means.loc[name].idxmin()) for name in frame["method"].unique()}


def paired(frame: pd.DataFrame, metric: str, rates: Mapping[str, float], reference: str) -> pd.DataFrame:
    """Methods against one of them, seed by seed, at the last checkpoint.

    Args:
        frame: what `budget.compare` returned, with two seeds or more.
        metric: one of the frame's metrics, smaller being better.
        rates: method -> its learning rate, such as `choose` gives from OTHER seeds.
        reference: the method that is subtracted.

    Returns:
        One row for each method: "lr", "mean" over seeds, "difference" (mean of method minus reference), "low" and
        "high" (Student's 95 % interval of that mean over seeds; all in the metric's unit), "better" (at how many seeds
        the method is below the reference).

    Raises:
        ValueError: the frame has no such metric, or not these methods at these rates; `reference` is none of them.
    """
    import pandas as pd

    wide, rows = _ends(frame, metric), {}
    ends = dict(zip(wide.index, wide.to_numpy(), strict=True))
    check_rates(ends, rates, reference)
    other = ends[reference, rates[reference]]
    for name, lr in rates.items():
        own = ends[name, lr]
        gap = mean_interval(own - other)
        rows[name] = {"lr": lr, "mean": own.mean(), "difference": gap.mean, "low": gap.low,
                      "high": gap.high, "better": int((own < other).sum())}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def _ends(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Values at the last checkpoint: rows (method, lr), columns are seeds."""
    check_known_metric(metric, frame["metric"].unique().tolist(), "frame")
    found = frame[(frame["metric"] == metric) & (frame["evaluations"] == frame["evaluations"].max())]
    made: pd.DataFrame = found.pivot(index=["method", "lr"], columns="seed", values="value")
    return made
