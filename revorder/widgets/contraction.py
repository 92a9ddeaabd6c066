"""The widget of notebook 01: two starts, one sequence of coin tosses, and the gap between the two runs."""

from __future__ import annotations

import html

import ipywidgets as W
import torch

from revorder.plots.contraction import gap_figure
from revorder.plots.picture import Picture
from revorder.running.run import run
from revorder.theory import error_bound
from revorder.trajectories.trajectory import Trajectory
from revorder.widgets.base import Explorer, side_by_side

STEPS = 30
ROUNDING = 1e-15  # no smaller bound is shown, since float64 would not keep it


class TwoStarts(Explorer):
    """Two runs of the scalar model on the same coin tosses: x in {0, 1}, T(θ) = θ - h (θ - x).

    Attributes:
        start_a, start_b, lr, order, seed: the controls.
        trajectory: the run shown, both starts together: states (30, 2).
        picture: its `Picture`.
        summary, image: what is shown of them, as HTML.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, order: str = "forward", start_a: float = 0.2, start_b: float = 3.0, lr: float = 0.5):
        self.start_a = _slider(start_a, -2, 4, 0.1, "start a")
        self.start_b = _slider(start_b, -2, 4, 0.1, "start b")
        self.lr = _slider(lr, 0.05, 2.2, 0.05, "learning rate h")
        self.order = W.Dropdown(options=["forward", "backward"], value=order, description="order")
        self.seed = W.BoundedIntText(0, min=0, max=999, description="seed of the tosses")
        self.summary = W.HTML(layout=W.Layout(min_height="4.5em"))
        self.image = W.HTML(layout=W.Layout(min_height="370px"))
        for control in self.controls:
            control.style.description_width, control.layout.width = "120px", "360px"
            control.observe(self._redraw, names="value")
        columns = side_by_side(self.controls[:3], self.controls[3:])
        self.view = W.VBox([columns, self.summary, self.image])
        self._redraw()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.start_a, self.start_b, self.lr, self.order, self.seed

    @property
    def tosses(self) -> torch.Tensor:
        """The coin tosses x_0 … x_29 of the chosen seed: (30,), float64."""
        source = torch.Generator().manual_seed(self.seed.value)
        return torch.randint(0, 2, (STEPS,), generator=source).double()

    @property
    def rate(self) -> float:
        """ρ = |1 - h|."""
        return float(abs(1 - self.lr.value))

    @property
    def first_move(self) -> float:
        """R = h · max(|a|, |1 - a|): how far one batch, 0 or 1, can move the start a."""
        return float(self.lr.value * max(abs(self.start_a.value), abs(1 - self.start_a.value)))

    def _redraw(self, change: object = None) -> None:
        lr, starts = self.lr.value, torch.tensor([self.start_a.value, self.start_b.value], dtype=torch.float64)
        self.trajectory: Trajectory = run(lambda theta, x: theta - lr * (theta - x), starts, self.tosses,
                                          self.order.value, range(1, STEPS + 1), progress=False)  # fmt: skip
        made = gap_figure(self.trajectory, starts.numpy(), self.rate, first_move=self.first_move)
        self.picture: Picture = made
        self.summary.value, self.image.value = self._said(), made.html

    def _said(self) -> str:
        """The gap at the last step, and what the backward contraction principle promises."""
        a, b = self.trajectory.state(STEPS).tolist()
        began = abs(self.start_a.value - self.start_b.value)
        gap = f"Gap {began:.3g} at step 0, {abs(a - b):.3g} at step {STEPS}."
        try:
            bound = max(error_bound(self.rate, STEPS, self.first_move), ROUNDING)
        except ValueError as error:
            return (
                f'<div role="alert" style="line-height:1.4">{gap}<br><b>No bound:</b> {html.escape(str(error))}</div>'
            )
        where = f"B_{STEPS} from a is within {bound:.2g} of its limit, whatever comes after"
        if self.order.value == "forward":
            where = "a forward path has no limit to be near to"
        return f'<div role="status" style="line-height:1.4">{gap}<br>Rate ρ = {self.rate:.3g}: {where}.</div>'


def _slider(value: float, low: float, high: float, step: float, description: str) -> W.FloatSlider:
    return W.FloatSlider(value, min=low, max=high, step=step, description=description, continuous_update=False)
