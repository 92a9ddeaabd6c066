"""Two networks side by side: how far apart their parameters are, and how far what they compute."""

from __future__ import annotations

import functools

import numpy as np
import torch

Params = dict[str, torch.Tensor]
TOGETHER = 64  # networks whose outputs are held at once


def network_gaps(model: torch.nn.Module, inputs: torch.Tensor, a: Params, b: Params) -> dict[str, np.ndarray]:
    """The gaps of two stacks of networks of one shape, network by network.

    Args:
        model: the module that all parameters are for; its outputs are logits.
        inputs: (examples, …) where the outputs are compared.
        a, b: name -> parameters, each with a leading axis of m networks.

    Returns:
        "parameters": (m,) Euclidean distances. "logits": (m,) root mean square, over the inputs, of the distance of the
        logits less their mean over classes, which softmax does not see. "probabilities": the same of their softmax.
    """
    squares = [((a[name] - b[name]) ** 2).flatten(1).sum(1) for name in a]
    one, other = (_logits(model, inputs, params) for params in (a, b))
    found = {"parameters": functools.reduce(torch.add, squares).sqrt()}
    found["logits"] = _root_mean_square(_centred(one) - _centred(other))
    found["probabilities"] = _root_mean_square(one.softmax(-1) - other.softmax(-1))
    return {name: gaps.numpy() for name, gaps in found.items()}


def _logits(model: torch.nn.Module, inputs: torch.Tensor, params: Params) -> torch.Tensor:
    """(m, examples, classes)."""
    compute = torch.vmap(lambda one: torch.func.functional_call(model, one, (inputs,)), chunk_size=TOGETHER)
    found: torch.Tensor = compute(params)
    return found


def _centred(logits: torch.Tensor) -> torch.Tensor:
    return logits - logits.mean(-1, keepdim=True)


def _root_mean_square(apart: torch.Tensor) -> torch.Tensor:
    """Over examples, of the norm over classes: (m, examples, classes) -> (m,)."""
    return apart.square().sum(-1).mean(-1).sqrt()
