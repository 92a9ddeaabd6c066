"""Inputs for every target: a valid file, damaged where its structure makes it hurt; and now and then any bytes."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from fuzz.damage import NUMBERS, damaged, damaged_json, spelled
from fuzz.samples import of_seeds

ORDERS = ("forward", "backward", "backward-window:2", "backward-tail:3", "backward-blocks:4", "two-sided", "shuffled",
          "shuffled:7", " backward ", "Backward_Window:2", "backward-window:" + "9" * 100_000, "shuffled:-1",
          "backward-window:１２", "x" * 100_000, "backward-window:2:3")  # fmt: skip

# the folder of an experiment: what may be damaged, and what may stand in its place
FILES = ("config.json", "card.json", "jobs/forward-seed0.safetensors", "jobs/backward-seed0-part0of2.safetensors",
         "jobs/backward-seed0-part1of2.snapshot.safetensors", "config.json.0a.partial", "writer", "metrics.csv",
         "metrics.csv.01234567.partial", "lock", "jobs", "report", "report/paths.png", "report/report.md",
         "jobs/backward-seed0-part1of2.safetensors.89abcdef.partial",
         "report/report.html")  # fmt: skip
KINDS = ("content", "content", "content", "content", "missing", "link", "link to a folder", "dangling link", "folder",
         "pipe")  # fmt: skip
ENGINES = ("replay", "wavefront")


def idx(rng: Random) -> bytes:
    sizes = [rng.randint(0, 4) for _ in range(rng.randint(1, 4))]
    body = bytes(range(int(_product(sizes))))
    sizes = [rng.choice(NUMBERS) % 2**32 if rng.random() < 0.2 else size for size in sizes]
    plain = b"\0\0\x08" + bytes([len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + body
    plain = rng.choice([plain, plain, damaged(plain, rng), plain + bytes(1 << 16)])
    return rng.choice([plain, _zipped(plain, rng)])


def _product(sizes: list[int]) -> int:
    return sizes[0] * _product(sizes[1:]) if sizes else 1


def _zipped(plain: bytes, rng: Random) -> bytes:
    made = gzip.compress(plain, 1, mtime=0)
    return damaged(made, rng) if rng.random() < 0.3 else made + rng.choice([b"", b"", b"\0" * 9, made, b"more"])


def member(name: bytes, size: bytes, kind: bytes = b"0", link: bytes = b"", content: bytes = b"") -> bytes:
    """One member of a tar archive, byte by byte, with a right checksum."""
    fields = [(name, 100), (b"0000644\0", 8), (b"0000000\0", 8), (b"0000000\0", 8), (size, 12), (b"00000000000\0", 12),
              (b" " * 8, 8), (kind, 1), (link, 100), (b"ustar\x0000", 8), (b"", 247)]  # fmt: skip
    header = b"".join(value[:width].ljust(width, b"\0") for value, width in fields)
    header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return header + content + bytes(-len(content) % 512)


def octal(size: int) -> bytes:
    return b"%011o\0" % size


def _claim(rng: Random) -> bytes:
    """The size of a member: octal, or in the binary form that reaches beyond 8 GB and below 0."""
    number = rng.choice([*NUMBERS, -1, -512, -(2**40)])
    return octal(number) if 0 <= number < 8**11 else (number % 2**96 | 1 << 95).to_bytes(12, "big")


def _records(rng: Random) -> bytes:
    """The content of a pax header: records that overrule what the next header says."""
    key = rng.choice(
        ["size", "path", "linkpath", "GNU.sparse.size", "GNU.sparse.major", "GNU.sparse.map", "uid", "mtime"]
    )
    value = rng.choice([*(str(number) for number in NUMBERS), "-1", "../../escaped", "/tmp/escaped", "x", "1,2", "\0"])
    length = len(key) + len(value) + 5
    return f"{rng.choice([length, length, 0, 10**18, 5])} {key}={value}\n".encode()


def _odd_member(rng: Random) -> bytes:
    name = rng.choice(
        [b"../../escaped", b"/tmp/escaped", b"readme", b"cifar-10-batches-bin/../../escaped", b"", b"\xff"]
    )
    kind = rng.choice([b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"x", b"g", b"X", b"L", b"K", b"S", b"\0"])
    content = rng.choice([b"", _records(rng), b"../../escaped\0", bytes(700)])
    size = _claim(rng) if rng.random() < 0.3 else octal(len(content))
    return member(name, size, kind, rng.choice([b"", b"/etc/passwd", b"../../escaped"]), content)


@cache
def _cifar_files() -> dict[str, bytes]:
    files = {f"cifar-10-batches-bin/data_batch_{i}.bin": bytes([i]) + bytes(3072) for i in range(1, 6)}
    return files | {"cifar-10-batches-bin/test_batch.bin": b"\x09" + bytes(3072)}


def cifar(rng: Random) -> bytes:
    members = [member(name.encode(), octal(len(content)), content=content) for name, content in _cifar_files().items()]
    for _ in range(rng.choice([0, 1, 1, 2])):
        members.insert(rng.randint(0, len(members)), _odd_member(rng))
    if rng.random() < 0.4:
        at = rng.randrange(len(members))
        name = rng.choice(list(_cifar_files())).encode()
        content = rng.choice([bytes(3073), bytes(3072), b"\xff" * 3073])
        size = _claim(rng) if rng.random() < 0.5 else octal(len(content))
        members[at] = member(name, size, rng.choice([b"0", b"\0", b"7", b"S", b"2"]), content=content)
    plain = b"".join(members) + bytes(1024)
    plain = damaged(plain, rng) if rng.random() < 0.3 else plain
    return plain if rng.random() < 0.05 else _zipped(plain, rng)


def parsed(file: bytes) -> tuple[dict[str, Any], Any, bytes]:
    """A safetensors file of ours: its header, our description in the header, and the bytes of its tensors."""
    length = struct.unpack("<Q", file[:8])[0]
    header = json.loads(file[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["revorder"]), file[8 + length :]


def packed(header: dict[str, Any], ours: Any, body: bytes) -> bytes:
    """The inverse of `parsed`."""
    metadata = {"__metadata__": {"revorder": json.dumps(ours)}}
    text = json.dumps(header | metadata).encode()
    return struct.pack("<Q", len(text)) + text + body


def damaged_tensors(file: bytes, rng: Random) -> bytes:
    """A safetensors file of ours, damaged in our description, in its header, in the header's length, or anywhere."""
    header, ours, body = parsed(file)
    if rng.random() < 0.9:  # as in files of earlier versions, which have no checksum that would notice everything
        del header["__metadata__"]["crc32"]
        file = packed(header, ours, body)
    where = rng.choice(["ours", "ours", "header", "length", "anywhere"])
    if where == "anywhere":
        return damaged(file, rng)
    if where == "ours":
        text = spelled(damaged_json(ours, rng))
        header["__metadata__"]["revorder"] = (
            text if rng.random() < 0.8 else damaged(text.encode(), rng).decode("latin-1")
        )
    text = spelled(damaged_json(header, rng) if where == "header" else header).encode()
    length = rng.choice(NUMBERS) % 2**64 if where == "length" else len(text)
    return struct.pack("<Q", length) + text + body


