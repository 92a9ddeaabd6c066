"""Frozen randomness: whatever is random in T_i is drawn from a seed and the key of batch i, and nothing else.

So T_i is one fixed map: it draws the same dropout mask and the same augmentation in every word, in every engine and
in every process, however many steps are run. This is what makes sharing work between words correct.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from revorder.pytrees import Key


def key_seed(seed: int, key: Key) -> int:
    """A 63-bit seed from a seed and a batch's key; independent of the process, unlike `hash`."""
    digest = hashlib.blake2b(repr((seed, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def generator(seed: int, key: Key, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator for the batch `key`. It lives on a CUDA `device`, and on the CPU otherwise."""
    made = torch.Generator(device if torch.device(device).type == "cuda" else "cpu")
    return made.manual_seed(key_seed(seed, key))


@contextmanager
def seeded(seed: int, key: Key, device: torch.device) -> Iterator[None]:
    """Seed torch's default generators for the block, and put them back after it.

    `torch.nn.Dropout` takes no generator, so this is how its masks are keyed.
    """
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(key_seed(seed, key))
        if cuda:
            torch.cuda.manual_seed(key_seed(seed, key))
        yield
