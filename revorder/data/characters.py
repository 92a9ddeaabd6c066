"""The text that comes with the package, as numbers: the opening of Jane Austen's Pride and Prejudice (1813).

It is in the public domain. `texts/README.md` says which edition it is and where it was taken from.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "texts" / "pride-and-prejudice.txt"
TEST_SHARE = 10  # one character in ten, those at the end
LONGEST = 1000  # characters in a row; the test part has some ten times as many

Pair = tuple[np.ndarray, np.ndarray]


@cache
def text() -> str:
    """The excerpt: plain ASCII, lines ended by \\n."""
    return FILE.read_text(encoding="ascii")


@cache
def alphabet() -> str:
    """Its characters, each once, in the order of their codes; a token is a place in it.

    >>> alphabet()[:4], len(alphabet())
    ('\\n !"', 72)
    """
    return "".join(sorted(set(text())))


def tokens(excerpt: str) -> np.ndarray:
    """Characters as numbers int64.

    Raises:
        ValueError: one of them is not in the alphabet.
    """
    strange = sorted(set(excerpt) - set(alphabet()))
    if strange:
        raise ValueError(f"excerpt: got {strange[0]!r}, which is none of the {len(alphabet())} characters of the text")
    return np.array([alphabet().index(character) for character in excerpt], dtype=np.int64)


def parts(context: int) -> tuple[Pair, Pair]:
    """Training and test examples, each inputs and targets (n, context): a target is the character after its input.

    The text is cut in two, and each part into pieces side by side, so that no character is predicted twice and none
    of the test part is seen in training. What is left over at the end of a part is dropped.
    """
    codes = tokens(text())
    border = len(codes) - len(codes) // TEST_SHARE
    return _cut(codes[:border], context), _cut(codes[border:], context)


def _cut(codes: np.ndarray, context: int) -> Pair:
    used = (len(codes) - 1) // context * context
    return codes[:used].reshape(-1, context), codes[1 : used + 1].reshape(-1, context)
