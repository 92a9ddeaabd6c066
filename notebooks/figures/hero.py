"""Draws the README's animation, forward jitter against backward settling: python notebooks/figures/hero.py

hero.gif moves; hero.png is its last frame, for readers who prefer reduced motion.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import revorder as ro

FOLDER = Path(__file__).parent
STEPS, TAIL = 120, 15
FEATURES = [2, 8]  # body mass index and blood lipids
MARKERS = {"forward": "o", "backward": "s"}


def paths(lr: float = 0.2, batch_size: int = 4, seed: int = 0) -> dict[str, np.ndarray]:
    """States (STEPS + 1, 2) of a linear regression on diabetes from the same batches in both orders, from step 0 on."""
    inputs, targets = ro.datasets.diabetes().train
    data = inputs[:, FEATURES], targets
    batches = ro.batches.Minibatches(data, ro.batches.iid(len(targets), batch_size, STEPS, seed))
    update = ro.sgd(lambda theta, batch: (batch[0] @ theta - batch[1]).square().mean() / 2, lr)
    start = update.init(torch.zeros(2, dtype=torch.float64))
    found = {}
    for order in ("forward", "backward"):
        run = ro.run(update, start, batches, order, range(1, STEPS + 1), progress=False)
        found[order] = np.vstack([update.params(start), update.params(run.states)])
    return found


def least_squares() -> np.ndarray:
    inputs, targets = ro.datasets.diabetes().train
    return torch.linalg.lstsq(inputs[:, FEATURES], targets[:, None]).solution[:, 0].numpy()


class Animation:
    """Two panels: the states in the plane, and one of their coordinates along the steps."""

    def __init__(self, found: dict[str, np.ndarray]):
        self.found = found
        self.figure = Figure(figsize=(8.0, 3.6), dpi=100, layout="constrained")
        self.plane, self.time = self.figure.subplots(1, 2, width_ratios=[1, 1.35])
        self.title = self.figure.suptitle("", fontweight="bold")
        self._furnish()
        self.drawn = [self._lines(name, style) for name, style in zip(found, ro.plots.STYLES, strict=False)]

    def _furnish(self) -> None:
        states = np.vstack(list(self.found.values()))
        low, high = states.min(axis=0) - 0.06, states.max(axis=0) + 0.06
        best = least_squares()
        self.plane.plot(*best, "+", color="black", markersize=11, markeredgewidth=2)
        self.plane.text(0.97, 0.04, "+  least squares", transform=self.plane.transAxes, ha="right")
        self.plane.annotate("θ₀", (0, 0), (6, -4), textcoords="offset points")
        self.plane.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="θ₁ (no unit)", ylabel="θ₂ (no unit)")
        self.time.set(xlim=(0, STEPS), ylim=(low[0], high[0]), xlabel="step n (batches)", ylabel="θ₁ (no unit)")
        for ax in (self.plane, self.time):
            ax.spines[["top", "right"]].set_visible(False)
            ax.grid(alpha=0.25)

    def _lines(self, name: str, style: dict) -> tuple:
        tail = self.plane.plot([], [], linewidth=1, alpha=0.7, **style)[0]
        head = self.plane.plot([], [], MARKERS[name], color=style["color"], markersize=9, markeredgecolor="white")[0]
        line = self.time.plot([], [], linewidth=1.6, marker=MARKERS[name], markevery=[-1], label=name, **style)[0]
        self.time.legend(frameon=False, loc="lower right", title="composition order")
        return tail, head, line

    def frame(self, step: int) -> Image.Image:
        """Both orders at this step, as a picture."""
        self.title.set_text(f"The same {step} batches: forward jitters, backward settles")
        for states, (tail, head, line) in zip(self.found.values(), self.drawn, strict=True):
            tail.set_data(*states[max(0, step - TAIL) : step + 1].T)
            head.set_data(*states[step : step + 1].T)
            line.set_data(np.arange(step + 1), states[: step + 1, 0])
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        self.figure.set_layout_engine("none")  # later frames stand where the first one stood
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def main() -> None:
    animation = Animation(paths())
    frames = [animation.frame(step) for step in range(STEPS + 1)]
    frames[-1].save(FOLDER / "hero.png", optimize=True)
    # one palette for all frames, so that each stores only what moved
    palette = frames[-1].quantize(64, method=Image.Quantize.FASTOCTREE)
    first, *rest = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [70] * STEPS + [2500]  # milliseconds; the end rests for a while
    first.save(FOLDER / "hero.gif", save_all=True, append_images=rest, duration=durations, loop=0)
    late = {name: float(states[STEPS // 2 :].std(axis=0).max()) for name, states in animation.found.items()}
    print(f"largest spread along the second half of the path: {late}")


if __name__ == "__main__":
    main()
