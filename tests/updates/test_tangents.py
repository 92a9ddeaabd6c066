"""Jacobians times vectors, in forward mode."""

from __future__ import annotations

import warnings

import torch
from processes import python

from revorder.updates.tangents import jvp

FIRST_USE = """
import warnings, torch
warnings.simplefilter("error")
if {ours}:
    from revorder.updates.tangents import jvp
else:
    jvp = lambda function, at, vector: torch.func.jvp(function, (at,), (vector,))[1]
print(jvp(torch.sin, torch.zeros(1), torch.ones(1)).item())
"""


def first_use(ours):
    return python("-c", FIRST_USE.format(ours=ours), timeout=120)


def test_is_the_derivative_along_a_vector():
    at, vector = {"a": torch.tensor([1.0, 2.0])}, {"a": torch.tensor([3.0, -1.0])}
    assert jvp(lambda x: x["a"].prod(), at, vector).item() == 2 * 3 - 1 * 1


def test_torch_jit_does_not_speak_at_the_first_use():
    """Some releases of torch warn of what they do themselves; ours is silent where theirs is not, and everywhere."""
    ours, theirs = first_use(True), first_use(False)
    assert ours.stdout == "1.0\n", ours.stderr
    assert theirs.stdout == "1.0\n" or "torch.jit" in theirs.stderr


def test_other_warnings_pass():
    def function(x):
        warnings.warn("of the function", stacklevel=1)
        return x

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        jvp(function, torch.zeros(1), torch.ones(1))
    assert "of the function" in [str(warning.message) for warning in caught]
