"""CIFAR in its binary version: every byte comes back, and no archive does more than a ValueError."""

from __future__ import annotations

import gzip
import io
import tarfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro
from revorder.data import cifar

RECORDS = 3
FORMS = cifar.FORMATS
READ = {"cifar-10": ro.datasets.cifar10, "cifar-100": ro.datasets.cifar100}
both = pytest.mark.parametrize("name", FORMS)


def examples(name, count=6 * RECORDS):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    labels = np.column_stack([rng.integers(0, classes, count) for classes in FORMS[name].classes])
    return images, labels


@pytest.fixture
def small(tmp_path):
    """A folder with the small archive of a data set, as `write_archive` makes it."""

    def make(name):
        cifar.write_archive(tmp_path, name, *examples(name))
        return tmp_path

    return make


def by_hand(name):
    """File -> its bytes, put together byte by byte."""
    form, (images, labels), files = FORMS[name], examples(name), {}
    first = 0
    for file, share in form.files:
        numbers = range(first, first + share * RECORDS)
        files[file] = b"".join(bytes(labels[i].tolist()) + images[i].tobytes() for i in numbers)
        first += share * RECORDS
    return files


def pack(path, members, compress=gzip.compress):
    """An archive of (TarInfo or name, content) pairs, in this order."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(compress(made.getvalue()))


def good(name):
    return [(f"{FORMS[name].folder}/{file}", content) for file, content in by_hand(name).items()]


def load(name, folder):
    return READ[name](folder, records_per_file=RECORDS)


@both
def test_an_archive_comes_back(name, small):
    images, labels = examples(name)
    data = load(name, small(name))
    assert data.name == name
    assert (data.train[0].dtype, data.train[1].dtype) == (torch.uint8, torch.int64)
    assert len(data.train[0]) == 5 * RECORDS
    assert torch.equal(torch.cat([data.train[0], data.test[0]]), torch.from_numpy(images))
    assert torch.equal(torch.cat([data.train[1], data.test[1]]), torch.from_numpy(labels[:, -1]))


@both
def test_what_is_written_has_the_published_format(name, small):
    form = FORMS[name]
    with tarfile.open(small(name) / form.archive) as archive:
        found = {member.name: archive.extractfile(member).read() for member in archive}
    assert found == {f"{form.folder}/{file}": content for file, content in by_hand(name).items()}


def test_sizes_of_the_published_files():
    assert set(cifar.CIFAR10.sizes(cifar.RECORDS).values()) == {30730000}
    assert list(cifar.CIFAR10.sizes(1)) == [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    assert cifar.CIFAR100.sizes(cifar.RECORDS) == {"train.bin": 153700000, "test.bin": 30740000}


@both
@pytest.mark.parametrize("place", ["", "{folder}", "{name}", "{name}/{folder}"])
def test_folders_and_archives_are_found(name, place, tmp_path, monkeypatch):
    form, expected = FORMS[name], torch.from_numpy(examples(name)[0])
    folder = tmp_path / place.format(name=name, folder=form.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in by_hand(name).items():
        (folder / file).write_bytes(content)
    monkeypatch.setenv("REVORDER_DATA", str(tmp_path))
    assert torch.equal(load(name, None).train[0], expected[: 5 * RECORDS])
    for file, _ in form.files:
        (folder / file).unlink()
    with pytest.raises(ValueError, match=f"directory: .* has no {form.archive}"):
        load(name, tmp_path)
    if "{folder}" not in place:
        cifar.write_archive(folder, name, *examples(name))
        assert torch.equal(load(name, tmp_path).train[0], expected[: 5 * RECORDS])


@both
def test_the_archive_is_downloaded_with_its_checksum_where_no_folder_is_given(name, small, monkeypatch):
    asked, form = [], FORMS[name]
    archive = small(name) / form.archive

    def retrieve(url, known_hash, fname, path):
        asked.append((url, known_hash, fname))
        return str(archive)

    monkeypatch.delenv("REVORDER_DATA", raising=False)
    monkeypatch.setattr("pooch.retrieve", retrieve)
    assert len(load(name, None).test[0]) == RECORDS
    assert asked == [(f"https://www.cs.toronto.edu/~kriz/{form.archive}", f"md5:{form.md5}", form.archive)]


def test_the_device_is_respected(small):
    data = ro.datasets.cifar10(small("cifar-10"), device="meta", records_per_file=RECORDS)
    assert all(tensor.is_meta for pair in (data.train, data.test) for tensor in pair)


@both
def test_readme_and_folder_members_are_no_obstacle(name, tmp_path):
    folder = tarfile.TarInfo(FORMS[name].folder)
    folder.type = tarfile.DIRTYPE
    members = [(folder, b""), (f"{FORMS[name].folder}/readme.html", b"hello"), *good(name)]
    pack(tmp_path / FORMS[name].archive, members)
    assert len(load(name, tmp_path).train[0]) == 5 * RECORDS


def odd(name, kind=tarfile.REGTYPE, target=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


FIRST = "cifar-10-batches-bin/data_batch_1.bin"
HOSTILE = {
    "symbolic link": (lambda m: [odd(FIRST, tarfile.SYMTYPE, "/etc/passwd"), *m[1:]], "neither a plain file"),
    "hard link": (lambda m: [*m, odd("more", tarfile.LNKTYPE, FIRST)], "neither a plain file"),
    "device": (lambda m: [odd("null", tarfile.CHRTYPE), *m], "neither a plain file"),
    "fifo": (lambda m: [odd("pipe", tarfile.FIFOTYPE), *m], "neither a plain file"),
    "absolute path": (lambda m: [("/etc/passwd", b"me"), *m], "points out of the archive"),
    "parent": (lambda m: [*m, ("cifar-10-batches-bin/../../x", b"me")], "points out of the archive"),
    "twice": (lambda m: [*m, m[0]], "data_batch_1.bin is there twice"),
    "missing": (lambda m: m[:-1], "lacks test_batch.bin"),
    "elsewhere": (lambda m: [(name.partition("/")[2], content) for name, content in m], "lacks data_batch_1.bin"),
    "dotted": (lambda m: [(f"./{name}", content) for name, content in m], "lacks data_batch_1.bin"),
    "short": (lambda m: [(m[0][0], m[0][1][:-1]), *m[1:]], "data_batch_1.bin should have 9219 bytes, but has 9218"),
    "long": (lambda m: [(m[0][0], m[0][1] + b"\0"), *m[1:]], "data_batch_1.bin should have 9219 bytes, but has 9220"),
    "label": (lambda m: [(m[0][0], b"\x0a" + m[0][1][1:]), *m[1:]], "data_batch_1.bin has the label 10"),
    "bomb": (lambda m: [("zeros", bytes(1 << 22)), *m], "unpacks to more than"),
    "bomb at the end": (lambda m: [*m, ("zeros", bytes(1 << 22))], "unpacks to more than"),
    "bomb of a name": (lambda m: [("n" * (1 << 22), b""), *m], "unpacks to more than"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_are_refused(case, tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    change, says = HOSTILE[case]
    pack(path, good("cifar-10"))
    load("cifar-10", tmp_path)
    pack(path, change(good("cifar-10")))
    with pytest.raises(ValueError, match=f"path: .*cifar-10-binary.tar.gz cannot be read .*{says}"):
        load("cifar-10", tmp_path)


def test_a_sparse_member_claims_bytes_that_are_not_there(tmp_path):
    """GNU tar's sparse files may unpack to any number of zeros."""
    members = good("cifar-10")
    sparse = tarfile.TarInfo(FIRST)
    sparse.type, size = tarfile.GNUTYPE_SPARSE, len(members[0][1])
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % (size, 0)  # one hole: no bytes, at the end
    header[483:495] = b"%011o\0" % size  # the size that it claims
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    rest = io.BytesIO()
    with tarfile.open(fileobj=rest, mode="w") as archive:
        for name, content in members[1:]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(bytes(header) + rest.getvalue()))
    with pytest.raises(ValueError, match="neither a plain file"):
        load("cifar-10", tmp_path)


