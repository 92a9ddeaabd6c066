"""The widget of notebook 00: train on the digits forward and in an order of choice, and look at both paths."""

from __future__ import annotations

import html

import ipywidgets as W

from revorder.errors import DivergedError
from revorder.plots.paths import paths_figure
from revorder.plots.picture import Picture, spoken
from revorder.problems import digits_mlp
from revorder.trajectories.trajectory import Trajectory
from revorder.widgets.base import Explorer, busy, row

ORDERS = ["backward", "backward-window:50", "backward-tail:200", "backward-blocks:25", "two-sided", "shuffled"]
IMAGES = 1400  # in the training set


class DigitsExplorer(Explorer):
    """Sliders for learning rate, batch size and composition order; every release trains again on the digits.

    The title gives the spread about a straight line through the last 20 looks, since the losses still fall.

    Attributes:
        lr, batch_size, order, seed: the controls.
        picture: what is shown, a `Picture`.
        status: its alt text, read aloud when it changes.
        trajectories: the runs behind it: forward, and the chosen order. Empty if one diverged.
        sign: says that the kernel trains, while it does.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, steps: int = 1000, stride: int = 20):
        self.checkpoints = range(stride, steps + 1, stride)
        wide = {"style": {"description_width": "110px"}, "layout": W.Layout(width="min(380px, 100%)")}
        self.lr = W.FloatLogSlider(
            0.1,
            min=-2,
            max=0,
            step=0.1,
            description="learning rate",
            continuous_update=False,
            readout_format=".2g",
            **wide,
        )
        self.batch_size = W.SelectionSlider(
            options=[2, 4, 8, 16, 32], value=8, description="batch size", continuous_update=False, **wide
        )
        self.order = W.Dropdown(options=ORDERS, description="order", **wide)
        self.seed = W.BoundedIntText(0, min=0, max=99, description="seed", **wide)
        self.image, self.status = W.HTML(layout=W.Layout(min_height="330px")), W.HTML()
        self.sign = W.HTML(layout=W.Layout(min_height="1.6em"))
        controls = [self.lr, self.batch_size, self.order, self.seed]
        self.view = W.VBox([row(*map(_column, (controls[:2], controls[2:]))), self.sign, self.image, self.status])
        for control in controls:
            control.observe(self._redraw, names="value")
        self._redraw()

    def _redraw(self, change: object = None) -> None:
        self.trajectories, self.status.value = [], ""
        try:
            with busy(self.sign, self.image, said="Training both orders on the digits …"):
                self.trajectories = self._train()
            epoch = IMAGES // self.batch_size.value
            self.picture: Picture | None = paths_figure(
                self.trajectories, "test loss", unit="nats", last=20, log=True, trend=True, epoch=epoch, fast=True
            )
            self.image.value, self.status.value = self.picture.html, spoken(self.picture.alt)
        except DivergedError as error:
            self.picture = None
            said = f"<b>Diverged:</b> {html.escape(str(error))}. Choose a smaller learning rate."
            self.image.value = f'<p role="alert">{said}</p>'

    def _train(self) -> list[Trajectory]:
        problem = digits_mlp(self.lr.value, self.batch_size.value, self.checkpoints[-1], seed=self.seed.value)
        return [problem.run(order, self.checkpoints) for order in ("forward", self.order.value)]


def _column(controls: list[W.Widget]) -> W.VBox:
    return W.VBox(controls, layout=W.Layout(width="min(400px, 100%)"))
