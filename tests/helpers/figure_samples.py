"""A picture of every figure function of `revorder.plots`, with as many lines as the course ever puts into it.

Each function takes a number; another number gives other data, so that what is said of them must change, too.
"""

from __future__ import annotations

import functools
import inspect
from itertools import product

import numpy as np
import torch
from coins import ZERO, halfway

import revorder as ro
from revorder.plots.brackets import level_line
from revorder.plots.picture import Picture

P = ro.plots
ORDERS = ("forward", "backward", "backward-window:5", "two-sided")
MORE_ORDERS = (*ORDERS, "shuffled", "backward-blocks:4", "backward-tail:3")
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
TITLE = "What the figure says"


def tosses(k, shape=60):
    return torch.from_numpy(np.random.default_rng(k).integers(2, size=shape)).double()


def spreads(k, names, low=0.01, high=1.0, seeds=5):
    draws = np.random.default_rng(k).uniform(low, high, (len(names), seeds))
    return {name: row.tolist() for name, row in zip(names, draws, strict=True)}


def scalar_run(order, x, **options):
    return ro.run(halfway, ZERO, x, order, range(1, len(x) + 1), progress=False, **options)


def loss_run(order, k, steps=40):
    losses = 2.0 ** -np.linspace(0, 4, steps) + np.random.default_rng(k).uniform(0, 0.05, steps)
    return ro.Trajectory(order, list(range(10, 10 * steps + 1, 10)), np.zeros(steps), {"test loss": losses})


def averaging_figure(k):
    cost = np.array([100, 300, 1000])
    names = ("backward", "EMA of forward", "mean of perfect draws", "mean of forward")
    curves = {name: (cost, (1 + i + k) / cost**0.8, (1.1 + i + k) / cost**0.8) for i, name in enumerate(names)}
    return P.averaging_figure(curves, title=TITLE)


def bounds_figure(k):
    bits = np.array([1, 0, 0, 1, 1, 0, 1, k])
    limit = ro.theory.binary_fraction([*bits, 0, 1])
    return P.bounds_figure(scalar_run("backward", torch.from_numpy(bits).double()), 0.0, limit, 0.5, 0.5)


def bracket_figure(k):
    minimisers = np.array([[-0.7, 0.0], [0.7, 0.2 * k]])
    loss = lambda centre: lambda points: ((points - centre) ** 2 * [1, 0.4]).sum(-1)
    start = np.array([1.3, -1.5])
    levels = [[level_line(loss(c), c, start, share) for share in (1, 0.25)] for c in minimisers]
    ends = [[[0.4, -1.2], [0.0, -0.8]], [[1.1, -1.0], [0.3, -0.6 + 0.1 * k]]]
    forward, backward = (np.array([start, *end]) for end in ends)
    return P.bracket_figure(forward, backward, [0.25, 0.3], minimisers, levels, title=TITLE)


def heat_figure(k):
    from revorder.live.methods import NAMES, RATES

    values = np.random.default_rng(k).lognormal(-2, 1, (len(NAMES), len(RATES)))
    return P.heat_figure(values, NAMES, RATES, values.argmin(axis=1), (1, 2), label="test loss (nats)", title=TITLE)


def multiples_figure(k):
    import pandas as pd

    from revorder.live.methods import NAMES

    source, rates = np.random.default_rng(k), {name: 0.1 + 0.1 * i for i, name in enumerate(NAMES)}
    rows = [(name, lr, n, seed, "test loss", source.uniform(0.1, 0.2) + 10 / n)
            for name, lr in rates.items() for n in range(20, 401, 20) for seed in range(3)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["method", "lr", "evaluations", "seed", "metric", "value"])
    return P.multiples_figure(frame, "test loss", rates, "backward", label="test loss (nats)", title=TITLE)


def boxes_figure(k):
    bits = [1, 0, 1, 1, 0, k % 2]
    paths = [ro.run(halfway, ZERO, torch.tensor(bits).double(), order, range(1, 7), progress=False).states.tolist()
             for order in ("forward", "backward")]  # fmt: skip
    return P.boxes_figure(*([0.0, *path] for path in paths), bits)


def ends_figure(k):
    words = np.array(list(product((0, 1), repeat=6)))
    weights = 0.5 ** np.arange(1, 7)
    return P.ends_figure(words @ weights[::-1], words @ weights, words, 11 + k)


def chaos_figure(k):
    source = np.random.default_rng(k)
    die = source.integers(3, size=40)
    batches = torch.from_numpy(CORNERS[die])
    start = torch.tensor([0.5, 0.375], dtype=torch.float64)
    paths = [np.concatenate([start[None], ro.run(halfway, start, batches, order, range(1, 41), progress=False).states])
             for order in ("forward", "backward")]  # fmt: skip
    return P.chaos_figure(*paths, CORNERS, die.tolist())


def clouds_figure(k):
    points = np.random.default_rng(k).dirichlet(np.ones(3), (3, 500 + k)) @ CORNERS
    clouds = dict(zip(("forward, one run", "backward, step 30, seeds", "forward, h = 2/3"), points, strict=True))
    return P.clouds_figure(clouds, CORNERS, title=TITLE, backward=["backward, step 30, seeds"])


def dimension_figure(k):
    points = np.random.default_rng(k).random((400 + k, 2))
    return P.dimension_figure(points, 4.0 ** np.arange(6), 1.9 + 0.01 * k, 2.0, 0.3)