def test_a_coarse_label_out_of_range_is_refused(tmp_path):
    (train, content), test = good("cifar-100")
    for wrong, says in ((b"\x14\x00", "train.bin has the label 20"), (b"\x00\x64", "train.bin has the label 100")):
        pack(tmp_path / "cifar-100-binary.tar.gz", [(train, wrong + content[2:]), test])
        with pytest.raises(ValueError, match=says):
            load("cifar-100", tmp_path)


@pytest.mark.parametrize("keep", [0, 5, 0.3, 0.9, -9, -1])
def test_a_truncated_archive_is_refused(keep, small):
    path = small("cifar-10") / "cifar-10-binary.tar.gz"
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match="path: "):
        load("cifar-10", path.parent)


def test_a_truncated_tar_in_whole_gzip_and_a_wrong_checksum_are_refused(small):
    path = small("cifar-10") / "cifar-10-binary.tar.gz"
    packed = path.read_bytes()
    unpacked = gzip.decompress(packed)
    path.write_bytes(gzip.compress(unpacked[:9000]))
    with pytest.raises(ValueError, match="path: "):
        load("cifar-10", path.parent)
    path.write_bytes(packed[:-8] + b"\0\0\0\0" + packed[-4:])
    with pytest.raises(ValueError, match="CRC"):
        load("cifar-10", path.parent)
    path.write_bytes(unpacked)
    with pytest.raises(ValueError, match="gzip"):
        load("cifar-10", path.parent)


