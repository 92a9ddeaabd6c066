"""BudgetExplorer: two methods on coin tosses at the same budget of gradients."""

from __future__ import annotations

import functools
import html
from typing import Any

import ipywidgets as W
import numpy as np
import torch
from scipy.signal import lfilter

from revorder.experiments.budget import methods
from revorder.orders import order
from revorder.plots.budget import pair_figure
from revorder.theory.checks import Floats
from revorder.widgets.base import Explorer, side_by_side

NAMES = ("backward", "window", "blocks", "forward", "5x batches", "EMA", "SWA", "decay", "schedule-free")
BUDGETS = (200, 400, 600, 800, 1000)
CHECKPOINTS, SEEDS = 40, 300
METRICS = ("state θ", "distance from ½")


@functools.lru_cache(maxsize=64)
def weights(name: str, lr: float, budget: int) -> np.ndarray:
    """Row k: the weight of every coin toss in a method's model at the k-th of 40 equally spaced checkpoints.

    On a quadratic loss every method of `NAMES` is linear: from θ_0 = 0, θ = weights @ x with the tosses x. The error
    over seeds is exact from this: variance Var x · Σ weights², bias (Σ weights - 1) · E x.

    Args:
        name: one of `NAMES`, with the options of `experiments.budget.methods(budget)`.
        lr: learning rate h; a method that uses a multiple of it uses that multiple.
        budget: evaluations, a multiple of 200.

    Returns:
        (40, budget).
    """
    looks = checkpoints(budget)
    made = {"5x batches": _larger, "EMA": _ema, "SWA": _swa, "decay": _decay, "schedule-free": _schedule_free}
    if name in made:
        weights: np.ndarray = made[name](lr, budget)[looks - 1]
        return weights
    rows, spec = np.zeros((len(looks), budget)), order(methods(budget)[name].order)
    for row, n in zip(rows, looks.tolist(), strict=True):
        row[np.asarray(spec.word(n))] = lr * (1 - lr) ** np.arange(n - 1, -1, -1)
    return rows


