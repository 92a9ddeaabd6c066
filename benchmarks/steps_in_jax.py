"""A step of SGD in JAX: of a perceptron, and of the small network with convolutions and BatchNorm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import torch
from jax import lax
from tasks import Task

Leaves = list[jax.Array]
Step = Callable[[Leaves, jax.Array, jax.Array], Leaves]
EPS, FORGETS = 1e-5, 0.1  # of torch.nn.BatchNorm2d


def step_of(task: Task) -> tuple[Leaves, Step, int]:
    """The start, the step, and how many leaves of a state are compared: parameters and statistics, not velocities."""
    params = _leaves(task.model.parameters())
    if task.convolves:
        buffers = _leaves(b for b in task.model.buffers() if b.is_floating_point())
        return [*params, *buffers], partial(_normalised_step, task.lr), len(params) + len(buffers)
    hidden = jnp.tanh if any(isinstance(part, torch.nn.Tanh) for part in task.model.modules()) else jax.nn.relu
    loss = partial(_perceptron_loss, hidden)
    if not task.momentum:
        return params, partial(_plain_step, loss, task.lr), len(params)
    start = [*params, *(jnp.zeros_like(p) for p in params)]
    return start, partial(_momentum_step, loss, task.lr, task.momentum), len(params)


def _leaves(tensors: object) -> Leaves:
    return [jnp.asarray(each.detach().numpy()) for each in tensors]


def _plain_step(loss: Callable[..., jax.Array], lr: float, params: Leaves, x: jax.Array, y: jax.Array) -> Leaves:
    return [p - lr * g for p, g in zip(params, jax.grad(loss)(params, x, y), strict=True)]


def _momentum_step(
    loss: Callable[..., jax.Array], lr: float, momentum: float, state: Leaves, x: jax.Array, y: jax.Array
) -> Leaves:
    params, velocities = state[: len(state) // 2], state[len(state) // 2 :]
    gradient = jax.grad(loss)(params, x, y)
    velocities = [momentum * v + g for v, g in zip(velocities, gradient, strict=True)]
    return [p - lr * v for p, v in zip(params, velocities, strict=True)] + velocities


def _perceptron_loss(
    hidden: Callable[[jax.Array], jax.Array], params: Leaves, inputs: jax.Array, targets: jax.Array
) -> jax.Array:
    """Weights and biases in turn; a linear model is one without hidden layers."""
    layers = list(zip(params[::2], params[1::2], strict=True))
    for weight, bias in layers[:-1]:
        inputs = hidden(inputs @ weight.T + bias)
    outputs = inputs @ layers[-1][0].T + layers[-1][1]
    if jnp.issubdtype(targets.dtype, jnp.floating):
        return 0.5 * jnp.mean((outputs[:, 0] - targets) ** 2)
    return _cross_entropy(outputs, targets)


def _cross_entropy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[:, None], 1))


def _normalised_step(lr: float, state: Leaves, x: jax.Array, y: jax.Array) -> Leaves:
    """Of `models.small_cnn`: eight parameters, then mean and variance of both normalisations."""
    params, statistics = state[:8], state[8:]
    gradient, found = jax.grad(_cnn_loss, has_aux=True)(params, x, y)
    moved = [p - lr * g for p, g in zip(params, gradient, strict=True)]
    return moved + [(1 - FORGETS) * old + FORGETS * new for old, new in zip(statistics, found, strict=True)]


def _cnn_loss(params: Leaves, images: jax.Array, targets: jax.Array) -> tuple[jax.Array, Leaves]:
    """For images of 8 x 8, which leave 2 x 2 for the average pooling: nothing to do for it."""
    statistics: Leaves = []
    for weight, scale, shift in (params[:3], params[3:6]):
        images = lax.conv_general_dilated(images, weight, (1, 1), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW"))
        images, found = _normalised(images, scale, shift)
        images = _pooled(jax.nn.relu(images))
        statistics += found
    outputs = images.reshape(len(images), -1) @ params[6].T + params[7]
    return _cross_entropy(outputs, targets), statistics


def _normalised(images: jax.Array, scale: jax.Array, shift: jax.Array) -> tuple[jax.Array, Leaves]:
    """Normalised by the batch; beside it the batch's mean and unbiased variance."""
    mean, variance = images.mean((0, 2, 3)), images.var((0, 2, 3))
    count = images.size // images.shape[1]
    factor = scale / jnp.sqrt(variance + EPS)
    made = (images - mean[:, None, None]) * factor[:, None, None] + shift[:, None, None]
    return made, [mean, variance * count / (count - 1)]


def _pooled(images: jax.Array) -> jax.Array:
    """The largest of 2 x 2; quicker than `lax.reduce_window`."""
    examples, channels, height, width = images.shape
    return images.reshape(examples, channels, height // 2, 2, width // 2, 2).max((3, 5))
