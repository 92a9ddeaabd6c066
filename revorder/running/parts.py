"""A plan cut into parts of about equal cost, one for each worker."""

from __future__ import annotations

import bisect

import numpy as np

from revorder.planning.plan import Plan

Part = tuple[np.ndarray, int]  # its rows (positions in `plan.steps`), and its cost


def split(plan: Plan, count: int) -> list[Part]:
    """At most `count` parts, the largest as cheap as can be: never above plan.cost / count + the longest word.

    Rows are cut in depth-first order, so words with long common prefixes stay together; what two parts share is
    computed in both. Where another part would not help there are fewer: forward words share all, and stay one part.
    """
    rows = np.argsort(plan.rank, kind="stable")
    walked, alone = plan.rank[rows], plan.lengths[rows]
    limits = range(max(int(alone.max()), -(-plan.cost // count)), plan.cost + 1)
    enough = bisect.bisect_left(limits, True, key=lambda limit: len(_cut(walked, alone, limit)) <= count)
    first = np.array(_cut(walked, alone, limits[enough]))
    cost = alone[first] + walked[np.append(first[1:], len(rows)) - 1] - walked[first]
    return list(zip(np.split(rows, first[1:]), cost.tolist(), strict=True))


def _cut(walked: np.ndarray, alone: np.ndarray, limit: int) -> list[int]:
    """Where parts begin if each takes all the rows that it can have for `limit` evaluations."""
    first, following = [], 0
    while following < len(walked):
        first.append(following)
        affordable = walked[following] + limit - alone[following]
        following = int(np.searchsorted(walked, affordable, side="right"))
    return first
