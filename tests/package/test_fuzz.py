"""Hostile files: whatever the bytes are, a documented error, in bounded time and memory, and nothing is run or written.

Each format has a target in `tests/fuzz`. Here it meets some hundred inputs, always the same ones; `python tests/fuzz`
tries 100,000 for each, as the nightly job does. The pickles, bombs and figures are here only.
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
import secrets
import struct
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from fuzz import inputs, targets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import python

import revorder as ro
from revorder.data import cifar
from revorder.data.files import MOST_DEPTH, parse
from revorder.data.idx import MOST_BYTES
from revorder.experiments import Config, Folder
from revorder.experiments.reports import report

pytestmark = pytest.mark.usefixtures("posix")
COUNTS = {"idx": 600, "cifar": 400, "trajectory": 600, "seeds": 400, "config": 600, "folder": 60, "order": 600}
seldom = settings(suppress_health_check=list(HealthCheck), max_examples=100)


@pytest.mark.parametrize("name", COUNTS)
def test_damaged_files(name):
    """A valid file, damaged by draws that hypothesis makes, and shrinks if the promise is broken."""

    @settings(seldom, max_examples=COUNTS[name], database=None)
    @given(st.randoms(use_true_random=False))
    def tried(rng):
        targets.check(name, inputs.generated(name, rng))

    tried()


@pytest.mark.parametrize("name", COUNTS)
@seldom
@given(st.binary(max_size=200))
def test_any_bytes(name, data):
    targets.check(name, data)


@pytest.mark.parametrize("name", COUNTS)
def test_the_undamaged_inputs_are_accepted(name, monkeypatch):
    """So that a target that refuses everything does not pass."""
    valid = {
        "idx": b"\0\0\x08\2" + struct.pack(">2I", 2, 3) + bytes(6),
        "cifar": gzip.compress(b"".join(_members()) + bytes(1024)),
        "trajectory": inputs.of_templates("jobs/forward-seed0.safetensors"),
        "seeds": inputs.of_seeds(),
        "config": inputs.of_templates("config.json"),
        "folder": b"\0\0" + inputs.of_templates("config.json"),
        "order": b"backward-window:2",
    }
    seen = []
    refused = targets.refused
    monkeypatch.setattr(targets, "refused", lambda *args: seen.append(refused(*args)) or seen[-1])
    targets.check(name, valid[name])
    assert seen[0] is not None
    assert name != "folder" or None not in seen


def _members():
    files = inputs._cifar_files().items()
    return [inputs.member(name.encode(), inputs.octal(len(content)), content=content) for name, content in files]


@pytest.mark.parametrize("kind", sorted(set(inputs.KINDS) - {"content"}))
@pytest.mark.parametrize("engine", [0, 128])
def test_links_pipes_and_folders_in_every_place_of_a_result_folder(kind, engine):
    for place in range(len(inputs.FILES)):
        targets.check("folder", bytes([place, inputs.KINDS.index(kind) + engine]))


SNAPSHOT = inputs.FILES[4]
TAMPERED = [  # engine, place in the description, what stands there then
    *(("replay", ("position", "waiting"), value) for value in (
        [[99, 0]], [[0, 0]], [[1, 99]], [[1, -1]], [[1, 0], [1, 0]], [["1", 0]], [[1]], [], 3)),
    *(("wavefront", ("position", name), value) for name, own in (("part", 99), ("ticks", 0), ("max_states", 0))
      for value in (own, -1, 2**80, "1", None, True)),
    *((engine, ("position",), value) for engine in inputs.ENGINES for value in (
        {}, [], None, {"waiting": [], "part": 0})),
    *((engine, ("metrics",), value) for engine in inputs.ENGINES for value in ({}, {"x": []}, [])),
    *((engine, ("steps",), value) for engine in inputs.ENGINES for value in ([3], [4, 2], ["4"])),
    *((engine, ("cost",), value) for engine in inputs.ENGINES for value in (-1, 1.5, True, None)),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "place", "value"), TAMPERED)
def test_a_snapshot_that_does_not_fit_is_refused(engine, place, value, monkeypatch):
    header, ours, body = inputs.parsed(inputs.of_templates(SNAPSHOT, engine))
    inner = ours["about"]
    for key in place[:-1]:
        inner = inner[key]
    assert place[-1] in inner
    resume(engine, inputs.packed(header, ours, body), monkeypatch, accepted=True)
    inner[place[-1]] = value
    resume(engine, inputs.packed(header, ours, body), monkeypatch, accepted=False)


@pytest.mark.parametrize("engine", inputs.ENGINES)
def test_a_snapshot_with_states_of_another_layout_is_refused(engine, monkeypatch):
    header, ours, body = inputs.parsed(inputs.of_templates(SNAPSHOT, engine))
    names = [name for name, tensor in header.items() if name != "__metadata__" and len(tensor["shape"]) > 1]
    for name in names:
        changed = json.loads(json.dumps(header))
        changed[name]["shape"] = changed[name]["shape"][::-1] + [1]
        resume(engine, inputs.packed(changed, ours, body), monkeypatch, accepted=False)


def resume(engine, snapshot, monkeypatch, accepted):
    """Let the target report on a folder and go on with it: a documented error, or none."""
    seen = []
    refused = targets.refused
    with monkeypatch.context() as patched:
        patched.setattr(targets, "refused", lambda *args: seen.append(refused(*args)) or seen[-1])
        targets.check("folder", bytes([4, 128 * inputs.ENGINES.index(engine)]) + snapshot)
    assert len(seen) == 3 and (seen[-1] is not None) == accepted


def test_a_link_beside_or_in_the_place_of_a_result_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "victim").write_bytes(b"mine")
    monkeypatch.setattr(secrets, "token_hex", lambda count: "0123abcd")
    (tmp_path / "run.0123abcd.partial").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        ro.Trajectory("mine", [1], torch.ones(1)).save(tmp_path / "run")
    (tmp_path / "run").symlink_to(tmp_path / "victim")
    ro.Trajectory("mine", [1], torch.ones(1)).save(tmp_path / "run")
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert ro.Trajectory.load(tmp_path / "run").steps == [1]


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


def pickles(payload, tmp_path):
    torch.save(payload, tmp_path / "zip")
    np.save(tmp_path / "array.npy", np.array([payload], dtype=object), allow_pickle=True)
    plain = pickle.dumps(payload)
    text = pickle.dumps(payload, protocol=0)
    made = [plain, text, (tmp_path / "zip").read_bytes(), (tmp_path / "array.npy").read_bytes()]
    spelled = text.decode("latin-1")
    header = json.dumps({"__metadata__": {"revorder": spelled, "pickle": spelled}}).encode()
    return [*made, *map(gzip.compress, made), struct.pack("<Q", len(header)) + header + plain]


def test_nothing_is_unpickled(tmp_path):
    marker = tmp_path / "marker"
    for data in pickles(Payload(marker), tmp_path):
        for name in set(COUNTS) - {"folder"}:
            targets.check(name, data)
        for place in range(5):
            targets.check("folder", bytes([place, 0]) + data)
            assert not marker.exists()
    pickle.loads(pickle.dumps(Payload(marker)))
    assert marker.exists()  # the payload is a real one


def tensors(header, length=None, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def of_shape(shape, offsets, body=b""):
    ours = {"format": "revorder-trajectory-1", "tree": "0", "about": {
            "order": "forward", "steps": [], "metrics": {}, "cost": 0, "engine": ""}}  # fmt: skip
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
    return tensors({"__metadata__": {"revorder": json.dumps(ours)}, "0": tensor, "1": tensor}, body=body)


DIGITS, SKY = b"1" + b"0" * 10**6, struct.pack(">3I", 2**20, 2**10, 2**10)
CONFIG = Config("small").to_json().encode()
BOMBS = {  # what claims, or unpacks to, far more than it is
    "idx: 2^40 images": ("idx", b"\0\0\x08\3" + SKY + bytes(64)),
    "idx: 2^40 images, gzipped": ("idx", gzip.compress(b"\0\0\x08\3" + SKY + bytes(64))),
    "idx: all that is accepted": ("idx", gzip.compress(b"\0\0\x08\1" + struct.pack(">I", MOST_BYTES) + bytes(64))),
    "idx: a gzip bomb": ("idx", gzip.compress(b"\0\0\x08\1" + struct.pack(">I", 4) + bytes(1 << 26), 9)),
    "cifar: a gzip bomb": ("cifar", gzip.compress(bytes(1 << 26), 9)),
    "cifar: a member of 2^40 bytes": (
        "cifar", gzip.compress(inputs.member(b"readme", (2**40 | 1 << 95).to_bytes(12, "big")) + bytes(1024))
    ),
    "cifar: a pax header that hides a size of 2^60 bytes": (
        "cifar",
        gzip.compress(
            inputs.member(b"pax", inputs.octal(14), b"g", content=b"14 size=65535\n")
            + inputs.member(b"readme", (2**60 | 1 << 95).to_bytes(12, "big"))
            + bytes(1024)
        ),
    ),
    "cifar: a name of 2^40 bytes": (
        "cifar", gzip.compress(inputs.member(b"x", (2**40 | 1 << 95).to_bytes(12, "big"), b"L") + bytes(1 << 26), 9)
    ),
    "safetensors: a header of 2^60 bytes": ("trajectory", tensors({}, 2**60)),
    "safetensors: 2^40 numbers": ("trajectory", of_shape([2**40], [0, 2**42])),
    "safetensors: 2^40 numbers in 4 bytes": ("trajectory", of_shape([2**40], [0, 4], b"1234")),
    "safetensors: overlapping tensors": ("trajectory", of_shape([1], [0, 4], b"1234")),
    "safetensors: no numbers in a large shape": ("trajectory", of_shape([0, 2**62, 2**62], [0, 0])),
    "safetensors: deep JSON": ("trajectory", tensors(b"[" * 10**6)),
    "seeds: 2^40 numbers": ("seeds", of_shape([2**40], [0, 2**42]).replace(b"trajectory-1", b"seed-runs-1")),
    "config: deep JSON": ("config", b"[" * 10**6 + b"]" * 10**6),
    "config: a number of a million digits": ("config", CONFIG.replace(b'"lr": 0.1', b'"lr": ' + DIGITS)),
    "config: 10^9 steps": ("config", CONFIG.replace(b'"steps": 2000', b'"steps": 1000000000').replace(b"10,", b"1,")),
    "config: 10^9 seeds": ("config", CONFIG.replace(b'"seeds": 3', b'"seeds": 1000000000')),
    "folder: a card of 16 MiB": ("folder", bytes([1, 0]) + b" " * (1 << 24)),
    "order: a width of 10^5 digits": ("order", b"backward-window:" + b"9" * 10**5),
}  # fmt: skip

LIMITED = """
import resource, sys, warnings
sys.path.insert(0, sys.argv[1])
import torch; torch.set_num_threads(1)
from fuzz import targets
room, cases = int(sys.argv[2]), [case.split("=") for case in sys.argv[3:]]
for name, path in cases:
    targets.check(name, b"", 120)
