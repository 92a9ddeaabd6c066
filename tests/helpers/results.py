"""Two folders of results, compared run by run."""

from __future__ import annotations

import numpy as np
from family import distance, same_bits

from revorder.experiments import Folder


def differences(a: Folder, b: Folder, tolerance: float = 0.0) -> list[str]:
    """What is not the same: which runs there are, their states, evaluations and metrics. Zero asks for equal bits."""
    left, right = a.finished(), b.finished()
    found = [f"{key}: only in one of them" for key in left.keys() ^ right.keys()]
    for key in left.keys() & right.keys():
        one, other = left[key], right[key]
        near = distance(one.states, other.states) <= tolerance if tolerance else same_bits(one.states, other.states)
        found += [] if near else [f"{key}: states"]
        found += [] if one.cost == other.cost else [f"{key}: {one.cost} and {other.cost} evaluations"]
        found += [] if one.metrics.keys() == other.metrics.keys() else [f"{key}: names of metrics"]
        for name in one.metrics.keys() & other.metrics.keys():
            x, y = one.metrics[name], other.metrics[name]
            near = np.abs(x - y).max() <= tolerance if tolerance else np.array_equal(x, y)
            found += [] if near else [f"{key}: {name}"]
    return found
