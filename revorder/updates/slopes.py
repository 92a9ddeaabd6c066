"""The gradient of a loss by its params: `torch.func.grad`, by a shorter way where nothing else is going on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _get_current_dispatch_mode

from revorder.pytrees import Tree, detach
from revorder.updates.leaves import leaves_of

Then = Callable[[torch.Tensor], Any]
Function = Callable[..., tuple[Any, Tree]]  # (params, *rest, then) -> (then(loss), auxiliary output)


def itself(loss: torch.Tensor) -> torch.Tensor:
    """What `then` is for the loss itself."""
    return loss


def gradient(function: Function, params: Tree, *rest: Any) -> tuple[Tree, Tree]:
    """What `torch.func.grad(function, has_aux=True)(params, *rest)` returns: (gradient by params, auxiliary output).

    On one state, as in replay, autograd's tape takes less time: torch.func.grad wraps every tensor, and prepares for a
    second derivative. The tape is walked inside the function, by `then`: what a module does while gradients travel
    backward (it computes checkpointed activations again, say) must still find its parameters in place.

    Where somebody else transforms, traces or differentiates the step, torch.func.grad it is.
    """
    found = _by_tape(function, params, rest) if _is_plain([params, *rest]) else None
    return torch.func.grad(function, has_aux=True)(params, *rest, itself) if found is None else found


def _is_plain(arguments: Tree) -> bool:
    """Whether nothing transforms, traces or differentiates what is computed from these."""
    if torch._C._functorch.peek_interpreter_stack() is not None or _get_current_dispatch_mode() is not None:
        return False
    leaves = [leaf for leaf in pytree.tree_leaves(arguments) if isinstance(leaf, torch.Tensor)]
    return all(type(leaf) is torch.Tensor and not (leaf.requires_grad or leaf.is_inference()) for leaf in leaves)


def _by_tape(function: Function, params: Tree, rest: Any) -> tuple[Tree, Tree] | None:
    """The same by `torch.autograd.grad`; None where the loss depends on what somebody else may differentiate by."""
    leaves, structure = pytree.tree_flatten(params)
    own = [leaf.detach().requires_grad_() for leaf in leaves]

    def slopes(loss: torch.Tensor) -> tuple[torch.Tensor, ...] | None:
        if type(loss) is not torch.Tensor or loss.ndim or not loss.is_floating_point():
            return None  # torch.func.grad says what is wrong
        if not {id(leaf) for leaf in leaves_of(loss)} <= {id(leaf) for leaf in own}:
            return None
        if not loss.requires_grad:
            return tuple(torch.zeros_like(leaf) for leaf in leaves)
        return torch.autograd.grad(loss, own, allow_unused=True, materialize_grads=True)

    with torch.enable_grad():
        found, auxiliary = function(pytree.tree_unflatten(own, structure), *rest, slopes)
    return None if found is None else (pytree.tree_unflatten(list(found), structure), detach(auxiliary))
