"""Curvatures along training on the digits, recorded once: what makes a single map stretch or shrink.

`python -m revorder.live.curvature_runs` writes the recording anew, in about a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from revorder.diagnostics.intervals import t_quantile
from revorder.diagnostics.jacobians import Local
from revorder.live.cards import card, digits_of
from revorder.live.recordings import BATCH_SIZE, write
from revorder.problems import Problem, digits_mlp
from revorder.pytrees import Tree

LR = 0.1  # at which the networks are trained
LOOKS = (0, 20, 50, 100, 200, 400, 1000, 2000)
SEEDS = range(16)
TOL = 1e-5  # of the eigenvalues of the Jacobian, relative


def record(seeds: Sequence[int] = SEEDS, looks: Sequence[int] = LOOKS) -> dict[str, Any]:
    """Train the digits MLP at learning rate 0.1, and take the ends of the Hessian's spectrum along the way.

    The Hessian is that of the loss on the *next* batch, n at step n: the map T_n of learning rate h has there the
    Jacobian I - h H, whose singular values are |1 - h λ| for the eigenvalues λ of H.

    Args:
        seeds: of the start and of the batches, reshuffled every epoch.
        looks: the steps, ascending from 0.

    Returns:
        {"lr", "looks", "seeds", "quantile", "lowest", "highest"}; the last two are lists (looks, seeds) of the smallest
        and the largest eigenvalue, with 5 significant digits. "quantile" is that of Student's t over the seeds.
    """
    ends = np.array([along(seed, looks) for seed in seeds])  # (seeds, looks, 2)
    found = {"lr": LR, "looks": list(looks), "seeds": list(seeds), "quantile": t_quantile(len(seeds))}
    return found | {name: digits_of(ends[..., i].T, 5) for i, name in enumerate(("lowest", "highest"))}


def along(seed: int, looks: Sequence[int]) -> list[list[float]]:
    """For each look the smallest and the largest eigenvalue."""
    problem = digits_mlp(LR, BATCH_SIZE, looks[-1] + 1, seed=seed, dtype=torch.float64)
    run = problem.run("forward", looks[1:], metrics={})
    states = [problem.start, *(run.state(n) for n in looks[1:])]
    return [curvatures(problem, state, n) for state, n in zip(states, looks, strict=True)]


def curvatures(problem: Problem, state: Tree, number: int) -> list[float]:
    """The smallest and the largest eigenvalue of the Hessian at a state, of the loss on the batch of that number.

    By Lanczos' method on the Jacobian I - h H of the map, which is symmetric for plain SGD.
    """
    local, batch = Local(problem.update, state), problem.batches[number]
    size = len(local.at)
    push = LinearOperator(
        (size, size), dtype=np.float64, matvec=lambda v: local.pushed(torch.from_numpy(v.ravel()), batch).numpy()
    )
    first = local.random(0).numpy()
    slowest, fastest = np.sort(eigsh(push, 2, which="BE", ncv=40, v0=first, tol=TOL, return_eigenvectors=False))
    return [(1 - fastest) / LR, (1 - slowest) / LR]


if __name__ == "__main__":
    with card(__doc__) as made:
        recording = record()
    print(f"written: {write({'card': made, **recording}, name='digits_curvatures')}")
