"""What is done to a finished model: hooks, frozen layers, modes. `change(model)`; what it returns is the model."""

from __future__ import annotations

import torch
from torch import nn


def trained(model):
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def layers(model):
    """The modules that own parameters."""
    return [module for module in model.modules() if next(module.parameters(recurse=False), None) is not None]


def on_parameters(hook):
    def change(model):
        for parameter in trained(model):
            parameter.register_hook(hook)
        return model

    return change


def after_accumulation(hook):
    def change(model):
        for parameter in trained(model):
            parameter.register_post_accumulate_grad_hook(hook)
        return model

    return change


def on_last_layer(register, hook):
    def change(model):
        getattr(layers(model)[-1], register)(hook)
        return model

    return change


def counted_hook():
    calls = []

    def hook(module, inputs, output):
        calls.append(1)
        return output / (1 + 0.1 * len(calls))

    return hook


def clamp_in_place(parameter):
    parameter.grad.clamp_(-0.01, 0.01)


def decay_in_place(parameter):
    parameter.data.mul_(0.99)


def frozen_first_layer(model):
    layers(model)[0].requires_grad_(False)
    return model


def frozen_biases(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.endswith("bias"))
    return model


def all_frozen(model):
    return model.requires_grad_(False)


def transposed(model):
    """Weights that do not lie in memory row by row."""
    for parameter in model.parameters():
        parameter.data = parameter.data.t().contiguous().t() if parameter.ndim == 2 else parameter.data
    return model


def halved(gradients):
    return tuple(None if gradient is None else 0.5 * gradient for gradient in gradients)


def scripted(model):
    return torch.jit.script(model)


class OwnNet(nn.Module):
    """The model inside a class that torch does not know."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, inputs):
        return self.model(inputs)


CHANGES = {
    "own class": OwnNet,
    "not training": lambda model: model.eval(),
    "clamped by parameter hooks": on_parameters(lambda gradient: gradient.clamp(-0.01, 0.01)),
    "noise by parameter hooks": on_parameters(lambda gradient: gradient + 0.1 * torch.randn_like(gradient)),
    "post-accumulate hooks": after_accumulation(clamp_in_place),
    "post-accumulate hooks that write": after_accumulation(decay_in_place),
    "forward hook": on_last_layer("register_forward_hook", lambda module, inputs, output: 0.5 * output),
    "forward pre-hook": on_last_layer("register_forward_pre_hook", lambda module, inputs: 0.5 * inputs[0]),
    "noise by a forward hook": on_last_layer(
        "register_forward_hook", lambda module, inputs, output: output + 0.1 * torch.randn_like(output)
    ),
    "forward hook that counts": lambda model: on_last_layer("register_forward_hook", counted_hook())(model),
    "backward hook": on_last_layer("register_full_backward_hook", lambda module, inputs, outputs: halved(inputs)),
    "backward pre-hook": on_last_layer("register_full_backward_pre_hook", lambda module, outputs: halved(outputs)),
    "frozen first layer": frozen_first_layer,
    "frozen biases": frozen_biases,
    "all frozen": all_frozen,
    "transposed weights": transposed,
    "scripted": scripted,
}
NOISY_CHANGES = {"noise by parameter hooks", "noise by a forward hook"}
HIDDEN_CHANGES = {"forward hook that counts"}
DOUBTFUL_CHANGES = {
    "post-accumulate hooks", "post-accumulate hooks that write", "backward hook", "backward pre-hook", "scripted",
}  # fmt: skip
BROKEN_CHANGES = {"all frozen"}
