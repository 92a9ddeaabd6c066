"""The text that comes with the package: the one that its README names, cut without overlap."""

from __future__ import annotations

import hashlib

import pytest
import torch

import revorder as ro
from revorder.data import characters

README = characters.FILE.with_name("README.md")


def read(tokens):
    return "".join(characters.alphabet()[token] for token in tokens.flatten())


def test_the_readme_names_the_source_and_the_very_bytes():
    content, said = characters.FILE.read_bytes(), README.read_text()
    for word in (hashlib.sha256(content).hexdigest(), f"{len(content):,} bytes", "r-cran-janeaustenr", "1.0.0-1",
                 "public domain", "MIT"):  # fmt: skip
        assert word in said
    assert 90_000 < len(content) < 110_000 and content.isascii()
    assert content.startswith(b"PRIDE AND PREJUDICE") and b"It is a truth universally acknowledged" in content


@pytest.mark.parametrize("context", [1, 32, 100, characters.LONGEST])
def test_targets_are_the_next_characters_and_none_comes_twice(context):
    data = ro.datasets.austen(context)
    text, border = characters.text(), len(characters.text()) - len(characters.text()) // 10
    for (inputs, targets), begin, end in ((data.train, 0, border), (data.test, border, len(text))):
        count = (end - begin - 1) // context
        assert inputs.shape == targets.shape == (count, context)
        assert inputs.dtype == targets.dtype == torch.int64
        assert read(inputs) == text[begin : begin + count * context]
        assert read(targets) == text[begin + 1 : begin + 1 + count * context]  # never beyond its own part
    assert data.train[0].max() < len(characters.alphabet()) == 72


def test_sizes_of_the_examples_that_experiments_use():
    data = ro.datasets.austen()
    assert repr(data).count("examples") == 2 and data.train[0].shape[1] == 32
    assert set(read(data.test[0])) <= set(read(data.train[0]))  # nothing is new in the test part


def test_bad_input():
    for context, error in ((0, ValueError), (1001, ValueError), (2.0, TypeError)):
        with pytest.raises(error, match="context: got"):
            ro.datasets.austen(context)
    with pytest.raises(ValueError, match="excerpt: got 'é'"):
        characters.tokens("née")
