"""A second device: a GPU where there is one; else tensors that say they lie on "cuda:0", and refuse to meet the CPU's.

The simulated one's numbers are real, in a CPU tensor of their own that nobody else sees. As on a GPU, whatever mixes
devices raises, but for copies from one to the other and for CPU tensors without a dimension. Stricter than a GPU: an
index must lie where it is used. To torch's own C++, which knows no CUDA here, they are on "meta"; so is what a
transform of `torch.func` wraps. The mode is the thread's own, as all of torch's dispatch modes are.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

HERE, THERE = torch.device("cpu"), torch.device("cuda:0")
REAL = torch.cuda.is_available()
needs_gpu = pytest.mark.skipif(not REAL, reason="it needs a GPU, and a torch that can use it")
simulated_only = pytest.mark.skipif(REAL, reason="it is about the simulated device; this machine has a GPU")
COPIES = (torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default)


class Memory:
    """The memory of the second device, as torch shares it out: what was once asked of the driver is kept for later.

    Attributes:
        total, allocated, reserved: bytes; of the device, of tensors that are there, and of all that torch has.
    """

    total = 2**31

    def __init__(self) -> None:
        self.allocated = self.reserved = 0
        self.users: dict[int, int] = {}  # address -> tensors that lie there

    def holds(self, tensor: Elsewhere) -> None:
        storage = tensor.own.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        self.users[place] = self.users.get(place, 0) + 1
        if self.users[place] == 1:
            self.allocated += size
            self.reserved = max(self.reserved, self.allocated)
        weakref.finalize(tensor, self._leaves, place, size)

    def _leaves(self, place: int, size: int) -> None:
        self.users[place] -= 1
        if not self.users[place]:
            del self.users[place]
            self.allocated -= size

    def empty_cache(self) -> None:
        self.reserved = self.allocated

    def mem_get_info(self, device: Any = None) -> tuple[int, int]:
        """What the driver says: it cannot tell what torch still has use for."""
        return self.total - self.reserved, self.total


MEMORY = Memory()


class Elsewhere(torch.Tensor):
    """A tensor on the second device; `own` has its numbers."""

    own: torch.Tensor
    device, is_meta, is_cuda = THERE, False, True
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, own: torch.Tensor) -> Elsewhere:
        made = torch.Tensor._make_wrapper_subclass(
            cls, own.shape, strides=own.stride(), storage_offset=own.storage_offset(), dtype=own.dtype, device="meta"
        )
        made.own = own
        MEMORY.holds(made)
        return made

    def tolist(self) -> Any:
        """The numbers, copied to the CPU; torch itself has it for its own tensors only."""
        return self.own.tolist()

    def __repr__(self) -> str:
        return f"Elsewhere({self.own!r})"

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return carried_out(function, args, kwargs or {})


class SecondDevice(TorchDispatchMode):
    """Makes tensors there where `device` asks for it."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return carried_out(function, args, kwargs or {})


def carried_out(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """An operation on the tensors' own numbers; its results lie where a device would put them."""
    given: list[torch.Tensor] = []
    args, kwargs = _inside(args, given), {name: _inside(value, given) for name, value in kwargs.items()}
    there = [leaf for leaf in given if isinstance(leaf, Elsewhere)]
    strangers = any(leaf.ndim for leaf in given if not isinstance(leaf, Elsewhere))
    if there and strangers and function not in COPIES:
        raise RuntimeError(f"Expected all tensors to be on the same device, but {function} got some on {THERE} and cpu")
    asked = kwargs.get("device")
    found = function(*args, **kwargs | ({} if asked is None else {"device": HERE}))
    stays = given[:1] == there[:1] if function is COPIES[0] else bool(there)
    if not (stays if asked is None else torch.device(asked).type != "cpu"):
        return found
    return _outside(found, {id(leaf.own): leaf for leaf in there})


def _inside(argument: Any, given: list[torch.Tensor]) -> Any:
    """The numbers themselves; notes which tensors there were."""
    if isinstance(argument, torch.Tensor):
        given.append(argument)
        return argument.own if isinstance(argument, Elsewhere) else argument
    return type(argument)([_inside(part, given) for part in argument]) if type(argument) in (list, tuple) else argument


def _outside(found: Any, known: dict[int, Elsewhere]) -> Any:
    """On the device; an operation in place returns the tensor that it was given."""
    if isinstance(found, torch.Tensor):
        return known[id(found)] if id(found) in known else Elsewhere(found)
    return type(found)([_outside(part, known) for part in found]) if type(found) in (list, tuple) else found


def lies_there(tree: Any) -> bool:
    """Whether all tensors of a tree are on the second device."""
    return all(leaf.device == THERE for leaf in pytree.tree_leaves(tree))


@contextmanager
def second_device(monkeypatch: Any) -> Iterator[torch.device]:
    """A block in which "cuda" is there."""
    if REAL:
        yield THERE
        return
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device=None: None)
    MEMORY.empty_cache()
    for name in ("mem_get_info", "empty_cache"):
        monkeypatch.setattr(torch.cuda, name, getattr(MEMORY, name))
    for name in ("allocated", "reserved"):
        monkeypatch.setattr(torch.cuda, f"memory_{name}", lambda device=None, name=name: getattr(MEMORY, name))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: "a second device, simulated")
    with SecondDevice():
        yield THERE
