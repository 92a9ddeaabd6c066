"""Recorded training of every method of notebook 09 at the same learning rates, compared seed by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from revorder.diagnostics.intervals import student
from revorder.live.base import LiveFigure
from revorder.live.recordings import load
from revorder.plots.budget import heat_figure
from revorder.plots.picture import Picture
from revorder.theory.checks import Floats

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("forward", "backward", "window", "blocks", "Lookahead", "5x batches", "SWA", "LAWA", "EMA", "schedule-free",
         "decay")  # fmt: skip
RATES = (0.1, 0.2, 0.4, 0.8, 1.6)


class MethodsByRate(LiveFigure):
    """Methods of training the digits MLP at an equal budget of gradients, each at the same learning rates.

    Each method's rate is tuned on some seeds by the loss on one part of the test images; what is shown are other seeds
    and the other part.

    Attributes:
        method, lr: the cell that is selected.
        reference: the method that the others are compared with.
        shown: "loss" at the end, or "spread" along the path: about the trend of the looks in its last quarter, in nats.
        rates: "own": each method at its tuned rate, but the selected one at `lr`; "same": all at `lr`.
        recording: what the script notebooks/results/methods_by_rate.py recorded.
    """

    figure = "methods_by_rate"
    method = traitlets.Enum(NAMES, "EMA").tag(sync=True)
    lr = traitlets.Enum(RATES, 0.4).tag(sync=True)
    reference = traitlets.Enum(NAMES, "backward").tag(sync=True)
    shown = traitlets.Enum(["loss", "spread"], "loss").tag(sync=True)
    rates = traitlets.Enum(["own", "same"], "own").tag(sync=True)
    recording = traitlets.Dict().tag(sync=True)

    @traitlets.default("recording")
    def _recorded(self) -> dict[str, Any]:
        return {name: value for name, value in load("methods_by_rate").items() if name != "card"}

    @property
    def tuned(self) -> dict[str, float]:
        """Method -> the rate that was best on the tuning seeds."""
        grid = self.recording["rates"]
        return {name: grid[rate] for name, rate in zip(self.recording["methods"], self._tuned(), strict=True)}

    def frame(self, part: str = "compared") -> pd.DataFrame:
        """The recording as `revorder.experiments.budget.compare` returns it: columns method, lr, seed, evaluations,
        metric and value.

        Args:
            part: "tuning" for the "test loss" at the end of the runs that choose the rates; "compared" for the others'
                "test loss" at every look and "spread about the trend" at the last one.
        """
        import pandas as pd

        if part == "tuning":
            return self._tidy("test loss", np.array(self.recording["tuning"], dtype=float)[..., None], "tuning_seeds")
        losses, spreads = (np.array(self.recording[name], dtype=float) for name in ("paths", "spreads"))
        parts = [self._tidy("test loss", losses), self._tidy("spread about the trend", spreads[..., None])]
        return pd.concat(parts, ignore_index=True)

    def _tidy(self, metric: str, values: np.ndarray, seeds: str = "seeds") -> pd.DataFrame:
        """Values (methods, rates, seeds, looks), of which the last look is at the budget."""
        import pandas as pd

        keys = ("methods", "rates", seeds, "looks")
        axes = [self.recording[key] for key in keys[:3]] + [self.recording["looks"][-values.shape[-1] :]]
        index = pd.MultiIndex.from_product(axes, names=["method", "lr", "seed", "evaluations"])
        made = pd.DataFrame({"value": values.ravel()}, index).reset_index().assign(metric=metric)
        return made[["method", "lr", "seed", "evaluations", "metric", "value"]]

    def _tuned(self) -> list[int]:
        means = np.array(self.recording["tuning"], dtype=float).mean(axis=-1)
        found: list[int] = np.where(np.isfinite(means), means, np.inf).argmin(axis=1).tolist()
        return found

    def _ends(self) -> Floats:
        """(methods, rates, seeds): what is shown of each run."""
        paths, spreads = (np.array(self.recording[name], dtype=float) for name in ("paths", "spreads"))
        found: Floats = paths[..., -1] if self.shown == "loss" else spreads
        return found

    def _places(self) -> tuple[int, int, int]:
        """Numbers of the selected method, of its rate, and of the reference."""
        names = self.recording["methods"]
        return names.index(self.method), self.recording["rates"].index(self.lr), names.index(self.reference)

    def states(self) -> dict[str, np.ndarray]:
        """tuned, used: (methods,) numbers of rates, used in the comparison; means: (methods, rates).

        Paired over seeds with the reference: difference, low, high: (methods,) with Student's 95 % intervals, and
        better: at how many seeds it is negative. path, base: (looks,) mean test losses of the selected cell and of the
        reference.
        """
        (row, at, base), tuned, ends = self._places(), np.array(self._tuned()), self._ends()
        used = np.full_like(tuned, at) if self.rates == "same" else np.where(np.arange(len(tuned)) == row, at, tuned)
        base_at = at if self.rates == "same" else int(tuned[base])
        gaps = ends[np.arange(len(tuned)), used] - ends[base, base_at]
        mean, low, high = student(gaps)
        paths = np.array(self.recording["paths"], dtype=float).mean(axis=2)
        return {"tuned": tuned, "used": used, "means": ends.mean(axis=2), "difference": mean, "low": low, "high": high,
                "better": (gaps < 0).sum(axis=1), "path": paths[row, at], "base": paths[base, base_at]}  # fmt: skip

    @property
    def picture(self) -> Picture:
        """The heat map, with the rates that were tuned framed."""
        states, names = self.states(), self.recording["methods"]
        row, at, base = self._places()
        what = "test loss" if self.shown == "loss" else "spread along the path"
        gap, low, high = (states[name][row] for name in ("difference", "low", "high"))
        title = (f"{self.method} at h = {self.lr} minus {self.reference}: {gap:+.3f} nats of {what}, "
                 f"95 % from {low:+.3f} to {high:+.3f}")  # fmt: skip
        return heat_figure(states["means"], names, self.recording["rates"], states["tuned"].tolist(), (row, at),
                           label=f"{what} (nats)", title=title)  # fmt: skip