def of_templates(file: str, engine: str = "replay") -> bytes:
    """A valid file of the small experiment that `targets` has run."""
    from fuzz import targets

    return targets.template(engine)[file]


def trajectory(rng: Random) -> bytes:
    return damaged_tensors(of_templates(rng.choice(FILES[2:4])), rng)


def seeds(rng: Random) -> bytes:
    return damaged_tensors(of_seeds(rng.random() < 0.7), rng)


def _document(rng: Random, file: str, engine: str = "replay") -> bytes:
    text = of_templates(file, engine)
    if rng.random() < 0.3:
        return damaged(text, rng)
    return spelled(damaged_json(json.loads(text), rng)).encode()


def config(rng: Random) -> bytes:
    return _document(rng, "config.json")


def folder(rng: Random) -> bytes:
    """Two bytes that say which file is damaged and what stands in its place, then its content."""
    # what stands in a place can differ in few ways, which the test tries all; contents in very many
    alike = rng.random() < 0.05
    place, kind = rng.randrange(len(FILES) if alike else 5), rng.randrange(len(KINDS)) if alike else 0
    name, engine = FILES[place], rng.choice(ENGINES)
    if KINDS[kind] != "content":
        content = b""
    elif name in ("config.json", "card.json"):
        content = _document(rng, name, engine)
    elif name in FILES[2:5]:
        content = damaged_tensors(of_templates(rng.choice([name, name, name, *FILES[2:5]]), engine), rng)
    else:
        content = b"left over"
    return bytes([place, kind + 128 * ENGINES.index(engine)]) + content


def order(rng: Random) -> bytes:
    text = rng.choice(ORDERS).encode()
    return text if rng.random() < 0.1 else damaged(text, rng)


def anything(rng: Random) -> bytes:
    return rng.randbytes(rng.randint(0, 64))


GENERATORS: dict[str, Callable[[Random], bytes]] = {
    "idx": idx, "cifar": cifar, "trajectory": trajectory, "seeds": seeds, "config": config, "folder": folder,
    "order": order,
}  # fmt: skip


def generated(name: str, rng: Random) -> bytes:
    """An input for a target: one in twenty is nothing but random bytes."""
    return anything(rng) if rng.random() < 0.05 else GENERATORS[name](rng)
