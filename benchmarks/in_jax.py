"""The same training in JAX, jitted: one run after another, two at a time, and all runs in one masked sweep."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from loops import side_by_side
from rows import Method, Outcome
from steps_in_jax import Leaves, step_of
from tasks import Task

jax.config.update("jax_enable_x64", True)  # linear regressions are in float64; the others hold float32 throughout


def methods(task: Task, cores: int) -> list[Method]:
    """A replay on each core where there are several. No sweep of convolutions: replay is faster."""
    swept = [] if task.convolves else [sweep(task)]
    return [replay(task), *[replay(task, 2)] * (cores > 1), *swept]


def replay(task: Task, at_once: int = 1) -> Method:
    """A jitted loop with the number of steps as an argument, so that it compiles once; run for each checkpoint."""
    start, step, numbers = step_of(task)
    inputs, targets = _batches(task)

    @jax.jit
    def train(n: jax.Array, state: Leaves, inputs: jax.Array, targets: jax.Array) -> Leaves:
        return lax.fori_loop(0, n, lambda i, s: step(s, inputs[n - 1 - i], targets[n - 1 - i]), state)

    def some(steps: Sequence[int]) -> list[Leaves]:
        # waiting for each, since what is only asked for may run beside what comes before it
        return [jax.block_until_ready(train(n, start, inputs, targets)) for n in steps]

    def run(steps: Sequence[int]) -> Outcome:
        reached = dict(side_by_side(some, steps, at_once))
        return Outcome(_numbers([reached[n] for n in steps], numbers), sum(steps))

    name = "JAX replay, two side by side" if at_once > 1 else "JAX replay"
    return Method(name, run, few=True, shares=False)


def sweep(task: Task) -> Method:
    """All states in one jitted sweep over the batches, newest first; a state waits until its word begins."""
    start, step, numbers = step_of(task)
    inputs, targets = _batches(task)
    advance = jax.vmap(step, (0, None, None))

    @jax.jit
    def train(steps: jax.Array, state: Leaves, inputs: jax.Array, targets: jax.Array) -> Leaves:
        states = [jnp.broadcast_to(leaf, (len(steps), *leaf.shape)) for leaf in state]

        def tick(states: Leaves, now: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[Leaves, None]:
            i, x, y = now
            begun = [(i < steps).reshape(-1, *[1] * leaf.ndim) for leaf in state]
            after = advance(states, x, y)
            return [jnp.where(b, new, old) for b, new, old in zip(begun, after, states, strict=True)], None

        return lax.scan(tick, states, (jnp.arange(len(inputs)), inputs, targets), reverse=True)[0]

    def run(steps: Sequence[int]) -> Outcome:
        n = max(steps)
        states = train(jnp.asarray(steps), start, inputs[:n], targets[:n])
        made = np.concatenate([np.asarray(leaf).reshape(len(leaf), -1) for leaf in states[:numbers]], 1)
        return Outcome(made, n * len(steps), "waiting states are computed and thrown away")

    return Method("JAX sweep", run)


def _batches(task: Task) -> tuple[jax.Array, jax.Array]:
    """All inputs and all targets, with a leading axis of batches."""
    pairs = task.gathered()
    inputs = [x.numpy() if task.convolves else x.flatten(1).numpy() for x, _ in pairs]
    return jnp.asarray(np.stack(inputs)), jnp.asarray(np.stack([y.numpy() for _, y in pairs]))


def _numbers(reached: list[Leaves], numbers: int) -> np.ndarray:
    """(checkpoints, numbers in a state), of the first so many leaves."""
    return np.stack([np.concatenate([np.ravel(leaf) for leaf in state[:numbers]]) for state in reached])
