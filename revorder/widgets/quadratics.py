"""QuadraticExplorer: SGD on a bowl in the plane, its predicted ellipses, and the variance along the bowl's axes."""

from __future__ import annotations

import functools
import html
from typing import Any

import ipywidgets as W
import numpy as np

from revorder.orders import order
from revorder.plots.looks import REFERENCE, STYLES, Style
from revorder.plots.picture import Picture, figure, plain_log
from revorder.plots.quadratics import draw_ellipses, draw_paths
from revorder.theory import small_lr_covariance, stationary_covariance, stationary_variance
from revorder.theory.checks import Floats
from revorder.widgets.base import Explorer, side_by_side

ORDERS = ["backward", "backward-window:50", "backward-blocks:50", "backward-tail:200", "two-sided", "shuffled"]
STEPS, SHOWN = 600, 300  # batches, and how many of the last states are drawn
SEEDS = 300  # runs whose last states are compared with theory
NOISE = np.diag([1.0, 0.25])  # covariance of one example's gradient noise
CURVE = np.linspace(0.02, 1.98, 99)  # learning rates at which the curves are drawn; the largest curvature is 1


def bowl(condition: float, degrees: float) -> np.ndarray:
    """The Hessian (2, 2) with curvature 1 along the axis at this angle to θ₁, and 1 / condition across it."""
    angle = np.radians(degrees)
    steep, flat = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    return np.outer(steep, steep) + np.outer(flat, flat) / condition


def iterates(hessian: Floats, noise: Floats, lr: float, spec: str, last: int) -> Floats:
    """The last states (last, 2) of a run from 0 with the maps T_i(θ) = θ - h(Hθ - noise_i), in any composition order.

    In the coordinates of H's axes a state is h Σ_j c^j noise_(batch with j maps after it): one sum for all of them.

    Args:
        noise: (steps, 2), one row for each batch.
        spec: a composition order, as text.
    """
    curvatures, axes = np.linalg.eigh(hessian)
    powers = (1 - lr * curvatures) ** np.arange(len(noise))[:, None]
    padded = np.concatenate([noise @ axes, np.zeros((1, len(hessian)))])  # row -1 is for words that have ended
    sums = np.einsum("njd,jd->nd", padded[_batches_after(spec, len(noise), last)], powers)
    states: Floats = lr * sums @ axes.T
    return states


def last_states(hessian: Floats, noise: Floats, lr: float, seed: int) -> Floats:
    """The forward states at step 600 of 300 runs, (300, 2), with Gaussian noise of covariance `noise` (diagonal)."""
    curvatures, axes = np.linalg.eigh(hessian)
    kicks = np.random.default_rng([seed, 1]).standard_normal((SEEDS, STEPS, 2)) * np.sqrt(noise.diagonal())
    powers = (1 - lr * curvatures) ** np.arange(STEPS)[::-1, None]
    along = np.stack([(kicks @ axis) @ power for axis, power in zip(axes.T, powers.T, strict=True)], 1)
    states: Floats = lr * along @ axes.T
    return states


@functools.lru_cache(maxsize=8)
def _batches_after(spec: str, steps: int, last: int) -> np.ndarray:
    """Entry (n, j): the batch after which j more maps are applied, in the word of the n-th of the last steps."""
    made, chosen = np.full((last, steps), -1), order(spec)
    for row, n in enumerate(range(steps - last + 1, steps + 1)):
        made[row, :n] = chosen.word(n)[::-1]
    return made


