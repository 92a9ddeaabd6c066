"""The options that commands of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def options(*chosen: Command) -> Command:
    """Several options as one decorator, in the order of the help text."""
    return lambda command: reduce(lambda made, option: option(made), reversed(chosen), command)


CODE = click.option("--import", "code", multiple=True, metavar="FILE[:NAME]",
                    help="A Python file of your own (or a module) that is run first: it registers models, data, "
                         "orders, losses or metrics. With NAME: what a configuration names so. May be repeated. "
                         "Nothing else is ever imported.")  # fmt: skip
WHAT = options(
    click.argument("name"),
    click.option("--profile",
                 help="Default: laptop. smoke: under a minute, says only that all works; laptop: minutes on a CPU; "
                      "colab: about 20 minutes a seed on a T4, by estimate; gpu: hours."),
    click.option("--orders", multiple=True, metavar="ORDER[,ORDER…]",
                 help="Composition orders, such as forward,backward,backward-window:8, or your own, such as "
                      "study.py:OddEven. May be repeated."),
    click.option("--seeds", type=int, help="How many seeds; each has initial parameters and batches of its own."),
    click.option("--engine", help="wavefront: states that share a batch advance together, faster; replay: one by one, "
                                  "and a resumed run has the same bits as one that was not stopped."),
    click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE",
                 help="Any field of the configuration, such as lr=0.02 or train_examples=1000; the value is JSON, or "
                      "else a text. May be repeated."),
    click.option("--config", "file", type=click.Path(path_type=Path), metavar="FILE",
                 help="JSON with fields of the configuration, all or some; other options replace them. Then NAME may "
                      "be new. It may name what --import registers, and imports nothing itself."),
    click.option("--model", metavar="MODEL", help="A registered model, or one of a file: study.py:make_net. NAME may "
                                                  "be new."),
    click.option("--data-set", "dataset", metavar="DATA", help="A registered data set, or study.py:load. NAME may be "
                                                               "new."),
    click.option("--loss", metavar="LOSS", help="cross-entropy, mse, or your own, such as study.py:huber."),
    click.option("--metrics", multiple=True, metavar="METRIC[,METRIC…]",
                 help="Your own metrics beside loss and accuracy, such as study.py:margin. May be repeated."),
    CODE,
)  # fmt: skip
WHERE = click.option("--device", help="Where tensors live, such as cpu or cuda. Default: cuda, if it is there.")
HOW = options(
    click.option("--data", type=click.Path(path_type=Path),
                 help="Folder with the data set. Default: the variable REVORDER_DATA, or a download."),
    click.option("--interval", type=click.FloatRange(min=0), default=180.0, show_default=True,
                 help="Seconds between snapshots: what is lost at most if the process is killed."),
)  # fmt: skip
