"""Losses and their targets: a maker of the criterion, the number of outputs, and a drawer of targets."""

from __future__ import annotations

import numpy as np
import torch
from awkward_inputs import randint, randn
from torch import nn
from torch.nn import functional as F


class Angular(nn.Module):
    """A criterion with weights of its own, which are trained."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3))

    def forward(self, out, y):
        return F.cross_entropy(F.normalize(out) @ F.normalize(self.weight).T * 4, y)


class Scaled(nn.Module):
    """Divides by a running mean of the loss, a buffer: in place, or bound anew."""

    def __init__(self, anew):
        super().__init__()
        self.anew = anew
        self.register_buffer("mean", torch.ones(()))

    def forward(self, out, y):
        loss = F.cross_entropy(out, y)
        if self.anew:
            self.mean = 0.9 * self.mean + 0.1 * loss.detach()
        else:
            self.mean.mul_(0.9).add_(loss.detach(), alpha=0.1)
        return loss / self.mean


class Growing(nn.Module):
    """A weight of the loss that grows with the calls, counted in an attribute."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, out, y):
        self.calls += 1
        return F.cross_entropy(out, y) * min(1.0, 0.1 * self.calls)


def noisy(out, y):
    return F.cross_entropy(out + 0.3 * torch.randn_like(out), y)


def mixed(out, y):
    """Mixup of the outputs, by NumPy's generator."""
    share = float(np.random.beta(0.4, 0.4))
    return share * F.cross_entropy(out, y) + (1 - share) * F.cross_entropy(out, y.flip(0))


def ctc(out, y):
    """The rows as one sequence in time."""
    return F.ctc_loss(out.log_softmax(1)[:, None], y[None], (len(out),), (len(y),), zero_infinity=True)


def hinge(out, y):
    return torch.relu(1 - y * out).mean()


def hard_rows(out, y):
    """Only rows that are still wrong count; if there are none, the loss is 0."""
    wrong = out.argmax(1) != y
    return F.cross_entropy(out[wrong], y[wrong]) if wrong.any() else out.sum() * 0


def weighed(out, y):
    return F.cross_entropy(out, y) * (2.0 if (y == 0).any() else 0.5)


def classes(i, rows, generator):
    return randint(generator, 0, 3, rows)


def numbers(i, rows, generator):
    return randn(generator, rows, 1)


def far(i, rows, generator):
    """Targets that take long to be reached, and so do the kinks of the loss there."""
    return 6 + 0.1 * randn(generator, rows, 1)


def signs(i, rows, generator):
    return randn(generator, rows, 1).sign()


def soft(i, rows, generator):
    return randn(generator, rows, 3).softmax(1)


def some_ignored(i, rows, generator):
    labels = classes(i, rows, generator)
    return torch.where(torch.rand(rows, generator=generator) < 0.3, -100, labels)


def all_ignored_once(i, rows, generator):
    labels = classes(i, rows, generator)
    return torch.full_like(labels, -100) if i == 2 else labels


def one_too_large(i, rows, generator):
    labels = classes(i, rows, generator)
    labels[-1] = 3 if i == 2 else labels[-1]
    return labels


WEIGHTS = (0.2, 1.0, 3.0)
cross_entropy = lambda **options: lambda: nn.CrossEntropyLoss(**options)
of_classes = lambda make: (make, 3, classes)
LOSSES = {
    "cross entropy": of_classes(lambda: F.cross_entropy),
    "cross entropy, a module": of_classes(nn.CrossEntropyLoss),
    "class weights": of_classes(lambda: nn.CrossEntropyLoss(torch.tensor(WEIGHTS))),
    "smoothed labels": of_classes(cross_entropy(label_smoothing=0.2)),
    "summed": of_classes(cross_entropy(reduction="sum")),
    "soft labels": (nn.CrossEntropyLoss, 3, soft),
    "some ignored": (nn.CrossEntropyLoss, 3, some_ignored),
    "some ignored, class weights": (lambda: nn.CrossEntropyLoss(torch.tensor(WEIGHTS)), 3, some_ignored),
    "some ignored, smoothed": (cross_entropy(label_smoothing=0.2), 3, some_ignored),
    "all ignored in one batch": (lambda: F.cross_entropy, 3, all_ignored_once),
    "all ignored in one batch, summed": (cross_entropy(reduction="sum"), 3, all_ignored_once),
    "likelihood": of_classes(lambda: lambda out, y: F.nll_loss(out.log_softmax(1), y)),
    "margins": of_classes(nn.MultiMarginLoss),
    "binary, positive weights": (lambda: nn.BCEWithLogitsLoss(pos_weight=torch.tensor(WEIGHTS)), 3, soft),
    "square": (lambda: F.mse_loss, 1, numbers),
    "absolute": (lambda: F.l1_loss, 1, numbers),
    "Huber": (lambda: F.huber_loss, 1, numbers),
    "hinge": (lambda: hinge, 1, signs),
    "square, far": (lambda: F.mse_loss, 1, far),
    "absolute, far": (lambda: F.l1_loss, 1, far),
    "Huber, far": (lambda: F.huber_loss, 1, far),
    "CTC": (lambda: ctc, 3, lambda i, rows, generator: randint(generator, 1, 3, 1 + i % 2)),
    "only wrong rows": of_classes(lambda: hard_rows),
    "weighed by its labels": of_classes(lambda: weighed),
    "weights of its own": of_classes(Angular),
    "running mean": of_classes(lambda: Scaled(anew=False)),
    "running mean bound anew": of_classes(lambda: Scaled(anew=True)),
    "counter in the criterion": of_classes(Growing),
    "noise in the criterion": of_classes(lambda: noisy),
    "numpy in the criterion": of_classes(lambda: mixed),
    "label too large in one batch": (lambda: F.cross_entropy, 3, one_too_large),
    "not reduced": of_classes(cross_entropy(reduction="none")),
    "a number of Python": of_classes(lambda: lambda out, y: F.cross_entropy(out, y).item()),
}
LATE = ["square, far", "absolute, far", "Huber, far", "hinge", "absolute", "Huber"]  # for linear models
NOISY_LOSSES = {"noise in the criterion", "numpy in the criterion"}
HIDDEN_LOSSES = {"counter in the criterion"}
DOUBTFUL_LOSSES = {"CTC", "running mean", "running mean bound anew"}
BROKEN_LOSSES = {"label too large in one batch", "not reduced", "a number of Python"}  # plain torch refuses them
