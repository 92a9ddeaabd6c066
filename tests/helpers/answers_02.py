"""Answers to the exercises of notebook 02: right, beside the solution that ships, and wrong, with the hints."""

from math import log

import torch

import revorder as ro
from revorder.course.chaos_game import CORNERS


def by_distance(point, k, first=0, undo=True, corners=CORNERS):
    """The nearest corner, then its map undone; k times, after `first` corners that are thrown away."""
    found = []
    for _ in range(first + k):
        nearest = int((corners - point).norm(dim=1).argmin())
        found.append(nearest)
        point = 2 * point - corners[nearest] if undo else (point + corners[nearest]) / 2
    return found[first:]


def by_bits(point, k):
    two = ro.theory.bits_of(float(point[1]), k)
    one = ro.theory.bits_of(float(point[0] - point[1] / 2), k)
    return one + 2 * two


def random_after_the_first(point, k):
    first = by_distance(point, k)
    return first[:1] + [(corner + 1) % 3 for corner in first[1:]]


RIGHT = [
    ("02-address", by_bits),
    ("02-address", lambda point, k: torch.tensor(by_distance(point, k))),
    ("02-dimension", lambda corners, lr: -log(corners) / log(1 - lr)),
    ("02-dimension", lambda corners, lr: ro.theory.chaos_game_dimension(corners, 1 - lr)),
    ("02-spreads", [0.289, 0.0, 0.289, 0.289]),
]

WRONG = [
    ("02-address", lambda point, k: by_distance(point, k)[::-1], "reversed"),
    ("02-address", lambda point, k: by_distance(point, k, undo=False), "same corner k times"),
    ("02-address", lambda point, k: by_distance(point, k, first=1), "off by one"),
    ("02-address", lambda point, k: [corner + 1 for corner in by_distance(point, k)], "counted from 0"),
    ("02-address", lambda point, k: by_distance(point, k + 1), "length 6"),
    ("02-address", random_after_the_first, "the first corner is right"),
    ("02-address", lambda point, k: [(c + 1) % 3 for c in by_distance(point, k)], "the first corner is wrong"),
    ("02-address", lambda point, k: None, "returned nothing"),
    ("02-address", [0, 1, 2], "give a function"),
    ("02-address", lambda point: [0], "TypeError"),
    ("02-dimension", lambda corners, lr: log(corners) / log(1 / lr), "It is not lr"),
    ("02-dimension", lambda corners, lr: log(1 / (1 - lr)) / log(corners), "upside down"),
    ("02-dimension", lambda corners, lr: log(corners) / log(1 - lr), "negative"),
    ("02-dimension", lambda corners, lr: log(corners) / log(2), "at learning rate 0.5"),
    ("02-dimension", lambda corners, lr: log(3) / log(1 / (1 - lr)), "three corners"),
    ("02-dimension", lambda corners, lr: corners * (1 - lr), "an exponent"),
    ("02-dimension", lambda corners, lr: 1.0, "compare their logarithms"),
    ("02-dimension", lambda corners, lr: None, "returned nothing"),
    ("02-dimension", 1.585, "give a function"),
    ("02-spreads", (0.289, 0.289, 0.289, 0.289), "whose path comes to rest"),
    ("02-spreads", (0.289, 0, 0.289, 0), "over seeds: two runs"),
    ("02-spreads", (0, 0.289, 0.289, 0.289), "which of the two orders"),
    ("02-spreads", (0, 0, 0.289, 0.289), "forward never settles"),
    ("02-spreads", (1 / 12, 0, 1 / 12, 1 / 12), "those are variances"),
    ("02-spreads", (1 / 6, 0, 1 / 6, 1 / 6), "variance of a batch"),
    ("02-spreads", (6**-0.5, 0, 6**-0.5, 6**-0.5), "spread of the batches"),
    ("02-spreads", (18**-0.5, 0, 18**-0.5, 18**-0.5), "learning rate 1/2"),
    ("02-spreads", (1 / 3, 0, 1 / 3, 1 / 3), "second coordinate"),
    ("02-spreads", (0.3, 0, 0.2, 0.1), "three of the four are equal"),
    ("02-spreads", 0.289, "give four numbers"),
]

SPOILERS = ("log(", "2 * point", "2θ", "0.289", "0.288", "1/12")
