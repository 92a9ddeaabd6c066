"""Recorded pairs of networks that see the same batches: does the gap between them shrink?"""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from revorder.diagnostics.ratios import geometric_interval
from revorder.live.base import LiveFigure
from revorder.live.gap_runs import QUANTITIES, RATES, STARTS
from revorder.live.recordings import load
from revorder.plots.picture import Picture
from revorder.plots.training import gaps_figure

TURN = 400  # steps: the gap later is compared with that at this step, when the first transient is over


class Gaps(LiveFigure):
    """Gaps of coupled pairs of digits MLPs over their gaps at step 0, for 16 seeds: two starts, the same batches.

    Attributes:
        lr: one of the recorded learning rates.
        start: of the second network: "perturbed", one gradient step away, or "independent", drawn by another seed.
        compared: "parameters", "logits" (less their mean over classes) or "probabilities".
        seed: the pair that stands out, 0 … 15.
        recording: what `revorder.live.gap_runs.record` gives: gaps at rates, seeds and looks.
        step: number of the look that is shown last.
    """

    figure = "gaps"
    lr = traitlets.Enum(RATES, 0.1).tag(sync=True)
    start = traitlets.Enum(STARTS, "perturbed").tag(sync=True)
    compared = traitlets.Enum(QUANTITIES, "probabilities").tag(sync=True)
    seed = traitlets.Int(0, min=0, max=15).tag(sync=True)
    recording = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, **traits: Any):
        super().__init__(**{"recording": load("digits_gaps"), **traits})
        if "step" not in traits:
            self.step = len(self.recording["looks"]) - 1

    def gaps(self, quantity: str) -> np.ndarray:
        """The gaps of a quantity over those at step 0, (seeds, looks), at the rate and the start that are set."""
        at = self.recording["rates"].index(self.lr)
        return np.array(self.recording["gaps"][self.start][quantity][at], dtype=float)

    def states(self) -> dict[str, np.ndarray]:
        """For each quantity its gaps' geometric mean over seeds and 95 % interval, (3, looks); and "…_later", (3,):
        the same of the gap at the last look over that at step 400, seed by seed."""
        turn = self.recording["looks"].index(TURN)
        found = {}
        for name in QUANTITIES:
            gaps = self.gaps(name)
            found[name] = geometric_interval(gaps)
            found[f"{name}_later"] = geometric_interval(gaps[:, -1] / gaps[:, turn])
        return found

    @property
    def picture(self) -> Picture:
        """Losses and gaps along all recorded steps."""
        mean, low, high = self.states()[f"{self.compared}_later"]
        last = self.recording["looks"][-1]
        title = f"h = {self.lr}: from step {TURN} to {last} {_said(f'the gap of the {self.compared}', low, high)}"
        losses = np.array(self.recording["loss"][self.recording["rates"].index(self.lr)], dtype=float)
        gaps = {name: self.gaps(name) for name in QUANTITIES}
        title += f": times {mean:.2f} (95 %: {low:.2f} to {high:.2f})"
        return gaps_figure(self.recording["looks"], gaps, {"first network": losses}, title=title)


def _said(what: str, low: float, high: float) -> str:
    """What an interval of a ratio says: one that holds 1 shows no change, which is not to say that there is none."""
    return f"{what} grows" if low > 1 else f"{what} shrinks" if high < 1 else f"no change of {what} is shown"
