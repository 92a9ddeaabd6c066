"""Many rounds, drawn from a seed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from revorder.experiments import Config, Folder, experiment, run
from torture.acts import ACTS
from torture.rounds import Round
from torture.starting import Nursery

EXECUTORS = ["none", "none", "none", "threads", "threads", "processes", "processes", "dask"]
SMALL = experiment("mlp-digits", "smoke").replace(engine="replay", threads=1)
CONFIGS = [
    SMALL.replace(seeds=2, steps=200),
    SMALL.replace(seeds=3, steps=200, orders=["backward"], keep_states=True),
    SMALL.replace(seeds=1, steps=240, orders=["backward"], parts=3),
    SMALL.replace(seeds=1, steps=240, parts=2, momentum=0.9, keep_states=True),
    SMALL.replace(seeds=2, steps=160, orders=["backward", "backward-window:20", "forward"], precision="float64"),
]


class Session:
    """A nursery, a place for folders, and the undisturbed results, each made once."""

    def __init__(self, plant: str | None = None):
        self.plant, self.truths, self.stack = plant, dict[Config, Folder](), ExitStack()

    def __enter__(self) -> Session:
        self.scratch = Path(tempfile.mkdtemp(prefix="revorder-torture-"))
        self.stack.callback(shutil.rmtree, self.scratch)
        self.nursery = Nursery()
        self.stack.callback(self.nursery.close)
        return self

    def __exit__(self, *raised: object) -> None:
        self.stack.close()

    def truth(self, config: Config) -> Folder:
        if config not in self.truths:
            self.truths[config] = run(config, self.scratch / f"undisturbed-{len(self.truths)}")
        return self.truths[config]

    def drawn(self, name: str) -> tuple[Round, list[str]]:
        """A round and its acts, decided by a name such as "seed 1, round 2"."""
        rng = Random(name)
        config, executor, interval = rng.choice(CONFIGS), rng.choice(EXECUTORS), rng.choice([0.05, 0.05, 0.2, 0.5])
        acts = rng.sample(sorted(ACTS), rng.randint(2, 5))
        return self.round(config, executor, interval, rng), acts

    def round(self, config: Config, executor: str, interval: float, rng: Random) -> Round:
        truth, scratch = self.truth(config), Path(tempfile.mkdtemp(dir=self.scratch))
        return Round(self.nursery, config, truth, scratch, rng, self.plant, executor, interval)


def carried_out(round: Round, acts: Sequence[str]) -> Round:
    """Let acts happen one after another, then bring the experiment to its end. Raises Lost."""
    try:
        for act in acts:
            if round.rng.random() < 0.8:
                round.reopen()
            round.say(f"-- {act}")
            ACTS[act](round)
            round.look_back()
        round.say("-- left alone")
        round.finish()
    finally:
        round.close()
    shutil.rmtree(round.scratch)
    return round