class QuadraticExplorer(Explorer):
    """A bowl ½θᵀHθ with noisy gradients: its forward path, another order's path, and what theory says of both.

    Attributes:
        lr, condition, angle, batch_size, order, seed: the controls.
        hessian, noise, covariance: (2, 2): H, the gradient noise of a batch, and the predicted Σ.
        paths: name of the order -> its states at the last 300 of 600 steps, (300, 2).
        ends: the states of 300 runs at step 600, (300, 2).
        picture: what is shown, a `Picture`; the last one that was possible, while `error` says what is wrong.
        summary, error, image: what is shown, as HTML.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self) -> None:
        wide = {"style": {"description_width": "130px"}, "layout": W.Layout(width="380px")}
        self.lr = W.FloatSlider(0.3, min=0.02, max=2.2, step=0.02, description="learning rate h",
                                continuous_update=False, **wide)  # fmt: skip
        self.condition = W.IntSlider(5, min=1, max=20, description="condition number", continuous_update=False, **wide)
        self.angle = W.IntSlider(30, min=0, max=180, step=15, description="angle (degrees)", continuous_update=False,
                                 **wide)  # fmt: skip
        self.batch_size = W.SelectionSlider(options=[1, 2, 4, 8, 16, 32], value=4, description="batch size",
                                            continuous_update=False, **wide)  # fmt: skip
        self.order = W.Dropdown(options=ORDERS, description="order", **wide)
        self.seed = W.BoundedIntText(0, min=0, max=99, description="seed", **wide)
        self.error, self.summary = W.HTML(layout=W.Layout(min_height="2em")), W.HTML(layout=W.Layout(min_height="4em"))
        self.image = W.HTML(layout=W.Layout(min_height="390px"))
        for control in self.controls:
            control.observe(self._redraw, names="value")
        columns = side_by_side(self.controls[:3], self.controls[3:])
        self.view = W.VBox([columns, self.error, self.summary, self.image])
        self._redraw()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.lr, self.condition, self.angle, self.batch_size, self.order, self.seed

    def _redraw(self, change: Any = None) -> None:
        """Run and draw what the controls say; if that is unstable, say so and leave the last picture standing."""
        hessian, noise, lr = bowl(self.condition.value, self.angle.value), NOISE / self.batch_size.value, self.lr.value
        try:
            covariance = stationary_covariance(hessian, noise, lr)
        except ValueError as error:
            self.error.value = _alert(f"{error}. At such a rate no order converges. Below is still the last picture.")
            return
        self.hessian, self.noise, self.covariance = hessian, noise, covariance
        kicks = np.random.default_rng(self.seed.value).standard_normal((STEPS, 2)) * np.sqrt(noise.diagonal())
        self.paths = {name: iterates(hessian, kicks, lr, name, SHOWN) for name in ("forward", self.order.value)}
        self.ends = last_states(hessian, noise, lr, self.seed.value)
        self.picture = _drawn(self)
        self.error.value, self.summary.value = "", _summary(self.paths, hessian, lr)
        self.image.value = self.picture.html


def spread(path: np.ndarray) -> float:
    """Along the path, in the plane: the root of the summed variances of both coordinates."""
    return float(np.sqrt(path.var(axis=0).sum()))


def _axes(hessian: np.ndarray) -> dict[str, tuple[float, np.ndarray]]:
    """Name of the axis -> its curvature and direction."""
    curvatures, axes = np.linalg.eigh(hessian)
    return {"steep": (curvatures[1], axes[:, 1]), "flat": (curvatures[0], axes[:, 0])}


def _alert(text: str) -> str:
    return f'<div role="alert" style="line-height:1.4"><b>Not possible:</b> {html.escape(text)}</div>'


def _summary(paths: dict[str, np.ndarray], hessian: np.ndarray, lr: float) -> str:
    factors = ", ".join(f"{1 - lr * curvature:.3g} along the {name} axis" for name, (curvature, _) in
                        _axes(hessian).items())  # fmt: skip
    kept = max(abs(1 - lr * curvature) for curvature, _ in _axes(hessian).values()) ** STEPS
    moves = ", ".join(f"{name} {np.linalg.norm(path[-1] - path[-2]):.2g}" for name, path in paths.items())
    return (
        f'<div role="status" style="line-height:1.4">Each map multiplies differences by {factors}; stable for '
        f"h &lt; 2.<br>Move in step {STEPS}: {moves}. What the start still weighs by then: {kept:.1g}.</div>"
    )


def _drawn(shown: QuadraticExplorer) -> Picture:
    """At the left the paths and ellipses, at the right the variance along both axes against the learning rate."""
    paths, covariance, lr = shown.paths, shown.covariance, shown.lr.value
    made, (plane, curves) = figure(7.6, 3.8, fast=True, ncols=2, margins={"top": 0.45, "bottom": 1.05})
    name = list(paths)[1]
    draw_paths(plane, paths["forward"], paths[name], name)
    draw_ellipses(plane, covariance)
    reach = 3.2 * np.sqrt(np.linalg.eigvalsh(covariance)[-1])
    plane.set(xlabel="θ₁ (no unit)", ylabel="θ₂ (no unit)", xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    plane.locator_params(nbins=4)
    measured = _draw_curves(curves, shown.ends, shown.hessian, shown.noise, lr)
    for ax, entries in ((plane, (0, 1, 2, 3)), (curves, (0, 3, 1, 2))):
        handles, names = ax.get_legend_handles_labels()
        ax.legend([handles[i] for i in entries], [names[i] for i in entries], frameon=False, fontsize=8, ncols=2,
                  loc="upper center", bbox_to_anchor=(0.5, -0.18))  # fmt: skip
    spreads = ", ".join(f"{each} {spread(path):.2g}" for each, path in paths.items())
    made.text(0.5, 0.94, f"h = {lr:.2f}, spread along the path: {spreads}", ha="center", fontweight="bold")
    return Picture(
        made,
        f"Left, θ₂ against θ₁: the last {SHOWN} forward iterates and those of {name}, with the predicted 1- and "
        f"2-sigma ellipses. Spread along the path: {spreads}. Right: variance over seeds along the axes of the bowl, "
        f"against the learning rate; at h = {lr:.2f} {measured}.",
    )


def _draw_curves(ax: Any, ends: np.ndarray, hessian: np.ndarray, noise: np.ndarray, lr: float) -> str:
    """Variance along both axes: exact, Mandt's limit, and over seeds; returns the numbers in words."""
    said, small = [], small_lr_covariance(hessian, noise, 1.0)
    labels: tuple[Style, Style] = {"label": "small-h limit"}, {"label": f"{SEEDS} seeds"}
    for (name, (curvature, axis)), style, marker in zip(_axes(hessian).items(), STYLES[2:], "D^", strict=True):
        shake = axis @ noise @ axis
        exact = [stationary_variance(h * curvature, shake / curvature**2) for h in (*CURVE, lr)]
        found = ((ends @ axis) ** 2).mean()  # the mean is 0, and known
        ax.plot(CURVE, exact[:-1], linewidth=1.8, label=f"{name} axis", zorder=3, **style)
        ax.plot(CURVE, CURVE * (axis @ small @ axis), color=REFERENCE, linewidth=0.9, **labels[0])
        ax.plot(lr, exact[-1], marker=marker, markersize=8, color=style["color"], linestyle="none", zorder=4)
        ax.plot(lr, found, marker=marker, markersize=8, color="none", markeredgecolor="black", linestyle="none",
                zorder=5, **labels[1])  # fmt: skip
        labels = {}, {}
        said.append(f"{name} axis {exact[-1]:.2g} predicted and {found:.2g} over {SEEDS} seeds")
    ax.axvline(lr, color=REFERENCE, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0)
    ax.set(
        yscale="log",
        xlabel="learning rate h (no unit)",
        ylabel="variance over seeds",
        xlim=(0, 2),
        xticks=[0, 0.5, 1, 1.5, 2],
    )
    plain_log(ax.yaxis)
    return ", ".join(said)