def checkpoints(budget: int) -> np.ndarray:
    """40 equally spaced numbers of evaluations up to the budget."""
    return np.arange(1, CHECKPOINTS + 1) * (budget // CHECKPOINTS)


def _forward(lr: float, steps: int) -> Floats:
    return lfilter([lr], [1, lr - 1], np.eye(steps), axis=0)


def _larger(lr: float, budget: int) -> Floats:
    """A batch is spread over its five tosses; between two steps nothing moves."""
    weights: Floats = np.repeat(np.repeat(_forward(5 * lr, budget // 5), 5, axis=1) / 5, 5, axis=0)[_finished(budget)]
    return weights


def _finished(budget: int) -> np.ndarray:
    return np.maximum((np.arange(1, budget + 1) // 5) * 5 - 1, 0)


def _ema(lr: float, budget: int) -> Floats:
    theta = _forward(lr, budget)
    return lfilter([0.02], [1, -0.98], theta, axis=0, zi=0.98 * theta[:1])[0]  # it starts as the first iterate


def _swa(lr: float, budget: int) -> np.ndarray:
    rows, half = _forward(lr, budget), budget // 2
    rows[half:] = rows[half:].cumsum(axis=0) / np.arange(1, budget - half + 1)[:, None]
    return rows


def _decay(lr: float, budget: int) -> np.ndarray:
    """The learning rate falls from 2h to 0 along a half cosine."""
    theta, rows = np.zeros(budget), []
    for step in range(budget):
        now = lr * (1 + np.cos(np.pi * step / budget))
        theta = theta * (1 - now)
        theta[step] = now
        rows.append(theta)
    return np.array(rows)


def _schedule_free(lr: float, budget: int) -> np.ndarray:
    x, z, rows = np.zeros(budget), np.zeros(budget), []
    for step in range(budget):
        z = z - 5 * lr * (0.1 * z + 0.9 * x)
        z[step] += 5 * lr
        x = x + (z - x) / (step + 1)
        rows.append(x)
    return np.array(rows)


class BudgetExplorer(Explorer):
    """Two methods, one budget: SGD on coin tosses from θ_0 = 0, loss ½(θ - x)², minimiser ½.

    Attributes:
        first, second, metric, lr, budget, seed: the controls; `metric` is what the left panel shows of one run.
        runs: method -> (40, seeds) states at the checkpoints; the left panel shows the first seed.
        errors: method -> (simulated, exact) mean square errors over seeds at the checkpoints, each (40,).
        picture: what is shown, a `Picture`; the last one possible, while `error` says what is wrong.
        summary, error, image: what is shown, as HTML.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, first: str = "backward", second: str = "EMA", lr: float = 0.1, budget: int = 400):
        wide = {"style": {"description_width": "150px"}, "layout": W.Layout(width="390px")}
        calm = {"continuous_update": False, **wide}
        self.first = W.Dropdown(options=NAMES, value=first, description="first method", **wide)
        self.second = W.Dropdown(options=NAMES, value=second, description="second method", **wide)
        self.metric = W.Dropdown(options=METRICS, description="of one run, show", **wide)
        self.lr = W.FloatSlider(lr, min=0.02, max=0.36, step=0.02, description="learning rate h", **calm)
        self.budget = W.SelectionSlider(options=BUDGETS, value=budget, description="budget (evaluations)", **calm)
        self.seed = W.BoundedIntText(0, min=0, max=99, description="seed", **wide)
        self.error, self.summary = W.HTML(layout=W.Layout(min_height="2em")), W.HTML(layout=W.Layout(min_height="7em"))
        self.image = W.HTML(layout=W.Layout(min_height="335px"))
        columns = side_by_side(self.controls[:3], self.controls[3:])
        self.view = W.VBox([columns, self.error, self.summary, self.image])
        for control in self.controls:
            control.observe(self._redraw, names="value")
        self._redraw()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.first, self.second, self.metric, self.lr, self.budget, self.seed

    def _redraw(self, change: Any = None) -> None:
        names, budget = (self.first.value, self.second.value), self.budget.value
        if names[0] == names[1]:
            self.error.value = _alert(f"Both methods are {names[0]}: choose two. Below is still the last picture.")
            return
        tosses = _tosses(self.seed.value)[:budget]
        self.runs, self.errors = {}, {}
        for name in names:
            rows = weights(name, self.lr.value, budget)
            self.runs[name] = torch.mm(torch.from_numpy(rows), torch.from_numpy(tosses)).numpy()
            exact = 0.25 * (rows**2).sum(1) + 0.25 * (rows.sum(1) - 1) ** 2
            self.errors[name] = ((self.runs[name] - 0.5) ** 2).mean(1), exact
        self.picture, self.error.value = self._drawn(), ""
        self.summary.value, self.image.value = self._said(), self.picture.html

    def _drawn(self) -> Any:
        away = self.metric.value == METRICS[1]
        paths = {name: abs(run[:, 0] - 0.5) if away else run[:, 0] for name, run in self.runs.items()}
        title = self._message()
        label = "|θ - ½| (no unit)" if away else "θ (no unit)"
        return pair_figure(checkpoints(self.budget.value).tolist(), paths, self.errors, label=label, title=title,
                           best=0.0 if away else 0.5)  # fmt: skip

    def _message(self) -> str:
        ends = {name: exact[-1] for name, (_, exact) in self.errors.items()}
        better = min(ends, key=ends.__getitem__)
        return f"After {self.budget.value} evaluations, {better} has the smaller error: {ends[better]:.2g} exactly"

    def _said(self) -> str:
        looks, rows = checkpoints(self.budget.value).tolist(), ""
        tail = [n for n in looks if 4 * n > 3 * looks[-1]]
        for name, run in self.runs.items():
            spread = run[-len(tail):, :].std(axis=0).mean()  # fmt: skip
            cells = (f"{looks[-1]:,}", f"{methods(looks[-1])[name].path_cost(tail):,}",
                     f"{self.errors[name][0][-1]:.4f}", f"{self.errors[name][1][-1]:.4f}", f"{spread:.4f}")  # fmt: skip
            rows += f"<tr><th scope='row'>{html.escape(name)}</th>" + "".join(f"<td>{cell}</td>" for cell in cells)
        titles = ("evaluations: one model", f"path of {len(tail)}", f"mean square error, {SEEDS} seeds", "exact",
                "spread of θ along the path")  # fmt: skip
        head = "".join(f"<th scope='col' style='padding:0 10px'>{text}</th>" for text in titles)
        said = f"<b role='status'>{html.escape(self._message())}.</b>"
        return f"{said}<table style='line-height:1.5;text-align:center'><tr><td></td>{head}</tr>{rows}</table>"


@functools.lru_cache(maxsize=4)
def _tosses(seed: int) -> np.ndarray:
    """(most evaluations, seeds): one column for each run."""
    return np.random.default_rng(seed).integers(2, size=(BUDGETS[-1], SEEDS)).astype(float)


def _alert(text: str) -> str:
    return f'<div role="alert" style="line-height:1.4"><b>Not possible:</b> {html.escape(text)}</div>'
