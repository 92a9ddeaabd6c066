"""Which sequences of batches have the law of their reversal: the answer to exercise 6 of notebook 11."""

from __future__ import annotations

from collections.abc import Sequence

SHUFFLES = ("iid", "shuffle_once", "reshuffle", "flipflop")  # the data orders that draw; "incremental" draws nothing


def same_law(data_order: str, n: int, period: int) -> bool:
    """Whether the first n batches and their reversal have the same law, for epochs of `period` different batches.

    A batch is a place in a shuffle; a shuffle is as likely as any rearrangement of it, and independent of the others.
    So the law is known by WHICH places of one shuffle come again where: two sequences have the same law if they are
    the same but for the names of shuffles and places.
    """
    slots = [_slot(data_order, *divmod(i, period), period) for i in range(n)]
    if data_order == "incremental":  # nothing is random
        return slots == slots[::-1]
    return _renamed(slots) == _renamed(slots[::-1])


def _slot(data_order: str, epoch: int, place: int, period: int) -> tuple[int, int]:
    """(shuffle, place in it) of a batch."""
    if data_order == "iid":
        return epoch * period + place, 0  # each batch is drawn by itself
    if data_order == "reshuffle":
        return epoch, place
    if data_order == "flipflop":
        return epoch // 2, period - 1 - place if epoch % 2 else place
    return 0, place  # the same in all epochs


def _renamed(slots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Shuffles numbered as they first appear, and within each of them the places."""
    names: dict[int, dict[int, int]] = {}
    renamed = []
    for shuffle, place in slots:
        places = names.setdefault(shuffle, {})
        renamed.append((list(names).index(shuffle), places.setdefault(place, len(places))))
    return renamed
