"""Ways to damage bytes and JSON documents, drawn from a `random.Random` (hypothesis has one that it can shrink)."""

from __future__ import annotations

import copy
import json
import re
import struct
from collections.abc import Callable
from random import Random
from typing import Any

NUMBERS = (0, 1, 2, 7, 127, 255, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**53, 2**60, 2**63 - 1, 2**63,
           2**64 - 1, 10**30, 10**400)  # fmt: skip
RAW = {  # names for what no `json.dumps` would write
    "@deep": "[" * 100_000 + "]" * 100_000, "@nested": '{"a":' * 300 + "1" + "}" * 300, "@lists": "[" * 900 + "]" * 900,
    "@digits": "9" * 5000, "@million": "1" + "0" * 10**6, "@huge": "1e999", "@zeros": "[" + "0," * 5000 + "0]"
}  # fmt: skip
VALUES: tuple[Any, ...] = (
    *NUMBERS, None, True, False, -1, -(2**63), 0.5, 1e308, -1e308, 5e-324, float("nan"), float("inf"), "", "0", "x",
    "1", "../../escaped", "/tmp/escaped", "..", "a/b", "\0", "\ud800", "%s{}", "é" * 300, [], {}, [[]], [1], [[1]],
    ["0"], {"a": 1}, {"list": ["0"]}, {"dict": [[1, "0"]]}, {"dict": [[None, "0"]]}, {"tuple": 3}, "forward",
    "backward-window:2", "backward-window:" + "9" * 18, "shuffled:" + "9" * 50, ["forward"] * 2, *RAW,
)  # fmt: skip


def _place(data: bytes, rng: Random) -> int:
    """Somewhere in the data; the first bytes, where headers are, half of the time."""
    most = min(len(data), 64) if rng.random() < 0.5 else len(data)
    return rng.randint(0, most)


def flip(data: bytes, rng: Random) -> bytes:
    at = min(_place(data, rng), len(data) - 1)
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def overwrite(data: bytes, rng: Random) -> bytes:
    at, noise = _place(data, rng), rng.randbytes(rng.randint(1, 8))
    return data[:at] + noise + data[at + len(noise) :]


def truncate(data: bytes, rng: Random) -> bytes:
    return data[: _place(data, rng)]


def insert(data: bytes, rng: Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.choice([b"\0", b"\xff" * 4, b"\0" * 512, b'"', b"[", b"{", b":", b"9" * 30]) + data[at:]


def splice(data: bytes, rng: Random) -> bytes:
    """A piece of the data moved, doubled or dropped."""
    first, last, at = sorted((_place(data, rng), _place(data, rng))) + [_place(data, rng)]
    piece = data[first:last][:4096]
    rest = data[:first] + data[last:]
    return rng.choice([rest, rest[:at] + piece + rest[at:], data[:at] + piece + data[at:]])


def binary_number(data: bytes, rng: Random) -> bytes:
    at, form = _place(data, rng), rng.choice("BHIQ")
    bits = 8 * struct.calcsize(form)
    noise = struct.pack(rng.choice("<>") + form, rng.choice(NUMBERS) % 2**bits)
    return data[:at] + noise + data[at + len(noise) :]


def text_number(data: bytes, rng: Random) -> bytes:
    found = list(re.finditer(rb"\d+", data[:100_000]))
    if not found:
        return insert(data, rng)
    here = rng.choice(found)
    number = rng.choice([*(str(number) for number in NUMBERS), "-1", "1e999", "9" * 5000, "NaN"])
    return data[: here.start()] + number.encode() + data[here.end() :]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip, overwrite, truncate, insert, splice, binary_number, text_number
)  # fmt: skip


def damaged(data: bytes, rng: Random) -> bytes:
    """Some bytes with one to four of the mutations."""
    for _ in range(rng.choice([1, 1, 1, 2, 3, 4])):
        if data:
            data = rng.choice(MUTATIONS)(data, rng)
    return data


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON document."""
    found, waiting = [], [document]
    while waiting:
        inner = waiting.pop()
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        found += [(inner, key) for key in keys]
        waiting += [inner[key] for key in keys]
    return found


def damaged_json(document: Any, rng: Random) -> Any:
    """A document with one to three of its values replaced, dropped, renamed, doubled or swapped."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        found = places(document)
        if not found:
            return rng.choice(VALUES)
        (inner, key), (other, other_key) = rng.choice(found), rng.choice(found)
        kind = rng.choice(["replace", "replace", "replace", "drop", "rename", "double", "copy"])
        if kind == "replace":
            inner[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind == "copy":
            inner[key] = copy.deepcopy(other[other_key])
        elif kind == "drop":
            del inner[key]
        elif isinstance(inner, list):
            inner.insert(key, copy.deepcopy(inner[key]))
        else:
            inner[rng.choice(["", "x", "../x", "a" * 300]) if kind == "rename" else f"{key}2"] = inner.pop(key)
    return document


def spelled(document: Any) -> str:
    """A document as JSON text, the names of `RAW` replaced by what they stand for."""
    text = json.dumps(document)
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text
