"""Multilayer perceptrons: the course's, a wide one, and other shapes."""

from __future__ import annotations

from collections.abc import Iterator

import loops
import tasks
import torch
from rows import Workload
from tasks import perceptron

from workloads.made import auto, fast, jax, replay, spaced, wavefront, workload


def digits(quick: bool) -> Iterator[Workload]:
    """The course's MLP in float32."""
    steps, stride = (80, 2) if quick else (2000, 10)
    task = tasks.digits(steps)
    methods = [loops.optim_loop(task), loops.func_loop(task), *jax(task), replay(task), wavefront(task), *fast(task)]
    title = f"MLP 64-32-10 on digits, batch 8, N = {steps}, a checkpoint every {stride} steps, float32"
    yield workload("digits", title, task, spaced(stride, steps), [*methods, auto(task)])


def fashion(quick: bool) -> Iterator[Workload]:
    """A wider MLP: more arithmetic for each evaluation."""
    steps = 40 if quick else 400
    task = tasks.fashion(steps)
    methods = [loops.optim_loop(task), *jax(task), replay(task), wavefront(task), *fast(task), auto(task)]
    title = f"MLP 784-128-10 on {task.name}, batch 8, N = {steps}, a checkpoint every 10 steps, float32"
    yield workload("fashion", title, task, spaced(10, steps), methods)


def shapes(quick: bool) -> Iterator[Workload]:
    """Larger batches, more layers, momentum."""
    steps, stride = (60, 2) if quick else (1000, 10)
    made = {
        "batch-32": perceptron(64, 32, 10, steps=steps, batch_size=32),
        "deep-tanh": perceptron(64, 64, 64, 10, steps=steps, activation=torch.nn.Tanh),
        "deep-relu": perceptron(64, 32, 32, 10, steps=steps),
        "momentum": perceptron(64, 32, 10, steps=steps, lr=0.02, momentum=0.9),
    }
    words = {
        "batch-32": "MLP 64-32-10, batch 32",
        "deep-tanh": "MLP 64-64-64-10 with tanh, batch 8",
        "deep-relu": "MLP 64-32-32-10 with ReLU, batch 8",
        "momentum": "MLP 64-32-10, batch 8, momentum 0.9",
    }
    for name, task in made.items():
        title = f"{words[name]}, on digits, N = {steps}, a checkpoint every {stride} steps, float32"
        methods = [*jax(task), wavefront(task), *fast(task), auto(task)]
        yield workload(name, title, task, spaced(stride, steps), methods, kinks=name == "deep-relu")
