"""What the fields of a configuration can be: names of ours, and those that a person has registered."""

from __future__ import annotations

#: field of a configuration -> the texts that it accepts
CHOICES = {
    "dataset": ("digits", "austen", "fashion-mnist", "fashion-mnist-as-rgb32", "cifar10", "cifar100"),
    "model": ("mlp", "resnet18", "resnet50", "transformer"),
    "loss": ("cross-entropy", "mse"),
    "norm": ("batch", "group"),
    "optimizer": ("sgd", "adam"),
    "data_order": ("iid", "reshuffle", "shuffle_once", "flipflop", "incremental"),
    "engine": ("replay", "wavefront"),
    "precision": ("float32", "float64", "tf32", "bf16", "fp16"),
}
MEASURED = ("loss", "accuracy")  # metrics that have these names already
RESNETS = ("resnet18", "resnet50")
