"""Every method of `experiments.budget` at the same learning rates: what the figure `live.MethodsByRate` plays back.

    python notebooks/results/methods_by_rate.py

records the runs anew, on one core, into revorder/live/recordings/methods_by_rate.json; its card says how long it took.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from revorder.diagnostics import spread_along_path
from revorder.diagnostics.intervals import t_quantile
from revorder.experiments.budget import Method, compare, digits, methods
from revorder.live.cards import card, digits_of
from revorder.live.methods import RATES
from revorder.live.recordings import write
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd

NAME = "methods_by_rate"
BUDGET, EPOCH = 1750, 175  # evaluations of one model, batches in an epoch
LOOKS = range(70, BUDGET + 1, 70)  # where the path is kept
TAIL = [n for n in range(35, BUDGET + 1, 35) if n > 0.75 * BUDGET]  # where its spread is taken
TUNING, COMPARED = range(16), range(16, 32)  # seeds that choose the rates, and seeds that are compared
CHOOSING, REPORTING = slice(0, 197), slice(197, None)  # test images, likewise
DIGITS = 4  # significant digits that are kept


def record(
    chosen: Mapping[str, Method] | None = None,
    rates: Sequence[float] = RATES,
    tuning: Sequence[int] = TUNING,
    compared: Sequence[int] = COMPARED,
) -> dict[str, Any]:
    """Train the digits MLP by every method at every rate, on some seeds to choose a rate and on others to compare.

    Args:
        chosen: name -> method; default: `methods(BUDGET)`.
        rates: the same learning rates for all.
        tuning: seeds whose loss on the first 197 test images chooses each method's rate.
        compared: other seeds, two or more, whose loss on the other 200 images is reported.

    Returns:
        {"methods", "rates", "tuning_seeds", "seeds", "budget", "epoch", "looks", "tail", "prices": evaluations for the
        models at all of the tail, a method each, "t": Student's quantile for 95 % intervals over the compared seeds,
        "tuning": (methods, rates, tuning seeds) losses at the budget, "paths": (methods, rates, seeds, looks) losses,
        "spreads": (methods, rates, seeds) spreads about the trend over the tail}; losses and spreads in nats, with 4
        significant digits, None where they are not finite.
    """
    chosen = methods(BUDGET) if chosen is None else chosen
    tuned = compare(digits(images=CHOOSING), chosen, tuning, BUDGET, [BUDGET], rates)
    looks = sorted({*LOOKS, *TAIL})
    losses = array(compare(digits(images=REPORTING), chosen, compared, BUDGET, looks, rates), chosen, rates)
    kept, last = ([looks.index(n) for n in some] for some in (LOOKS, TAIL))
    return {
        "methods": list(chosen), "rates": list(rates), "tuning_seeds": list(tuning), "seeds": list(compared),
        "budget": BUDGET, "epoch": EPOCH, "looks": list(LOOKS), "tail": TAIL,
        "prices": [method.path_cost(TAIL) for method in chosen.values()], "t": t_quantile(len(compared)),
        "tuning": digits_of(array(tuned, chosen, rates)[..., 0], DIGITS),
        "paths": digits_of(losses[..., kept], DIGITS),
        "spreads": digits_of(np.apply_along_axis(spread, -1, losses[..., last]), DIGITS),
    }  # fmt: skip


def array(frame: pd.DataFrame, chosen: Iterable[str], rates: Sequence[float]) -> np.ndarray:
    """The values of a frame of `compare`: (methods, rates, seeds, looks)."""
    wide = frame.pivot(index=["method", "lr", "seed"], columns="evaluations", values="value")
    return np.array([[wide.loc[(name, lr)].to_numpy() for lr in rates] for name in chosen])


def spread(losses: np.ndarray) -> float:
    """About the straight line through the losses at TAIL; NaN where one is not finite."""
    if not np.isfinite(losses).all():
        return math.nan
    return spread_along_path(Trajectory("", TAIL, None, {"loss": losses}), "loss", len(TAIL), trend=True)


def main() -> None:
    """Record everything, and write it with its card."""
    with card(__doc__) as made:
        recording = record()
    made["script"] = f"notebooks/results/{NAME}.py"
    made["images"] = "the first 197 test images choose, the other 200 are reported"
    print(f"written: {write({'card': made, **recording}, name=NAME)}")


if __name__ == "__main__":
    main()
