from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro
from revorder.data.idx import MOST_BYTES, read_idx


def test_digits():
    data = ro.datasets.digits()
    for (inputs, targets), count in ((data.train, 1400), (data.test, 397)):
        assert inputs.shape == (count, 1, 8, 8)
        assert inputs.dtype == torch.float32
        assert (inputs.min(), inputs.max()) == (0, 1)
        assert targets.shape == (count,)
        assert set(targets.tolist()) == set(range(10))
    rows = torch.cat([data.train[0], data.test[0]]).flatten(1)
    assert len(rows) == 1797
    again, other = ro.datasets.digits(), ro.datasets.digits(seed=1)
    assert torch.equal(data.train[0], again.train[0])
    assert not torch.equal(data.train[0], other.train[0])
    assert torch.equal(rows.sum(0), torch.cat([other.train[0], other.test[0]]).flatten(1).sum(0))


def test_diabetes_is_standardised():
    data = ro.datasets.diabetes()
    inputs, targets = (torch.cat(pair) for pair in zip(data.train, data.test, strict=True))
    assert inputs.shape == (442, 10)
    assert len(data.train[0]) == 342
    for values in (inputs, targets):
        assert torch.allclose(values.mean(0), torch.zeros((), dtype=torch.float64), atol=1e-12)
        assert torch.allclose(values.std(0, correction=0), torch.ones((), dtype=torch.float64))


def test_fashion_mnist_is_the_real_one(fashion_mnist_folder, monkeypatch):
    data = ro.datasets.fashion_mnist(fashion_mnist_folder)
    assert data.train[0].shape == (60000, 1, 28, 28)
    assert data.test[0].shape == (10000, 1, 28, 28)
    assert data.train[1].bincount().tolist() == [6000] * 10
    assert data.test[1].bincount().tolist() == [1000] * 10
    assert (data.train[0].min(), data.train[0].max()) == (0, 1)
    assert data.train[0].mean().item() == pytest.approx(0.2860, abs=1e-4)  # published with the data set
    monkeypatch.setenv("REVORDER_DATA", str(fashion_mnist_folder.parent))
    assert torch.equal(ro.datasets.fashion_mnist().test[1], data.test[1])


def test_fashion_mnist_downloads_with_checksums_where_no_folder_is_given(monkeypatch, tmp_path):
    asked = []

    def retrieve(url, known_hash, fname, path):
        asked.append((url, known_hash))
        (tmp_path / fname).write_bytes(idx(np.zeros((1, 28, 28) if "images" in fname else 1)))
        return str(tmp_path / fname)

    monkeypatch.delenv("REVORDER_DATA", raising=False)
    monkeypatch.setattr("pooch.retrieve", retrieve)
    with pytest.raises(ValueError, match=r"shape \(1, 28, 28\), but Fashion-MNIST has \(60000, 28, 28\)"):
        ro.datasets.fashion_mnist()
    assert len(asked) == 4
    assert all(url.startswith("https://") and known.startswith("md5:") and len(known) == 36 for url, known in asked)


def test_a_folder_without_the_files(tmp_path):
    with pytest.raises(ValueError, match="directory: .*has no train-images-idx3-ubyte.gz"):
        ro.datasets.fashion_mnist(tmp_path)


def header(*sizes, magic=b"\0\0\x08"):
    return magic + bytes([len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


def idx(array):
    raw = header(*array.shape) + array.astype(np.uint8).tobytes()
    return gzip.compress(raw)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.booleans())
def test_idx_round_trip(tmp_path_factory, sizes, zipped):
    array = np.arange(np.prod(sizes), dtype=np.uint8).reshape(sizes)
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if zipped else "a")
    path.write_bytes(idx(array) if zipped else gzip.decompress(idx(array)))
    read = read_idx(path)
    assert read.dtype == np.uint8
    assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an idx file"),
        (b"\x89PNG\r\n", "not an idx file"),
        (header(2, magic=b"\0\0\x0d") + b"12", "not an idx file"),
        (header(), "not an idx file"),
        (header(3)[:6], "4 bytes expected, 2 found"),
        (header(3) + b"12", "3 bytes expected, 2 found"),
        (header(3) + b"1234", "more bytes than"),
        (header(2**31, 2**31), "claims"),
        (header(MOST_BYTES + 1), "claims"),
    ],
)
@pytest.mark.parametrize("name", ["a", "a.gz"])
def test_damaged_idx(content, says, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(ValueError, match=f"path: .*{says}"):
        read_idx(path)


CUT = gzip.compress(header(300) + bytes(300), mtime=0)[:-12]


@pytest.mark.parametrize("content", [b"not gzip", CUT, b""], ids=["no gzip", "cut", "empty"])
def test_damaged_gzip(content, tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="path: "):
        read_idx(path)


@given(st.binary(max_size=64))
def test_no_bytes_do_more_than_a_value_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("idx") / "a"
    path.write_bytes(b"\0\0\x08" + content)
    try:
        array = read_idx(path)
    except ValueError:
        return
    assert array.size == len(content) - 1 - 4 * content[0]


def test_models_are_made_from_their_seed_alone():
    for make in (lambda seed: ro.models.mlp(64, 8, 10, seed=seed), lambda seed: ro.models.small_cnn(seed=seed)):
        torch.manual_seed(1)
        first = make(0)
        torch.manual_seed(2)
        same, other = make(0), make(1)
        weights = [[p.detach() for p in model.parameters()] for model in (first, same, other)]
        assert all(torch.equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(weights[0], weights[2], strict=True))


def test_models_take_images_of_their_size():
    assert ro.models.mlp(64, 8, 10)(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert ro.models.small_cnn()(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert ro.models.small_cnn(3, 7, width=4)(torch.zeros(2, 3, 28, 28)).shape == (2, 7)
    with pytest.raises(ValueError, match="sizes: got"):
        ro.models.mlp(64)


def test_shipped_tables_are_those_that_scikit_learn_loads(monkeypatch):
    import numpy as np
    from sklearn import datasets as theirs

    from revorder.data import shipped

    loaded = [theirs.load_digits(return_X_y=True), theirs.load_diabetes(return_X_y=True, scaled=False)]
    for ours, right in zip([shipped.digits(), shipped.diabetes()], loaded, strict=True):
        assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(ours, right, strict=True))
    monkeypatch.setattr(shipped, "_read", lambda name, delimiter: None)  # an installation that keeps them elsewhere
    for ours, right in zip([shipped.digits.__wrapped__(), shipped.diabetes.__wrapped__()], loaded, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, right, strict=True))
