"""How many states fit: the size of a state against the free memory of its device."""

from __future__ import annotations

import errno
import re

import psutil
import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree

MOST_LANES = 256
FULL = re.compile(
    r"out of memory|(can't|cannot|failed to|unable to) allocate|not enough memory|ALLOC(ATION)?_FAILED|Storage size|"
    r"bad_?alloc|RESOURCE_EXHAUSTED",
    re.I,
)
REMEDY = (
    "there is too little memory: take smaller batches, keep less of a state (record=..., or keep_states=False), ask "
    "for fewer checkpoints, or advance fewer states at once (engine=ro.Wavefront(max_states=...), or 'replay')"
)
UNTIMED = 2**24  # bytes of the states in one batched call, where nobody has timed what is best


def state_bytes(state: Tree) -> int:
    """The size of one state, in bytes."""
    return sum(leaf.numel() * leaf.element_size() for leaf in pytree.tree_leaves(state))


def free_bytes(device: torch.device) -> int | None:
    """Free memory of a device, in bytes; None on the meta device, which needs none.

    On a GPU also what torch keeps for later tensors, which the driver no longer counts as free.
    """
    if device.type == "meta":
        return None
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    return psutil.virtual_memory().available


def hand_back(device: torch.device) -> None:
    """Give what torch keeps for later tensors back: blocks of one size cannot hold a tensor of another."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def ran_out(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, says that memory was too small; torch says so in several ways."""
    if isinstance(error, OSError):
        known = error.errno == errno.ENOMEM
    else:
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    known = known or (isinstance(error, RuntimeError) and bool(FULL.search(str(error))))
    return known or (error.__cause__ is not None and ran_out(error.__cause__))


def states_that_fit(state: Tree) -> int | None:
    """How many states a stack may hold: as many as fit into half of the free memory. None where it does not matter.

    The other half is for the results, and for what a step needs beside its states.
    """
    leaves, size = pytree.tree_leaves(state), state_bytes(state)
    free = free_bytes(leaves[0].device) if size else None
    return None if free is None else max(1, free // 2 // size)


def untimed_lanes(state: Tree) -> int:
    """How many states to advance in one batched call, where it is not timed; see `revorder.engines.widths`."""
    return max(1, min(MOST_LANES, UNTIMED // max(1, state_bytes(state))))


def check_fits(state: Tree, kept: int) -> None:
    """Raise MemoryError, which says what is needed, unless `kept` states fit into half of the free memory."""
    room, size = states_that_fit(state), state_bytes(state)
    if room is not None and kept > room:
        raise MemoryError(
            f"checkpoints: {kept} states of {_readable(size)} are to be kept, {_readable(kept * size)} in all, but "
            f"half of the free memory holds {room}; keep less (record=..., or keep_states=False where there are many "
            "seeds), or ask for fewer checkpoints"
        )


def _readable(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
