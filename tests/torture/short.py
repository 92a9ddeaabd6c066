"""The short form: every act once or more, in rounds that are always the same, and few that need worker processes."""

from __future__ import annotations

from torture.session import SMALL

QUICK = SMALL.replace(seeds=3, steps=100, orders=["backward"])
PARTS = SMALL.replace(seeds=1, steps=120, orders=["backward", "forward"], parts=2, keep_states=True)
FIRST = [
    (QUICK, "none", ["killed", "result_truncated", "snapshot_of_another", "writer_left", "interrupted",
                     "card_deleted"]),
    (PARTS, "none", ["killed_at_once", "killed_again_and_again", "paused", "left_over", "snapshot_flipped", "renamed",
                     "two_at_once"]),
    (QUICK, "threads", ["terminated_twice", "card_truncated", "lock_deleted", "copied", "metrics_damaged"]),
    (QUICK, "none", ["paused_and_killed", "edited", "result_flipped", "three_at_once", "metrics_deleted"]),
]  # fmt: skip
SECOND = [
    (QUICK, "none", ["twin_thread", "no_large_files", "deleted_under_it", "result_emptied", "snapshot_emptied"]),
    (PARTS, "threads", ["terminated", "result_of_another", "snapshot_truncated", "full_disk", "result_deleted"]),
    (QUICK, "none", ["interrupted_twice", "snapshot_deleted", "paused_orphans", "other_surroundings"]),
    (PARTS, "none", ["one_worker_killed", "interrupted_as_a_group"]),
]
