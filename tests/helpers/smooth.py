"""Smooth losses, of a network and of a vector; and the power of the learning rate with which an error shrinks."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils import _pytree as pytree

import revorder as ro

LRS = [0.1 * 2.0**-k for k in range(5)]


def tanh_mlp():
    """Loss, params and batches (a stack) of an MLP with smooth activations, in float64."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    loss, params = ro.module_loss(model, cross_entropy)
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(8, 4, 5, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 3, (8, 4), generator=generator)
    return loss, params, (inputs, targets)


def quartic(theta, x):
    return ((theta - x) ** 4).sum()


def pick(batches, i):
    return pytree.tree_map(lambda leaf: leaf[i], batches)


def norm(tree):
    return float(torch.cat([leaf.flatten() for leaf in pytree.tree_leaves(tree)]).norm())


def gap(a, b):
    return norm(pytree.tree_map(torch.sub, a, b))


def slope(errors):
    return float(np.polynomial.Polynomial.fit(np.log(LRS), np.log(errors), 1).convert().coef[1])
