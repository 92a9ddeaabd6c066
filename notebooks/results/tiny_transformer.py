"""Does order matter for a transformer? Tunes the learning rate of tiny-transformer, runs it, and says what was found.

    python notebooks/results/tiny_transformer.py

writes the folder tiny-transformer beside this file, in about ten minutes of one core. Both orders are tuned on the same
grid, on seeds that are not used afterwards. What is there already is not made again: take the folder away first.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from revorder.data.datasets import Dataset
from revorder.diagnostics import Interval, mean_interval, spread_along_path
from revorder.errors import DivergedError
from revorder.experiments import Config, Folder, build, experiment, load, run
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.cards import machine
from revorder.experiments.comparisons import DETRENDED, paired, said
from revorder.experiments.reports import report
from revorder.experiments.summaries import LOSS, Results, read, summarise
from revorder.trajectories.trajectory import Trajectory

FOLDER = Path(__file__).parent / "tiny-transformer"
BOLD = FOLDER / "forward-at-its-own-rate"
RATES = (0.4, 0.8, 1.6, 3.2)
TUNING_SEEDS = range(100, 103)
LAST, BEST = f"{LOSS} at the last checkpoint", f"best {LOSS} along the path"

Losses = list[float | None]  # None where a run diverged


def end(config: Config, data: Dataset, order: str, seed: int) -> float | None:
    """The test loss at the last checkpoint alone; None if training is not finite there."""
    problem = build(config, data, seed)
    with arithmetic_of(config):
        try:
            found = problem.run(order, config.checkpoints[-1:], engine="replay", record=lambda state: {})
        except DivergedError:
            return None
    return round(float(found.metrics[LOSS][-1]), 5)


def tune(config: Config) -> dict[str, Any]:
    """Losses by order, rate and seed, the rate with the smallest mean for each order, and the card of all this."""
    data, began = load(config), time.monotonic()
    found: dict[str, Any] = {"rates": RATES, "seeds": list(TUNING_SEEDS), "step": config.checkpoints[-1], "best": {}}
    for order in config.orders:
        rows = [[end(config.replace(lr=rate), data, order, seed) for seed in TUNING_SEEDS] for rate in RATES]
        found[order], found["best"][order] = rows, RATES[int(np.argmin([mean(losses) for losses in rows]))]
    return found | {"seconds": round(time.monotonic() - began), **machine("cpu")}


def mean(losses: Losses) -> float:
    """The mean; infinite if a run diverged."""
    return float("inf") if None in losses else sum(loss for loss in losses if loss is not None) / len(losses)


def shared_rate(tuning: dict[str, Any]) -> float:
    """The rate that is best over the runs of both orders: at whole epochs they have one law, hence one best rate."""
    means = [mean([*ones, *others]) for ones, others in zip(tuning["forward"], tuning["backward"], strict=True)]
    return float(tuning["rates"][int(np.argmin(means))])


def findings(results: Results, bold: Results, tuning: dict[str, Any]) -> str:
    """What was found, in Markdown; every number is computed here."""
    config, found = results.config, paired(results)
    rows = [f"| {name} | {interval} | {said(interval)} |" for name, interval in found.items()]
    blocks = [
        f"# {config.name}: does order matter?",
        "\n".join(answers(results, found)),
        f"Learning rate {config.lr} for both orders, batches of {config.batch_size} pieces of 32 characters, "
        f"{config.steps} steps (two epochs), looked at every {config.stride}; {config.seeds} seeds. The settings are "
        f"our own. The last quarter has only {len(results.tail)} checkpoints, and a line through them takes two "
        "degrees of freedom.",
        "\n".join(["| quantity (losses in nats per character) | backward minus forward, 95 % | zero |",
                   "| --- | --- | --- |", *rows]),
        "Differences are taken seed by seed; that several quantities are looked at is not corrected for.",
        *how_tuned(tuning),
        *at_its_own_rate(results, bold),
        f"Processor of the tuning: {tuning['processor']}, one thread; of the runs: `card.json`. Made by "
        "`notebooks/results/tiny_transformer.py`. The runs stand in `metrics.csv` and [the report](report/report.md).",
    ]  # fmt: skip
    return "\n\n".join(blocks) + "\n"


def answers(results: Results, found: dict[str, Interval]) -> list[str]:
    """One line for each of three questions, as the intervals answer them."""
    forward, backward = (summarise(results.runs[order], len(results.tail)) for order in ("forward", "backward"))
    jitter, last, best = (
        answer(found[DETRENDED], "Backward jitters less", "Backward jitters more"),
        answer(found[LAST], "Backward is lower", "Backward is higher"),
        answer(found[BEST], "Yes", "No, it is worse"),
    )
    return [
        f"- **Does the path jitter less?** {jitter}: the spread of its test loss about a line through the last quarter "
        f"is {backward.about_trend:.2g} nats, forward's {forward.about_trend:.2g}.",
        f"- **Is the loss at the end another one?** {last}: {backward.loss:.4f} against {forward.loss:.4f}. After "
        "whole epochs both orders have the same law.",
        f"- **Is backward's best checkpoint better?** {best}: {backward.best:.4f} against {forward.best:.4f}.",
    ]


def answer(interval: Interval, below: str, above: str) -> str:
    """What an interval of backward minus forward says."""
    return {-1: below, 1: above, 0: "No difference is shown"}[interval.sign]


def how_tuned(tuning: dict[str, Any]) -> list[str]:
    """The grid, and what was chosen."""
    seeds, orders = tuning["seeds"], list(tuning["best"])
    rows = [
        f"| {rate} | {' | '.join(cell(tuning[order][place]) for order in orders)} |"
        for place, rate in enumerate(tuning["rates"])
    ]
    return [
        "## How the learning rate was chosen",
        f"By the test loss at step {tuning['step']}, mean over seeds {seeds[0]} to {seeds[-1]}, which are not used "
        f"above. Smallest: {', '.join(f'{order} at {rate}' for order, rate in tuning['best'].items())}. At this step, "
        "the end of an epoch, the states of both orders have the same law: if one of them seems to bear a larger rate "
        f"than the other, that is chance. Over all runs of both, {shared_rate(tuning)} is the best rate at which none "
        "diverged.",
        "\n".join([f"| learning rate | {' | '.join(orders)} |", f"| --- |{' --- |' * len(orders)}", *rows]),
    ]


def cell(losses: Losses) -> str:
    """A mean, or how many runs diverged."""
    lost = losses.count(None)
    return f"{lost} of {len(losses)} diverged" if lost else f"{mean(losses):.4f}"


def at_its_own_rate(results: Results, bold: Results) -> list[str]:
    """Forward at the rate that its own tuning runs like best, against backward at its own."""
    if bold.config.lr == results.config.lr:
        return []
    runs, count = bold.runs["forward"], bold.config.seeds
    measures: dict[str, Callable[[Trajectory], float]] = {
        f"spread of the {LOSS} about its trend": lambda run: spread_along_path(
            run, LOSS, len(results.tail), trend=True
        ),
        LAST: lambda run: float(run.metrics[LOSS][-1]),
    }
    backward = results.runs["backward"]
    gaps = {name: [of(backward[seed]) - of(runs[seed]) for seed in runs] for name, of in measures.items() if runs}
    rows = [f"| {name} | {mean_interval(each)} |" for name, each in gaps.items()]
    return [
        "## Forward at its own rate",
        f"Forward alone, on the same {count} seeds, at {bold.config.lr}: {len(bold.diverged)} of {count} runs diverge. "
        f"Backward at {results.config.lr} minus these, on the {len(runs)} seeds that are left:",
        "\n".join([f"| quantity | backward at {results.config.lr} minus forward at {bold.config.lr}, 95 % |",
                   "| --- | --- |", *rows]),
    ]  # fmt: skip


def main() -> None:
    """Tune, run, and write everything down."""
    config, folder, place = experiment("tiny-transformer", "laptop"), Folder(FOLDER), FOLDER / "tuning.json"
    folder.begin(config)
    if not place.exists():
        place.write_text(json.dumps(tune(config), indent=1) + "\n")
    tuning = json.loads(place.read_text())
    if config.lr != shared_rate(tuning):
        sys.exit(f"the catalogue has the learning rate {config.lr}, but tuning says {shared_rate(tuning)}")
    run(config, FOLDER, resume=True)
    run(config.replace(orders=("forward",), lr=tuning["best"]["forward"]), BOLD, resume=True)
    report([FOLDER], FOLDER / "report")
    (FOLDER / "README.md").write_text(findings(read(folder), read(Folder(BOLD)), tuning))


if __name__ == "__main__":
    main()
