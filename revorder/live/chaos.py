"""The live figure of notebook 02: the chaos game, forward and backward on the same tosses."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import forward_quickly, path, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed, points, reals
from revorder.plots.chaos import chaos_figure, clouds_figure
from revorder.plots.picture import Picture
from revorder.running.run import run

SHOWN, SEEDS, LATE, MOST = 40, 20, 30, 20_000  # steps and seeds that `states` gives; step of the seeds; of all steps
CORNERS = [[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]]
SQUARE = (-0.04, 1.04)  # points can be dragged a little beyond the unit square


class ChaosGame(LiveFigure):
    """Each toss of a three-sided die moves the state by the share lr of its way towards one corner of a triangle.

    Attributes:
        lr: learning rate h, 0.1 … 0.9.
        seed: of the tosses.
        start: θ_0, two numbers.
        corners: three points, [[x, y], …], in the unit square.
        step: steps shown, 0 … 20,000; also how many seeds are shown.
        speed: steps a second while it plays: 2, 20 or 1500.
        depth: magnification, 0 … 24: the frame holds the sub-triangle that the `depth` oldest batches choose.
        view: "run" for one run in both orders, "seeds" for backward at step 30 over many seeds.
    """

    figure = "chaos"
    lr = Real(0.5, min=0.1, max=0.9).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    start = reals([0.5, 0.375], *SQUARE).tag(sync=True)
    corners = points(CORNERS, *SQUARE).tag(sync=True)
    speed = traitlets.Enum([2, 20, 1500], 20).tag(sync=True)
    depth = Real(3.0, min=0, max=24).tag(sync=True)
    view = traitlets.Enum(["run", "seeds"], "run").tag(sync=True)
    step = traitlets.Int(3000, min=0, max=MOST).tag(sync=True)

    @property
    def tosses(self) -> np.ndarray:
        """The corner numbers of the one run, batch 0 first: int64 (20000,)."""
        return tosses(self.seed, MOST, 3)

    def tosses_of_seeds(self, seeds: int = SEEDS) -> np.ndarray:
        """The corner numbers of many runs: int64 (seeds, 30)."""
        return tosses(self.seed, seeds * LATE, 3, stream=1).reshape(seeds, LATE)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (41, 2), F_0 … F_40 and B_0 … B_40; ends: (20, 2), B_30 of seeds 0 … 19.

        zoomed: (31, 2), backward from batch `depth` on, which is B_depth, … as seen in the frame of that sub-triangle.
        """
        drawn, depth = self.tosses, int(self.depth)
        return {
            "forward": self._run("forward", drawn[:SHOWN]),
            "backward": self._run("backward", drawn[:SHOWN]),
            "ends": self.ends(),
            "zoomed": self._run("backward", drawn[depth : depth + LATE]),
        }

    def ends(self, seeds: int = SEEDS) -> np.ndarray:
        """B_30 of each seed: (seeds, 2)."""
        batches = self._points[self.tosses_of_seeds(seeds).T]  # one row of many seeds a step
        starts = self._start.repeat(seeds, 1)
        made = run(towards(self.lr), starts, batches, "backward", [LATE], engine="replay", progress=False)
        return np.asarray(made.state(LATE))

    def _run(self, order: str, drawn: np.ndarray) -> np.ndarray:
        """The start and the states after it, (n + 1, 2)."""
        engine = {"forward": "replay", "backward": "affine"}[order]
        return path(towards(self.lr), self._start, self._points[drawn], order, engine=engine)

    def _quickly(self, batches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same in both orders for many steps, without looking after the update as `run` does."""
        start, weights = np.array(self.start), (1 - self.lr) ** np.arange(len(batches) + 1)[:, None]
        forward = forward_quickly(self.lr, start, batches)
        sums = np.cumsum(self.lr * weights[:-1] * batches, axis=0)
        return forward, weights * start + np.concatenate([np.zeros((1, 2)), sums])

    @property
    def _start(self) -> torch.Tensor:
        return torch.tensor(self.start, dtype=torch.float64)

    @property
    def _points(self) -> torch.Tensor:
        return torch.tensor(self.corners, dtype=torch.float64)

    @property
    def picture(self) -> Picture:
        """At most 3000 steps in both orders; or the steps of forward beside the seeds of backward."""
        n, drawn = min(self.step, 3000), self.tosses
        forward, backward = self._quickly(np.array(self.corners)[drawn[:n]])
        if self.view == "run" or n == 0:
            return chaos_figure(forward, backward, self.corners, drawn[:n].tolist(), self.lr)
        clouds = {f"forward: ONE run, steps 0 to {n}": forward, f"backward: step {LATE}, {n} SEEDS": self.ends(n)}
        title = "One run over many steps, or one step over many seeds"
        return clouds_figure(clouds, self.corners, title=title, backward=[*clouds][1:])
