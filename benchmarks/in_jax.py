"""The same training in JAX, jitted: one run after another, and all runs in one masked sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from tasks import Task
from timing import Method, Outcome

jax.config.update("jax_enable_x64", True)  # the diabetes task is in float64; the others hold float32 throughout

Params = list[jax.Array]


def _loss(params: Params, inputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Of an MLP with weights and biases in turn; a linear model is one without hidden layers."""
    layers = list(zip(params[::2], params[1::2], strict=True))
    hidden = inputs
    for weight, bias in layers[:-1]:
        hidden = jax.nn.relu(hidden @ weight.T + bias)
    outputs = hidden @ layers[-1][0].T + layers[-1][1]
    if jnp.issubdtype(targets.dtype, jnp.floating):
        return 0.5 * jnp.mean((outputs[:, 0] - targets) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[:, None], 1))


def _prepared(task: Task) -> tuple[Params, jax.Array, jax.Array, Callable[..., Params]]:
    """The start, all inputs and targets with a leading step axis, and the step of SGD."""
    pairs = task.gathered()
    inputs = jnp.asarray(np.stack([x.flatten(1).numpy() for x, _ in pairs]))
    targets = jnp.asarray(np.stack([y.numpy() for _, y in pairs]))

    def step(params: Params, x: jax.Array, y: jax.Array) -> Params:
        return [p - task.lr * g for p, g in zip(params, jax.grad(_loss)(params, x, y), strict=True)]

    return [jnp.asarray(p.detach().numpy()) for p in task.model.parameters()], inputs, targets, step


def _numbers(stacked: Params) -> np.ndarray:
    return np.concatenate([np.asarray(leaf).reshape(len(leaf), -1) for leaf in stacked], 1)


def replay(task: Task) -> Method:
    """A jitted loop with the number of steps as an argument, so that it compiles once; run for each checkpoint."""
    start, inputs, targets, step = _prepared(task)

    @jax.jit
    def train(n: jax.Array, params: Params, inputs: jax.Array, targets: jax.Array) -> Params:
        return lax.fori_loop(0, n, lambda i, p: step(p, inputs[n - 1 - i], targets[n - 1 - i]), params)

    def run(steps: Sequence[int]) -> Outcome:
        reached = [train(n, start, inputs, targets) for n in steps]
        return Outcome(_numbers([np.stack(leaves) for leaves in zip(*reached, strict=True)]), sum(steps))

    return Method("JAX replay", run, few=True, shares=False)


def sweep(task: Task) -> Method:
    """All states in one jitted sweep over the batches, newest first; a state waits until its word begins."""
    start, inputs, targets, step = _prepared(task)
    advance = jax.vmap(step, (0, None, None))

    @jax.jit
    def train(steps: jax.Array, params: Params, inputs: jax.Array, targets: jax.Array) -> Params:
        states = [jnp.broadcast_to(p, (len(steps), *p.shape)) for p in params]

        def tick(states: Params, now: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[Params, None]:
            i, x, y = now
            begun = [(i < steps).reshape(-1, *[1] * p.ndim) for p in params]
            after = advance(states, x, y)
            return [jnp.where(b, new, old) for b, new, old in zip(begun, after, states, strict=True)], None

        return lax.scan(tick, states, (jnp.arange(len(inputs)), inputs, targets), reverse=True)[0]

    def run(steps: Sequence[int]) -> Outcome:
        n = max(steps)
        states = train(jnp.asarray(steps), start, inputs[:n], targets[:n])
        return Outcome(_numbers(states), n * len(steps), "waiting states are computed and thrown away")

    return Method("JAX sweep", run)