def metrics_run(order, k, steps=12):
    draw, at = np.random.default_rng(k), np.arange(1, steps + 1)
    falls = {part: 2.0 / at + draw.uniform(0, 0.1, steps) + gap for part, gap in (("train", 0.1), ("test", 0.3))}
    metrics = {f"{part} loss": fall for part, fall in falls.items()}
    metrics |= {f"{part} accuracy": np.exp(-fall) for part, fall in falls.items()}
    return ro.Trajectory(order, (10 * at).tolist(), np.zeros(steps), metrics)


def experiment_metrics_figure(k):
    runs = {order: [metrics_run(order, k + 10 * i + seed) for seed in range(5)] for i, order in enumerate(MORE_ORDERS)}
    return P.experiment_metrics_figure(runs, title=TITLE)


def experiment_paths_figure(k):
    runs = {order: [loss_run(order, k + 10 * i + seed, 10) for seed in range(2)] for i, order in enumerate(MORE_ORDERS)}
    return P.experiment_paths_figure(runs, "test loss", unit="nats", tail=4, title=TITLE)


def experiment_spreads_figure(k):
    found = {name: dict(enumerate(row)) for name, row in spreads(k, MORE_ORDERS).items()}
    return P.experiment_spreads_figure(found, quantity="spread of the test loss along the path (nats)", title=TITLE)


def two_spreads_figure(k):
    metrics, x = {"state θ": lambda theta: theta}, tosses(k, (2, 100, 60))
    seeds = [ro.run_seeds(halfway, ZERO, each, o, [60], metrics=metrics, progress=False)
             for o, each in zip(ORDERS[:2], x, strict=True)]  # fmt: skip
    paths = [scalar_run(o, x[0, 0], metrics=metrics) for o in ORDERS[:2]]
    return P.two_spreads_figure(seeds, paths, "state θ", title=TITLE)


def paths_figure(k):
    bands = [[loss_run(order, k + i + 10 * seed) for seed in range(5)] for i, order in enumerate(ORDERS[:2])]
    lines = [loss_run(order, k + i) for i, order in enumerate(ORDERS[2:], start=2)]
    return P.paths_figure([*bands, *lines], "test loss", unit="nats", title=TITLE)


def spread_figure(k):
    by_rate = {f"lr {lr}": spreads(k + i, ORDERS) for i, lr in enumerate((0.1, 0.5))}
    return P.spread_figure(by_rate, title=TITLE, quantity="spread of the test loss along the path (nats)")


def coupling_figure(k):
    past = tosses(k, 12)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    runs = {n: torch.vstack([ends, ro.run(halfway, ends, past[:n].flip(0), "forward", range(1, n + 1),
                                          progress=False).states]) for n in range(1, 13)}  # fmt: skip
    return P.coupling_figure(runs)


def perfect_figure(k):
    uniform = np.random.default_rng(k).random(300)
    return P.perfect_figure({30: uniform, 6: np.floor(64 * uniform) / 64, 2: np.floor(4 * uniform) / 4}, 0.5)


def plan_figure(k):
    return P.plan_figure(ro.plan("forward", range(1, 33 - k)))  # the narrowest columns and the smallest letters


def cost_figure(k):
    return P.cost_figure({spec: ro.plan(spec, range(1, 20 + k)) for spec in ORDERS})


def price_figure(k):
    return P.price_figure(64, 8 + k)


def threads_figure(k):
    return P.threads_figure(ro.plan("backward", range(1, 40, 3 + k), labels=[i % 8 for i in range(40)]), 8)


def cycle_figure(k):
    forward = np.tile(CORNERS, (20, 1))
    backward = np.full((60, 2), 0.25 + 0.1 * k) + np.geomspace(1, 1e-9, 60)[:, None]
    return P.cycle_figure(forward, backward, CORNERS, [0.25, 0.25], [0.3, 0.3], title=TITLE)


def slope_figure(k):
    h = 0.5 * 2.0 ** -np.arange(7)
    sizes = {"gap": h**2, "error": (0.5 + k) * h**3, "rounding": 0.1 * h**2.5}
    return P.slope_figure(h, sizes, guides=(2, 3, 2.5), title=TITLE)


def ratios_figure(k):
    by_update = {name: spreads(k + i, ("forward", "backward")) for i, name in enumerate(("SGD", "momentum", "Adam"))}
    return P.ratios_figure(by_update, title=TITLE, quantity="spread about the trend")


def gaps_figure(k):
    steps, draw = list(range(0, 400, 20)), np.random.default_rng(k)
    gaps = {name: draw.lognormal(i, 0.3, (5, 20)) for i, name in enumerate(("parameters", "logits", "probabilities"))}
    losses = {"first": np.geomspace(2, 0.1 + k, 20)[None], "second": np.geomspace(2.3, 0.2, 20)[None]}
    return P.gaps_figure(steps, gaps, losses, title=TITLE)


def stretch_figure(k):
    rates, draw = np.linspace(0.01, 1, 20), np.random.default_rng(k)
    curves = 1 + draw.uniform(1, 2, (4, 1)) * rates
    return P.stretch_figure(rates, curves, 0.1, [0, 10, 20, 50], 1 + draw.uniform(0, 0.3, (4, 4)), title=TITLE)


FUNCTIONS = {name: made for name, made in globals().items() if name.endswith("_figure") and inspect.isfunction(made)}


@functools.cache
def sample(name: str, k: int = 0) -> Picture:
    """The picture of a figure function."""
    return FUNCTIONS[name](k)