targets.check("folder", bytes([12, 0]), 120)  # imports, and the small experiment
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + room, resource.RLIM_INFINITY))
for name, path in cases:
    print(path, flush=True)
    targets.check(name, open(path, "rb").read())
try:
    bytearray(4 * room)
except MemoryError:
    print("the limit holds")
"""
ROOM = 96 << 20  # bytes of address space beyond what the process has before it reads: a large file of JSON is in it


def test_bombs_need_little_memory_and_time(tmp_path, root):
    """In a process with so much room, whatever its inputs claim; `check` ends what takes long."""
    paths = [tmp_path / str(number) for number in range(len(BOMBS))]
    for path, (_, data) in zip(paths, BOMBS.values(), strict=True):
        path.write_bytes(data)
    cases = [f"{name}={path}" for path, (name, _) in zip(paths, BOMBS.values(), strict=True)]
    made = python("-c", LIMITED, root / "tests", ROOM, *cases, timeout=600)
    assert made.stdout.splitlines() == [*map(str, paths), "the limit holds"], made.stderr[-2000:]


def test_bombs_are_refused_and_not_only_survived(monkeypatch):
    seen = []
    refused = targets.refused
    monkeypatch.setattr(targets, "refused", lambda *args: seen.append(refused(*args)))
    for name, data in BOMBS.values():
        if name not in ("order", "folder"):
            targets.check(name, data)
    accepted = ["safetensors: no numbers in a large shape"]
    assert len(seen) >= len(BOMBS) - 2 and sum(found is not None for found in seen) <= len(accepted)


def test_what_json_may_hold():
    assert parse("[" * MOST_DEPTH + "]" * MOST_DEPTH)
    assert parse("-" + "9" * 98) == -(10**98 - 1)
    for text in ("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), "[" * 10**5, "9" * 101, "{", ""):
        with pytest.raises(ValueError):  # noqa: PT011
            parse(text)


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "a/b", "\0", "\ud800", "..", "C:\\x"])
def test_names_in_a_configuration_are_no_paths(name, tmp_path):
    """`report` and `resume` write where they are told to, whatever a configuration calls itself."""
    config = targets.SMALL.replace(orders=("forward",))
    with pytest.raises(ValueError, match="name: got"):
        config.replace(name=name)
    place = tmp_path / "a" / "b" / "r"
    Folder(place).begin(config)
    fields = json.loads(config.to_json()) | {"name": name, "profile": name}
    (place / "config.json").write_text(json.dumps(fields))
    with targets.loaded():
        if name in ("..", "\ud800"):  # earlier versions accepted it, and it leads nowhere
            report([place], place / "report")
            targets.run(Folder(place).config(), place, resume=True)
            report([place], place / "report")
        else:
            with pytest.raises(ValueError, match="is damaged: name: got"):
                report([place], place / "report")
    parents = [tmp_path / "a", tmp_path / "a" / "b", place]
    outside = [found for found in tmp_path.rglob("*") if place not in found.parents]
    assert sorted(outside) == parents
    assert not Path("/tmp/escaped").exists()


@pytest.mark.parametrize("values", [[1e308, -1e308], [5e-324, 1e308], [float("nan"), 1], [float("inf"), 0], [0, 0]])
def test_figures_of_hostile_numbers(values, tmp_path):
    """The targets leave the drawing out, which takes a second; here it is in."""
    config = targets.SMALL.replace(orders=("forward", "backward"), parts=1)
    Folder(tmp_path).begin(config)
    for order in config.orders:
        metrics = {name: np.array(values) for name in ("test loss", "test accuracy")}
        ro.Trajectory(order, [2, 4], {}, metrics, 4, "").save(tmp_path / "jobs" / f"{order}-seed0.safetensors")
    assert report([tmp_path], tmp_path / "report").exists()


def test_the_random_inputs_reach_both_sides():
    """Of the generated inputs some are accepted and some refused, for every target."""
    for name in set(COUNTS) - {"folder"}:
        seen = []
        refused = targets.refused
        targets.refused = lambda *args, seen=seen, refused=refused: seen.append(refused(*args)) or seen[-1]
        try:
            for seed in range(60):
                targets.check(name, inputs.generated(name, Random(seed)))
        finally:
            targets.refused = refused
        assert {found is None for found in seen} == {True, False}, name


def test_cifar_archives_of_the_generator_are_what_tarfile_writes(tmp_path):
    images = np.zeros((6, 3, 32, 32), dtype=np.uint8)
    path = cifar.write_archive(tmp_path, "cifar-10", images, [1, 2, 3, 4, 5, 9])
    unpacked = gzip.decompress(path.read_bytes())
    assert all(member[512:] in unpacked for member in _members())
    targets.check("cifar", path.read_bytes())
