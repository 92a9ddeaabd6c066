"""What a plan says of itself, and what it must not compute to say it."""

from __future__ import annotations

import numpy as np

import revorder as ro
from revorder.planning.plan import DEEP, QUICK


def test_what_a_plan_shows_of_itself_is_found_quickly():
    """Small plans have their price; it is not worth the time for large ones, but shown once somebody asked for it."""
    assert repr(ro.plan("backward", range(1, 5))) == (
        "Plan: order backward; checkpoints n = 1, 2, 3, 4; cost 10; naive cost 10; launches 4; peak states 4"
    )
    wide = ro.plan("backward", range(1, 601), [i % 2 for i in range(600)])
    deep = ro.plan("backward-window:3", [DEEP + 1])
    assert wide.naive_cost > QUICK > deep.naive_cost
    for plan in (wide, deep):
        before = repr(plan)
        assert "trie" not in vars(plan)
        assert "cost not computed yet, see .cost" in before and "launches" not in before
        cost = plan.cost
        assert f"; cost {cost:,}; naive cost {plan.naive_cost:,}" in repr(plan)
        assert "_schedule" not in vars(plan._work) and "launches" not in repr(plan)
        assert plan.launches and repr(plan).endswith(f"launches {plan.launches:,}; peak states {plan.peak_states:,}")
    free = ro.plan("backward", range(1, 601))
    assert repr(free).endswith("cost 180,300; naive cost 180,300; launches 600; peak states 600")
    exactly = ro.plan("backward-window:3", [DEEP])
    assert repr(exactly).endswith("launches 5,000; peak states 1")
    assert "checkpoints none" in repr(exactly.only(np.array([], dtype=int)))
