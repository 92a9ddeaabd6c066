"""The scalar model: the state goes a part of the way to each batch, and batches are tosses of a coin."""

from __future__ import annotations

import torch

from revorder.diagnostics import perfect_sample

ZERO = torch.zeros((), dtype=torch.float64)


def towards(lr):
    """The update of SGD with learning rate lr for the loss ½(θ - x)²."""
    return lambda theta, x: theta - lr * (theta - x)


halfway = towards(0.5)


def coin(generator):
    return torch.randint(2, (), generator=generator).double()


def draws(lr, seed, n_samples=2000, tol=1e-9, **changes):
    """Perfect draws from the stationary law, one toss at a time."""
    options = {"rate": 1 - lr, "first_move": lr} | changes
    return perfect_sample(towards(lr), ZERO, coin, tol=tol, n_samples=n_samples, seed=seed, **options)
