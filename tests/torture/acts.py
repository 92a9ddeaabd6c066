"""All that can happen to an experiment, by name."""

from __future__ import annotations

from collections.abc import Callable

from torture import by_files, by_moves, by_pauses, by_signals
from torture.rounds import Round

ACTS: dict[str, Callable[[Round], None]] = {
    act.__name__: act
    for act in (
        by_signals.killed, by_signals.killed_again_and_again, by_signals.killed_at_once, by_signals.terminated,
        by_signals.interrupted,
        by_signals.interrupted_as_a_group, by_signals.terminated_twice, by_signals.interrupted_twice,
        by_signals.one_worker_killed, by_pauses.paused, by_pauses.paused_and_killed, by_pauses.paused_orphans,
        by_pauses.two_at_once, by_pauses.three_at_once, by_pauses.twin_thread,
        by_files.result_truncated, by_files.result_emptied, by_files.result_flipped, by_files.result_of_another,
        by_files.snapshot_truncated, by_files.snapshot_emptied, by_files.snapshot_flipped,
        by_files.snapshot_of_another, by_files.card_truncated, by_files.card_deleted, by_files.metrics_damaged,
        by_files.metrics_deleted, by_files.result_deleted, by_files.snapshot_deleted, by_files.lock_deleted,
        by_files.edited, by_files.left_over, by_files.writer_left,
        by_moves.copied, by_moves.renamed, by_moves.deleted_under_it, by_moves.no_large_files, by_moves.full_disk,
        by_moves.other_surroundings,
    )
}  # fmt: skip