@given(st.integers(0, 1535), st.binary(min_size=1, max_size=24))
def test_no_header_does_more_than_a_value_error(tmp_path_factory, at, noise):
    """Bytes written over the first members' headers; whatever is read then is what was written, or an error."""
    folder = tmp_path_factory.mktemp("noise")
    path = folder / "cifar-10-binary.tar.gz"

    def damage(content):
        offset = at if at < 512 else 9728 + at % 512  # the second header follows three records, padded
        return gzip.compress(content[:offset] + noise + content[offset + len(noise) :], 1)

    pack(path, good("cifar-10"), damage)
    try:
        data = load("cifar-10", folder)
    except ValueError as error:
        assert str(error).startswith("path: ")  # noqa: PT017
        return
    assert data.train[0].shape == (5 * RECORDS, 3, 32, 32)


def test_a_folder_with_files_of_another_size_is_refused(tmp_path):
    for file, content in by_hand("cifar-100").items():
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ValueError, match="train.bin should have 153700000 bytes, but has 46110"):
        ro.datasets.cifar100(tmp_path)
    with pytest.raises(ValueError, match="train.bin should have 30740 bytes, but has more"):
        ro.datasets.cifar100(tmp_path, records_per_file=2)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (lambda p: ro.datasets.cifar10(p), ValueError, "directory: .* has no cifar-10-binary.tar.gz"),
        (lambda p: ro.datasets.cifar10(p, records_per_file=0), ValueError, "records_per_file: got 0"),
        (lambda p: ro.datasets.cifar10(p, records_per_file=10001), ValueError, "records_per_file: got 10001"),
        (lambda p: ro.datasets.cifar100(p, records_per_file=2.0), TypeError, "records_per_file: got 2.0"),
        (lambda p: cifar.write_archive(p, "mnist", *examples("cifar-10")), ValueError, "name: got 'mnist'"),
        (lambda p: cifar.write_archive(p, "cifar-10", *examples("cifar-10", 7)), ValueError, "images: got uint8"),
        (lambda p: cifar.write_archive(p, "cifar-10", *examples("cifar-100")), ValueError, "labels: got"),
        (lambda p: cifar.write_archive(p, "cifar-100", *examples("cifar-10")), ValueError, "labels: got"),
        (
            lambda p: cifar.write_archive(p, "cifar-10", examples("cifar-10")[0], np.full(6 * RECORDS, 10)),
            ValueError,
            "labels: got",
        ),
    ],
)
def test_bad_input(bad, error, says, tmp_path):
    with pytest.raises(error, match=says):
        bad(tmp_path)
