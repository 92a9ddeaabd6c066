"""What the kernel computes, written as a textbook has it; slow. Tests hold the kernel to this, and this to torch."""

from __future__ import annotations

from typing import Any

import numpy as np


def advance(kind: Any, leaves: list[Any], inputs: Any, targets: Any, begins: Any) -> None:
    """Each state s through the batches begins[s], begins[s] + 1, …, in place; arguments are those of `run.advance`."""
    for s, begin in enumerate(begins):
        for t in range(begin, len(targets)):
            step(kind, [leaf[s] for leaf in leaves], inputs[t].reshape(len(inputs[t]), -1), targets[t])


def step(kind: Any, state: list[Any], x: Any, targets: Any) -> None:
    """One step of SGD on a batch, x of shape (B, D), in place."""
    count, outputs = 2 * len(kind.sizes) - 2, [x]
    for weight, bias, name in zip(state[:count:2], state[1:count:2], [*kind.activations, ""], strict=True):
        z = outputs[-1] @ weight.T + bias
        outputs.append(np.maximum(z, 0) if name == "relu" else np.tanh(z) if name == "tanh" else z)
    g = gradient(kind.loss, outputs.pop(), targets)
    for i, name, y in zip(range(count - 2, -1, -2), ["", *kind.activations][::-1], outputs[::-1], strict=True):
        changes = g.T @ y, g.sum(0)
        g = g @ state[i] * ((y > 0) if name == "relu" else 1 - y * y if name == "tanh" else 1)
        for leaf, change in zip((i, i + 1), changes, strict=True):
            if kind.momentum:
                state[count + leaf][...] = change = kind.momentum * state[count + leaf] + change
            state[leaf] -= kind.lr * change


def gradient(loss: str, z: Any, targets: Any) -> Any:
    """Of the mean loss by the outputs z of shape (B, C)."""
    if loss == "square":
        return 2 * (z - targets) / z.size
    powers, counted = np.exp(z - z.max(1, keepdims=True)), (targets != -100)[:, None]
    one_hot = np.arange(z.shape[1]) == targets[:, None]
    return (powers / powers.sum(1, keepdims=True) - one_hot) * counted / max(counted.sum(), 1)
