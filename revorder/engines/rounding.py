"""What torch rounds products to: on a GPU convolutions, and if it is asked to matrices, are in TF32, not float32."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree

TF32 = 2.0**-10  # relative


def product_rounding(state: Tree) -> float:
    """How coarsely products of a state's numbers may be rounded, relative; 0 where they are as exact as the numbers."""
    leaves = [leaf for leaf in pytree.tree_leaves(state) if isinstance(leaf, torch.Tensor)]
    if not any(leaf.device.type == "cuda" and leaf.dtype == torch.float32 for leaf in leaves):
        return 0.0
    return TF32 if any(getattr(*place) in (True, "tf32") for place in gpu_places()) else 0.0


def gpu_places() -> list[tuple[Any, str]]:
    """Where torch keeps how a GPU multiplies: it has two names for that, and does not like both to be used."""
    backends: Any = torch.backends
    if not is_newer():
        return [(backends.cuda.matmul, "allow_tf32"), (backends.cudnn, "allow_tf32")]
    return [(place, "fp32_precision") for place in (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)]


def is_newer() -> bool:
    """Whether this torch has the newer names, which are taken where they exist."""
    return hasattr(torch.backends.cuda.matmul, "fp32_precision")
