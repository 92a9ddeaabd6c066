"""Parts between the first layer and the last, features in and features out, which keep nothing but buffers."""

from __future__ import annotations

import torch
from awkward_inputs import WIDE
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint


class Calls(nn.Module):
    """A function of the features, and nothing else."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Centred(nn.Module):
    """A buffer that is bound anew, rather than written into."""

    def __init__(self):
        super().__init__()
        self.register_buffer("centre", torch.zeros(WIDE))

    def forward(self, x):
        self.centre = 0.9 * self.centre + 0.1 * x.detach().mean(0)
        return x - self.centre


class Counted(nn.Module):
    """Calls are counted in a buffer, in place, and weaken the output."""

    def __init__(self, persistent=True):
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64), persistent=persistent)
        self.register_buffer("nothing", None)

    def forward(self, x):
        self.calls += 1
        return x / (1 + 0.1 * self.calls)


class Twice(nn.Module):
    """Two layers that share a weight."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(WIDE, WIDE), nn.Linear(WIDE, WIDE)
        self.other.weight = self.one.weight

    def forward(self, x):
        return self.other(torch.tanh(self.one(x)))


class Shared(nn.Module):
    """One layer under two names."""

    def __init__(self):
        super().__init__()
        self.one = self.other = nn.Linear(WIDE, WIDE)

    def forward(self, x):
        return self.other(torch.tanh(self.one(x)))


class Unused(nn.Module):
    """A layer that takes no part: plain torch gives it no gradient, and so does not decay it."""

    def __init__(self):
        super().__init__()
        self.spare = nn.Linear(WIDE, WIDE)

    def forward(self, x):
        return x


class OneLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(WIDE, WIDE)


class Checkpointed(OneLayer):
    def forward(self, x):
        return checkpoint(lambda inner: torch.tanh(self.layer(inner)), x, use_reentrant=False)


class ReadOnTheWayBack(OneLayer):
    """The gradient is scaled by what the weights are while it travels backward."""

    def forward(self, x):
        out = self.layer(x)
        if out.requires_grad:
            out.register_hook(lambda slope: slope * (1 + self.layer.weight.detach().abs().mean()))
        return out


class OwnFunctionOfALayer(OneLayer):
    """A derivative by hand that takes the weights from the layer when it is needed."""

    def forward(self, x):
        layer = self.layer

        class Through(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x @ layer.weight.detach().T

            @staticmethod
            def backward(ctx, slope):
                return slope @ layer.weight.detach()

        return Through.apply(x) + layer(x)


class Reversal(torch.autograd.Function):
    """The gradient is turned round, as in domain adaptation; written as torch was before torch.func."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, slope):
        return -0.5 * slope


def by_value(x):
    return x if x.sum() > 0 else 0.5 * x


def by_item(x):
    return x * (1 + 0.1 * x.detach().abs().mean().item())


def by_numpy(x):
    return x + float(x.detach().numpy().mean())


def some_rows(x):
    out = x.clone()
    out[x.sum(1) > 0] *= 0.5
    return out


def largest(x):
    return x * (x >= x.topk(3, dim=1).values[:, -1:])


def hooked(x):
    if x.requires_grad:
        x = x * 1
        x.register_hook(lambda slope: slope.clamp(-0.01, 0.01))
    return x


def its_slope(x):
    """Plus the derivative of a potential, found by torch itself, as a gradient penalty is."""
    with torch.enable_grad():
        held = x if x.requires_grad else x.detach().requires_grad_()
        return x + torch.autograd.grad((held**3).sum() / 10, held, create_graph=True)[0]


def weightless(x):
    with torch.no_grad():
        scale = 1 / (1 + x.abs().max())
    return x * scale


def normed(kind):
    return lambda: kind(nn.Linear(WIDE, WIDE))


PARTS = {
    "ReLU": nn.ReLU,
    "tanh": nn.Tanh,
    "GELU": nn.GELU,
    "ReLU in place": lambda: nn.ReLU(inplace=True),
    "another layer": normed(nn.Sequential),
    "own function": lambda: Calls(lambda x: torch.where(x > 0, x, 0.5 * x)),
    "LayerNorm": lambda: nn.LayerNorm(WIDE),
    "BatchNorm": lambda: nn.BatchNorm1d(WIDE),
    "BatchNorm, mean of all": lambda: nn.BatchNorm1d(WIDE, momentum=None),
    "BatchNorm without statistics": lambda: nn.BatchNorm1d(WIDE, track_running_stats=False),
    "BatchNorm, not training": lambda: nn.BatchNorm1d(WIDE).eval(),
    "buffer bound anew": Centred,
    "buffer counts": Counted,
    "buffer counts, not saved": lambda: Counted(persistent=False),
    "tied weights": Twice,
    "shared layer": Shared,
    "unused layer": Unused,
    "weight norm": normed(parametrizations.weight_norm),
    "spectral norm": normed(parametrizations.spectral_norm),
    "old weight norm": normed(nn.utils.weight_norm),
    "sign decides": lambda: Calls(by_value),
    "item read": lambda: Calls(by_item),
    "numpy read": lambda: Calls(by_numpy),
    "some rows halved": lambda: Calls(some_rows),
    "largest three": lambda: Calls(largest),
    "sorted": lambda: Calls(lambda x: x.sort(dim=1).values),
    "partly detached": lambda: Calls(lambda x: x + 0.5 * x.detach()),
    "straight through": lambda: Calls(lambda x: x + 0.1 * (x.sign() - x).detach()),
    "without gradient": lambda: Calls(weightless),
    "hook on features": lambda: Calls(hooked),
    "own derivative": lambda: Calls(Reversal.apply),
    "slope of its own": lambda: Calls(its_slope),
    "checkpointed": Checkpointed,
    "weights read on the way back": ReadOnTheWayBack,
    "derivative by hand of a layer": OwnFunctionOfALayer,
}
# plain torch loops can do these; what transforms functions may have to refuse them
DOUBTFUL_PARTS = {
    "unused layer", "old weight norm", "numpy read", "hook on features", "own derivative", "slope of its own",
    "checkpointed", "weights read on the way back", "derivative by hand of a layer",
}  # fmt: skip
