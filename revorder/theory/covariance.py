"""The covariance of SGD's stationary law near a minimum, for i.i.d. batches and a fixed learning rate h.

With Hessian H and gradient noise of covariance S, θ - θ* is multiplied by A = I - hH and shaken by h²S at every step,
so the stationary covariance solves a discrete Lyapunov equation (Liu, Ziyin & Ueda, Noise and fluctuation of finite
learning rate stochastic gradient descent, ICML 2021). Backward limits B_∞ have the same covariance.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from revorder.theory.checks import Floats, array, positive

MOST_DIMENSIONS = 60  # the second-moment equation has d⁴ coefficients


def stationary_covariance(
    hessian: ArrayLike, noise: ArrayLike, lr: float, hessians: ArrayLike | None = None
) -> np.ndarray:
    """Stationary covariance Σ of θ, (d, d), in squared units of θ; numbers stand for 1x1 matrices.

    Σ = A Σ Aᵀ + h² S, with A = I - hH (the discrete Lyapunov equation). Minibatches whose Hessians vary about H add
    h² E[(H_i - H) Σ (H_i - H)ᵀ] on the right. Exact for quadratic losses, for every stable h.

    Args:
        hessian: (d, d), H, symmetric with positive eigenvalues.
        noise: (d, d), S, covariance of the minibatch gradient at the minimum.
        lr: h > 0.
        hessians: (k, d, d), equally likely minibatch Hessians with mean H; d <= 60. Only their second moments count,
            so that batches of b examples with Hessians G_i, drawn with replacement, are H + (G_i - H) / √b.

    Raises:
        ValueError: shapes or symmetry wrong, an unstable lr (the message names the largest stable one), hessians that
            do not average to `hessian`, or an infinite variance.

    >>> stationary_covariance(1.0, 1.0, lr=0.5)  # h / (2 - h)
    array([[0.33333333]])
    """
    hessian, noise, lr = _checked(hessian, noise, lr)
    _stable(hessian, lr)
    step = np.eye(len(hessian)) - lr * hessian
    if hessians is None:
        return scipy.linalg.solve_discrete_lyapunov(step, lr**2 * noise)
    deviations = _minibatches(hessians, hessian) - hessian
    return _second_moment(step, lr * deviations, lr**2 * noise)


def small_lr_covariance(hessian: ArrayLike, noise: ArrayLike, lr: float) -> np.ndarray:
    """The small-h limit of `stationary_covariance`: Σ with HΣ + ΣH = hS, (d, d).

    Mandt, Hoffman & Blei, Stochastic gradient descent as approximate Bayesian inference, JMLR 18 (2017): the covariance
    of their Ornstein-Uhlenbeck process (there with a batch size, which here is part of S). Linear in lr, so that no lr
    is refused as unstable.

    Args: as for `stationary_covariance`.

    >>> small_lr_covariance(1.0, 1.0, lr=0.5)
    array([[0.25]])
    """
    hessian, noise, lr = _checked(hessian, noise, lr)
    return scipy.linalg.solve_sylvester(hessian, hessian, lr * noise)


def _second_moment(step: Floats, deviations: Floats, shake: Floats) -> Floats:
    """Solve Σ = A Σ Aᵀ + E[D Σ Dᵀ] + shake, as a linear system for the d² entries of Σ."""
    d = len(step)
    flat = np.concatenate([step[None] * len(deviations) ** 0.5, deviations]).reshape(-1, d * d)
    # Σ_k M_ij M_ab / k, rearranged to the matrix that takes Σ_ja to the entry ib
    moments = (flat.T @ flat / len(deviations)).reshape(d, d, d, d)
    operator = moments.transpose(0, 2, 1, 3).reshape(d * d, d * d)
    # symmetric Hessians make the operator symmetric, and as a positive map it has its radius as largest eigenvalue
    radius = scipy.linalg.eigvalsh(operator, subset_by_index=[d * d - 1, d * d - 1])[0]
    if radius >= 1:
        raise ValueError(
            f"hessians: got second moments growing by {radius:.4g} a step, so the variance is infinite; "
            "it must be < 1: lower lr"
        )
    solution = np.linalg.solve(np.eye(d * d) - operator, shake.ravel()).reshape(d, d)
    return (solution + solution.T) / 2


def _checked(hessian: ArrayLike, noise: ArrayLike, lr: float) -> tuple[Floats, Floats, float]:
    hessian, noise = _symmetric("hessian", hessian), _symmetric("noise", noise)
    if hessian.shape != noise.shape:
        raise ValueError(f"noise: got shape {noise.shape}, but hessian has shape {hessian.shape}")
    smallest = np.linalg.eigvalsh(hessian)[0]
    if smallest <= 0:
        raise ValueError(f"hessian: got smallest eigenvalue {smallest:.4g}, but all must be > 0: nothing pulls θ back")
    powers = np.linalg.eigvalsh(noise)
    if powers[0] < -1e-10 * np.abs(powers).max():
        raise ValueError(f"noise: got eigenvalue {powers[0]:.4g}, but a covariance has none below 0")
    return hessian, noise, positive("lr", lr)


def _symmetric(name: str, value: ArrayLike) -> Floats:
    made = array(name, value)
    made = made.reshape(1, 1) if made.ndim == 0 else made
    if made.ndim != 2 or made.shape[0] != made.shape[1] or not made.size:
        raise ValueError(f"{name}: got shape {made.shape}, but it must be a square matrix")
    if not _is_symmetric(made):
        raise ValueError(f"{name}: got a matrix that is not symmetric, but it must be symmetric")
    return (made + made.T) / 2


def _is_symmetric(matrices: Floats) -> bool:
    return bool(np.abs(matrices - np.swapaxes(matrices, -1, -2)).max() <= 1e-8 * np.abs(matrices).max())


def _stable(hessian: Floats, lr: float) -> None:
    largest = np.linalg.eigvalsh(hessian)[-1]
    if lr * largest >= 2:
        raise ValueError(
            f"lr: got {lr}, but the largest eigenvalue of hessian is {largest:.6g}: lr must be < {2 / largest:.6g}"
        )


def _minibatches(hessians: ArrayLike, hessian: Floats) -> Floats:
    made, d = array("hessians", hessians), len(hessian)
    made = made.reshape(-1, 1, 1) if made.ndim == 1 and d == 1 else made
    if made.ndim != 3 or made.shape[1:] != hessian.shape or not len(made) or d > MOST_DIMENSIONS:
        raise ValueError(f"hessians: got shape {made.shape}, but it must be (k, {d}, {d}) with d <= {MOST_DIMENSIONS}")
    if not _is_symmetric(made):
        raise ValueError("hessians: got a matrix that is not symmetric, but all must be symmetric")
    off = np.abs(made.mean(axis=0) - hessian).max()
    if off > 1e-8 * np.abs(made).max():
        raise ValueError(f"hessians: got a mean that is {off:.3g} away from hessian, but it must be equal to it")
    return made
