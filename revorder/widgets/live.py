"""Behind the experiment panel: a thread that can be paused, the progress of a whole experiment, and what it shows."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from revorder.experiments import Config, Progress, jobs
from revorder.experiments.estimates import Estimate, duration
from revorder.experiments.summaries import LOSS
from revorder.plots.labels import entry, with_unit
from revorder.plots.looks import looks
from revorder.plots.picture import Picture, figure, plain_log
from revorder.trajectories.trajectory import Trajectory

Curve = tuple[list[int], np.ndarray]  # steps, and the test loss there


class Task(threading.Thread):
    """Work in a thread of its own that can be paused, stopped and waited for; it keeps what it returns or raises.

    Attributes:
        stop, go: the events that stop it, and that it waits for while it is paused.
        found, error: the outcome.
    """

    def __init__(self, work: Callable[[Task], Any], ended: Callable[[Task], None]):
        super().__init__(daemon=True)
        self.work, self.ended = work, ended
        self.stop, self.go = threading.Event(), threading.Event()
        self.go.set()
        self.found: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.found = self.work(self)
        except Exception as error:  # shown by whoever looks at the task
            self.error = error
        self.ended(self)


class Meter:
    """The progress of single jobs as that of the whole experiment, and the time that is left.

    What is left is the predicted time, corrected by how the predictions did until now: an evaluation in one order may
    take much longer than in another one.
    """

    def __init__(self, config: Config, price: Estimate):
        self.jobs = jobs(config)
        one = {(job.order, job.part): job.plan(config).cost for job in self.jobs if not job.seed}
        self.weight = {cost.order: max(cost.seconds / cost.evaluations, 1e-9) for cost in price.orders}
        costs = [one[job.order, job.part] for job in self.jobs]
        self.before = np.cumsum([0, *costs])
        self.seconds = np.cumsum(
            [0.0, *(cost * self.weight[job.order] for cost, job in zip(costs, self.jobs, strict=True))]
        )
        self.evaluations, self.total, self.said = 0, int(self.before[-1]), ""
        self.first: float | None = None
        self.began, self.paused = time.monotonic(), 0.0

    def read(self, progress: Progress) -> str:
        """Take note of the progress, and say it."""
        number = self.jobs.index(progress.job)
        self.evaluations = int(self.before[number]) + progress.evaluations
        seconds = self.seconds[number] + progress.evaluations * self.weight[progress.job.order]
        if self.first is None:
            self.first, self.began, self.paused = seconds, time.monotonic(), 0.0
        self.said = (
            f"job {number + 1} of {len(self.jobs)} ({progress.job.order}, seed {progress.job.seed}); "
            f"{self.evaluations:,} of {self.total:,} evaluations, {100 * self.evaluations / self.total:.0f} %"
            f"{self._left(seconds)}"
        )
        return self.said

    def _left(self, seconds: float) -> str:
        if self.first is None or seconds <= self.first or self.evaluations == self.total:
            return ""
        active = time.monotonic() - self.began - self.paused
        left = active * (self.seconds[-1] - seconds) / (seconds - self.first)
        return f", {'about ' if left >= 1 else ''}{duration(left)} left"


class Curves:
    """The test loss along the paths of all runs, as far as they are known.

    Attributes:
        of: job -> its order, and its curve.
        unit: of the loss; "" for none.
    """

    def __init__(self, finished: Mapping[tuple[str, int], Trajectory] | None = None, unit: str = "nats"):
        self.unit = unit
        self.of: dict[str, tuple[str, Curve]] = {
            f"{order}-seed{seed}": (order, (run.steps, run.metrics[LOSS]))
            for (order, seed), run in (finished or {}).items()
        }

    def note(self, progress: Progress) -> bool:
        """Take over what a job has gathered; returns whether there is something new."""
        collected, job = progress.collected, str(progress.job)
        done = collected.done
        if not done.any() or (job in self.of and len(self.of[job][1][0]) == done.sum()):
            return False
        steps = np.array(collected.plan.steps)[done].tolist()
        self.of[job] = (progress.job.order, (steps, collected.values[LOSS][done].copy()))
        return True

    def picture(self) -> Picture:
        """All curves, one thin line for each run."""
        made, ax = figure(7.6, 3.3, fast=True, margins={"top": 0.4})
        by_order: dict[str, list[Curve]] = {}
        for order, curve in list(self.of.values()):
            by_order.setdefault(order, []).append(curve)
        styles = looks(list(dict.fromkeys(["forward", "backward", *by_order])))
        for name, curves in by_order.items():
            for number, (steps, losses) in enumerate(curves):
                label = None if number else entry(name)
                ax.plot(steps, losses, markersize=3.5, linewidth=0.9, label=label, **styles[name])
        loss = with_unit(LOSS, self.unit)
        ax.set(xlabel="step n (batches)", ylabel=loss)
        if not by_order:
            ax.set(xticks=[], yticks=[])
            ax.text(0.5, 0.5, "no checkpoint yet", ha="center", va="center", transform=ax.transAxes)
            return Picture(made, f"An empty plot of the {loss} against the step n (batches): no checkpoint yet.")
        values = np.concatenate([losses for curves in by_order.values() for _, losses in curves])
        if values.min() > 0 and values.max() > 4 * values.min():
            ax.set_yscale("log")
            plain_log(ax.yaxis)
        ax.legend(title="composition order", frameon=False)
        ax.set_title(f"one line for each run ({len(self.of)} until now)")
        said = "; ".join(f"{name}: {_said(curves)}" for name, curves in by_order.items())
        return Picture(made, f"Line plot of the {loss} against the step n (batches), one line for each run. {said}.")


def _said(curves: list[Curve]) -> str:
    ends = ", ".join(f"{losses[-1]:.3g} at step {steps[-1]}" for steps, losses in curves[:3])
    return f"{len(curves)} run{'s' if len(curves) > 1 else ''}, {LOSS} {ends}{', …' if len(curves) > 3 else ''}"


def price_table(price: Estimate, what: str) -> str:
    """An estimate as an HTML table, under what was priced; all texts are escaped."""
    head = ("order", "jobs", "evaluations", "batched calls", "states at once", "predicted time")
    rows = [(cost.order, cost) for cost in price.orders] + [("all", price)]
    cells = [
        (
            name,
            f"{cost.jobs:,}",
            f"{cost.evaluations:,}",
            f"{cost.launches:,}",
            f"{cost.peak_states:,}",
            duration(cost.seconds),
        )
        for name, cost in rows
    ]
    right = 'style="text-align:right; padding-left:1.5em"'
    top = "".join(f'<th scope="col" {right if i else ""}>{name}</th>' for i, name in enumerate(head))
    body = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(line[0])}</th>'
        + "".join(f"<td {right}>{html.escape(cell)}</td>" for cell in line[1:]) + "</tr>"
        for line in cells
    )  # fmt: skip
    timing = html.escape(". ".join(said[0].upper() + said[1:] for said in price.timing))
    return (
        f'<table style="line-height:1.5"><caption style="text-align:left">Cost of {html.escape(what)}</caption>'
        f"<tr>{top}</tr>{body}</table>{html.escape(price.memory)}.<br>Evaluations are exact; the time is an estimate "
        f"from a few steps that were timed on this machine when the cost was asked for.<br>{timing}."
    )
