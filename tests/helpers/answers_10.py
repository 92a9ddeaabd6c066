"""Answers to the exercises of notebook 10: right, beside the solution that ships, and wrong, with the hints."""

import numpy as np

from revorder.experiments import Config, jobs


def looks(steps, first, stride):
    return [n for n in range(stride, steps + 1, stride) if n >= first]


def priced(forward, backward):
    """A formula made of the prices of one seed; both are functions of the checkpoints and the number of steps."""
    return lambda steps, first, stride, orders, seeds: (
        seeds
        * sum({"forward": forward, "backward": backward}[order](looks(steps, first, stride), steps) for order in orders)
    )


def last(checkpoints, steps):
    return checkpoints[-1]


def total(checkpoints, steps):
    return sum(checkpoints)


def by_library(steps, first, stride, orders, seeds):
    config = Config("mine", steps=steps, first=first, stride=stride, orders=tuple(orders), seeds=seeds)
    return sum(job.plan(config).cost for job in jobs(config))


def late(frame, steps):
    return frame[(frame.metric == "test loss") & (frame.step > 0.75 * steps)]


def by_hand(frame, steps):
    own, found = late(frame, steps), {}
    for order in ("forward", "backward"):
        runs = [own[(own.order == order) & (own.seed == seed)].value for seed in range(3)]
        found[order] = np.mean([np.std(run.to_numpy()) for run in runs])
    return found


def per(frame, key, **options):
    return frame.groupby(["order", key]).value.std(**options).groupby("order").mean()


RIGHT = [
    ("10-cost", by_library),
    ("10-resume", " B "),
    ("10-read", by_hand),
    ("10-read", lambda frame, steps: per(late(frame, steps), "seed", ddof=0)),
]
WRONG = [
    ("10-cost", lambda *fields: priced(last, total)(*fields[:4], 1), "ONE seed"),
    ("10-cost", priced(lambda own, steps: steps, total), "stops at its last checkpoint"),
    ("10-cost", priced(total, total), "starts only once"),
    ("10-cost", priced(lambda own, n: len(own), lambda own, n: len(own)), "you counted checkpoints"),
    ("10-cost", priced(last, lambda own, n: own[-1] * len(own)), "different lengths"),
    ("10-cost", priced(last, last), "starts afresh at every checkpoint"),
    ("10-cost", priced(last, lambda own, n: n * (n + 1) // 2), "not every step is a checkpoint"),
    ("10-cost", lambda steps, first, *rest: priced(last, total)(steps, 1, *rest), "`first` is not heeded"),
    ("10-cost", lambda steps, first, stride, orders, seeds: seeds * sum(
        {"forward": max, "backward": sum}[order](range(first, steps + 1, stride)) for order in orders
    ), "`first` itself may be none"),
    ("10-cost", lambda *fields: 10**9, "too much"),
    ("10-cost", lambda *fields: 0, "too little"),
    ("10-cost", lambda *fields: None, "returned nothing"),
    ("10-cost", 1300, "give a function"),
    ("10-resume", "a", "can write nothing more"),
    ("10-resume", "c", "how often"),
    ("10-resume", "d", "a file of its own"),
    ("10-resume", 2, "give one letter"),
    ("10-read", lambda frame, steps: frame[(frame.metric == "test loss") & (frame.step == steps)].groupby("order")
     .value.std(), "OVER SEEDS at the last"),
    ("10-read", lambda frame, steps: per(late(frame, steps), "step"), "swap the two"),
    ("10-read", lambda frame, steps: per(late(frame, 0), "seed"), "the whole path"),
    ("10-read", lambda frame, steps: late(frame, steps).groupby("order").value.std(), "one pot"),
    ("10-read", lambda frame, steps: late(frame, steps).groupby(["order", "seed"]).value.var().groupby("order").mean(),
     "variances"),
    ("10-read", lambda frame, steps: per(frame[frame.step > 0.75 * steps], "seed"), "two metrics are mixed"),
    ("10-read", lambda frame, steps: per(frame[(frame.metric != "test loss") & (frame.step > 0.75 * steps)], "seed"),
     "of the accuracy"),
    ("10-read", lambda frame, steps: late(frame, steps).groupby(["order", "seed"]).value.std().groupby("order").max(),
     "moves most"),
    ("10-read", lambda frame, steps: {"forward": 1, "backward": 2}, "which rows are its last quarter"),
    ("10-read", lambda frame, steps: 0.1, "one number for each order"),
    ("10-read", lambda frame, steps: None, "returned nothing"),
    ("10-read", 0.1, "give a function"),
]  # fmt: skip

SPOILERS = ("sum(", "'b'", "(b)", "std(", "groupby", "since the last snapshot")
