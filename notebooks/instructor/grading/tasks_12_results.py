"""Exercises 2 and 3 of notebook 12, and what is right: an average of a path with its window, a result folder read."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from grading.tasks import Case, Formula, Mistakes, Part, Task
from revorder.course.asking import Folder


def average_cases(seed: int) -> list[Case]:
    """`answer(path, gamma)`: the weighted mean of F_1, …, F_N that an EMA forms, and the window it is worth."""
    noise = np.random.default_rng([12, seed])
    return [
        (noise.normal(size=(steps + 1, 2)).cumsum(axis=0) + 3, float(noise.uniform(*gammas)))
        for steps, gammas in ((8, (0.6, 0.7)), (25, (0.85, 0.9)), (12, (0.92, 0.97)))
    ]


def _weights(number: int, gamma: float) -> np.ndarray:
    """Of F_1, …, F_N, the newest last; they sum to 1."""
    weights = gamma ** np.arange(number - 1, -1, -1.0)
    return np.asarray(weights / weights.sum())


def _mean(path: np.ndarray, gamma: float) -> np.ndarray:
    return np.asarray(_weights(len(path) - 1, gamma) @ path[1:])


def _window(path: np.ndarray, gamma: float) -> float:
    return float(1 / (_weights(len(path) - 1, gamma) ** 2).sum())


def _both(path: np.ndarray, gamma: float) -> tuple[np.ndarray, float]:
    return _mean(path, gamma), _window(path, gamma)


def _running(path: np.ndarray, gamma: float, first: int, start: Any) -> np.ndarray:
    """The recursion m <- γ m + (1 - γ) F_n from a start, over path[first:]."""
    mean = np.array(start, dtype=float) * np.ones(path.shape[1])
    for state in path[first:]:
        mean = gamma * mean + (1 - gamma) * state
    return mean


MEAN_MISTAKES: Mistakes = [
    (lambda path, gamma: _running(path, gamma, 1, 0.0),
     "average: your weights do not sum to 1; a mean that begins at 0 is still on its way from there."),
    (lambda path, gamma: _running(path, gamma, 1, path[0]),
     "average: F_0 is the start and no iterate, and in your mean it weighs more than F_1."),
    (lambda path, gamma: _running(path, gamma, 2, path[1]),
     "average: F_1 has all the weight that is left over; every weight must be the factor gamma of the next one."),
    (lambda path, gamma: _weights(len(path), gamma) @ path, "average: F_0 is the start; the mean is of F_1 to F_N."),
    (lambda path, gamma: _mean(path, 1 - gamma),
     "average: gamma and 1 - gamma are exchanged; which of them does the newest state get?"),
    (lambda path, gamma: _weights(len(path) - 1, gamma)[::-1] @ path[1:],
     "average: the oldest state has the largest weight; it should be the newest."),
    (lambda path, gamma: _running(path, gamma, 1, 0.0) / (1 - gamma ** len(path)),
     "average: off by one in the power that you divide by; how many states have a weight?"),
    (lambda path, gamma: path[1:].mean(axis=0), "average: that is the plain mean; gamma does not enter."),
    (lambda path, gamma: path[-1], "average: that is the last state alone."),
]  # fmt: skip
WINDOW_MISTAKES: Mistakes = [
    (lambda path, gamma: 1 / (1 - gamma),
     "window: that is how far back the weights reach; how many values has a plain mean of the same variance?"),
    (lambda path, gamma: (1 + gamma) / (1 - gamma),
     "window: right for an endless path; here there are only N states."),
    (lambda path, gamma: 1 / _window(path, gamma), "window: upside down; the variance falls as the window grows."),
    (lambda path, gamma: len(path) - 1, "window: only equal weights are worth all N states."),
    (lambda path, gamma: _window(path, gamma) ** 0.5, "window: compare variances, not standard deviations."),
    (lambda path, gamma: 1 / (((1 - gamma) * gamma ** np.arange(len(path) - 1.0)) ** 2).sum(),
     "window: use the weights that sum to 1, those of your average."),
    (lambda path, gamma: 1 / _weights(len(path) - 1, gamma).max(), "window: all weights count, not the largest alone."),
    (lambda path, gamma: 1 / (_weights(len(path), gamma) ** 2).sum(),
     "window: the start is no iterate; there are N weights, not N + 1."),
]  # fmt: skip


def paired_cases(seed: int) -> list[Case]:
    """`answer(folder, metric, step)`: mean and 95 % interval of backward - forward over the seeds that have both."""
    draw, noise = Random(f"12-paired {seed}"), np.random.default_rng([12, 3, seed])
    cases: list[Case] = []
    for seeds in (7, 6, 9):
        lacks = draw.sample(range(seeds), 2)  # a forward and a backward run that are not finished
        table = _table(noise, seeds, {"forward": lacks[0], "backward": lacks[1]})
        config = f'{{"name": "made-up", "orders": ["forward", "backward"], "seeds": {seeds}}}\n'
        files = {"config.json": config, "metrics.csv": table.to_csv(index=False)}
        cases.append((Folder(files), draw.choice(["test loss", "train loss"]), draw.choice([40, 60])))
    return cases


def _table(noise: np.random.Generator, seeds: int, lacks: dict[str, int]) -> pd.DataFrame:
    """What metrics.csv of a result folder holds."""
    luck, rows = noise.normal(scale=0.3, size=seeds), []
    for order in ("forward", "backward"):
        for seed in (number for number in range(seeds) if number != lacks[order]):
            for metric in ("train loss", "test loss"):
                for step in (20, 40, 60, 80):
                    value = 2 - step / 80 + luck[seed] + 0.1 * noise.normal() + 0.2 * (metric == "test loss")
                    rows.append((order, seed, step, metric, round(value - 0.1 * (order == "backward"), 6)))
    return pd.DataFrame(rows, columns=["order", "seed", "step", "metric", "value"])


def _read(folder: str, metric: str, step: int) -> tuple[pd.Series, pd.Series]:
    """Backward's and forward's values by seed."""
    text = (Path(folder) / "metrics.csv").read_text(encoding="utf-8")
    rows = pd.read_csv(io.StringIO(text))
    rows = rows[(rows.metric == metric) & (rows.step == step)].set_index("seed")
    return rows[rows.order == "backward"].value, rows[rows.order == "forward"].value


def _paired(**how: Any) -> Formula:
    return lambda *case: _interval((lambda b, f: (b - f).dropna())(*_read(*case)), **how)


def _interval(gaps: Any, ddof: int = 1, level: float = 0.975, root: bool = True, quantile: float | None = None,
              more: int = 0) -> tuple[float, float, float]:  # fmt: skip
    gaps = np.asarray(gaps)
    factor = stats.t.ppf(level, len(gaps) - 1 + more) if quantile is None else quantile
    half = float(factor * gaps.std(ddof=ddof) / (len(gaps) ** 0.5 if root else 1))
    middle = float(gaps.mean())
    return middle, middle - half, middle + half


def _unpaired(common: bool) -> Formula:
    def interval(*case: Any) -> tuple[float, float, float]:
        b, f = _read(*case)
        if common:
            b, f = b[b.index.isin(f.index)], f[f.index.isin(b.index)]
        half = stats.t.ppf(0.975, min(len(b), len(f)) - 1) * float((b.var() / len(b) + f.var() / len(f)) ** 0.5)
        middle = float(b.mean() - f.mean())
        return middle, middle - half, middle + half

    return interval


def _of(change: Callable[[pd.Series, pd.Series], Any]) -> Formula:
    return lambda *case: _interval(change(*_read(*case)))


def _other(metric: str) -> str:
    return "train loss" if metric == "test loss" else "test loss"


def _over_steps(folder: str, metric: str, step: int) -> tuple[float, float, float]:
    gaps = [(lambda b, f: b - f)(*_read(folder, metric, n)).dropna() for n in (20, 40, 60, 80)]
    return _interval(sum(gaps) / 4)


PAIRED_MISTAKES: Mistakes = [
    (_of(lambda b, f: (f - b).dropna()), "the wrong way round: backward minus forward was asked for."),
    (_of(lambda b, f: b.to_numpy() - f.to_numpy()),
     "you pair by place in the table; where a run is not finished, rows of different seeds meet. Pair by seed."),
    (_of(lambda b, f: b.sub(f, fill_value=0)), "a seed without its partner has no difference; leave it out."),
    (_of(lambda b, f: (b - f).fillna(0)), "a seed without its partner has no difference, and 0 is one; leave it out."),
    (_unpaired(common=True), "the seeds are paired: same start, same batches. One difference for each seed."),
    (_unpaired(common=False), "the seeds are paired, and a run without its partner tells nothing of the difference."),
    (_paired(root=False), "that is where single seeds lie; the interval of the MEAN is narrower."),
    (_paired(quantile=1.96), "1.96 is for very many seeds; Student's quantile is larger."),
    (_paired(ddof=0), "the standard deviation of a sample divides by n - 1."),
    (_paired(level=0.95), "95 % inside leaves 2.5 % beyond EACH end."),
    (_paired(more=1), "n differences have n - 1 degrees of freedom."),
    (lambda folder, metric, step: _paired()(folder, _other(metric), step), "that is the folder's other metric."),
    (lambda folder, metric, step: _paired()(folder, metric, 80), "that is the last step; one step was asked for."),
    (_over_steps, "you averaged over steps; one step was asked for."),
    (lambda *case: _paired()(*case)[1:], "the mean is missing: return it first, then the two ends."),
    (lambda *case: (lambda mean, low, high: (low, mean, high))(*_paired()(*case)),
     "the mean comes first, then the two ends."),
]  # fmt: skip

TASKS = [
    Task(
        "12-average",
        average_cases,
        [
            Part(_mean, MEAN_MISTAKES, "average: write the weights of F_1 to F_3 down for N = 3; do they sum to 1?",
                 pick=0, shape=(2,), shape_hint="return two things: the averaged state, then the window."),
            Part(_window, WINDOW_MISTAKES, "window: the variance of a weighted mean of independent values is what, "
                 "in units of theirs?", pick=1),
        ],
    ),
    Task(
        "12-paired",
        paired_cases,
        [Part(_paired(), PAIRED_MISTAKES, "one difference for each seed with both runs, then their mean and interval.",
              shape=(3,), shape_hint="return three numbers: the mean, the lower and the upper end.")],
    ),
]  # fmt: skip
