"""From `torch.nn.Module` to a pure function: the loss of a module, with its buffers."""

from __future__ import annotations

from typing import Any

import torch

from revorder.pytrees import Key, Named, Tree, clone
from revorder.showing import Facts, Shown
from revorder.updates.asked import pair
from revorder.updates.held import Criterion, Forward, Held
from revorder.updates.leaves import leaves_of
from revorder.updates.randomness import Draws
from revorder.updates.slopes import Then, gradient, itself


class ModuleLoss(Shown):
    """The loss of a module as a function of its parameters; see `module_loss`.

    Attributes:
        buffers: the module's buffers by name, as they were given.
        seed: of what is drawn at random.
    """

    def __init__(self, held: Held):
        held.refuse_what_torch_func_skips()
        self.held, self.seed = held, held.draws.seed
        self.buffers = clone(held.tensors(list(held.first)))

    def _facts(self) -> Facts:
        return self.held.facts()

    @property
    def stochastic(self) -> bool | None:
        """Whether random numbers are drawn; None until it was tried."""
        return self.held.draws.stochastic

    @property
    def model(self) -> torch.nn.Module:
        """The copy of the module."""
        return self.held.model

    @property
    def criterion(self) -> Criterion | None:
        """What was given; None where `forward` was."""
        criterion: Criterion | None = self.held.criterion
        return criterion

    def __call__(self, params: Named, batch: Tree) -> torch.Tensor:
        loss: torch.Tensor = self.with_buffers(params, self.buffers, batch)[0]
        return loss

    def with_buffers(
        self, params: Named, buffers: Named, batch: Tree, key: Key = None, then: Then = itself
    ) -> tuple[Any, Named]:
        """The loss on a batch, and the buffers after the forward pass; the arguments are kept.

        Whatever draws at random (dropout) draws from the loss's seed and `key`. With `then`, what that makes of
        the loss while the module still holds these parameters.
        """
        # what forward travel binds anew, functional_call writes into the dict
        held = params | {name: buffer.clone() for name, buffer in buffers.items()}
        with self.held.draws.keyed(key):
            if self.held.alone and then is itself:  # names are the model's own
                inputs, targets = pair(batch)
                loss = self.held.criterion(torch.func.functional_call(self.held.model, held, (inputs,)), targets)
                return loss, {name: held[name] for name in buffers}
            names = self.held.names
            held = {names[name]: tensor for name, tensor in held.items()}
            loss = torch.func.functional_call(self.held, held, (batch, then))
            return loss, {name: held[names[name]] for name in buffers}

    def gradient(self, params: Named, buffers: Named, batch: Tree, key: Key = None) -> tuple[Named, Named]:
        """The gradient by the params, after the parameters' hooks, and the buffers after the forward pass."""
        with self.held.draws.keyed(key):  # hooks may draw as well
            slope, buffers = gradient(self.with_buffers, params, buffers, batch, key)
            return self.held.hooked(slope), buffers

    @property
    def frozen(self) -> list[str]:
        """Names of the parameters that are not trained."""
        return self.held.frozen

    def unused(self, params: Named, buffers: Named, batch: Tree, key: Key = None) -> set[str]:
        """Names of the parameters that the loss of a batch does not depend on.

        Raises:
            ValueError: it depends on parameters of the module that was given, of which a copy is trained; or on none.
        """
        if torch.is_inference_mode_enabled():
            raise ValueError("torch.inference_mode() is on, in which there are no gradients; leave it for the run")
        leaves = {name: param.detach().requires_grad_() for name, param in params.items()}
        with torch.enable_grad():
            loss, _ = self.with_buffers(leaves, buffers, batch, key)
        reached = leaves_of(loss)
        self.held.originals.check(reached)
        found = {id(leaf) for leaf in reached}
        unused = {name for name, leaf in leaves.items() if id(leaf) not in found}
        if len(unused) == len(leaves):
            raise ValueError("model, criterion, forward: the loss does not depend on any trained parameter")
        return unused

    def start(self, params: Named, buffers: Named | None) -> tuple[Named, Named]:
        """See `Held.start`."""
        return self.held.start(params, buffers, self.held.tensors())


def module_loss(
    model: torch.nn.Module,
    criterion: Criterion | None = None,
    seed: int = 0,
    *,
    forward: Forward | None = None,
    stochastic: bool | None = None,
) -> tuple[ModuleLoss, Named]:
    """Turn a module into a pure loss and its parameters.

    Args:
        model: any module; it is copied, in the mode (train or eval) it is in, with its hooks.
        criterion: `criterion(model(inputs), targets) -> scalar` for batches (inputs, targets), such as
            `torch.nn.functional.cross_entropy`. Its own parameters, if any, are trained as well.
        seed: of dropout and of whatever else the model, the criterion or a hook draws from the global generators of
            torch, NumPy and Python.
        forward: `forward(model, batch) -> scalar` in place of a criterion, for batches and models of any form.
        stochastic: whether anything is drawn. None: found by trying. A run notices draws that come later, too; calls by
            hand do not: say True if there is noise on some batches only.

    Returns:
        loss: `loss(params, batch) -> scalar`. It also has
            `loss.with_buffers(params, buffers, batch, key) -> (scalar, new buffers)`, which updates use, so that
            BatchNorm statistics travel in the state.
        params: a copy of the parameters that require gradients, by name; "criterion." begins the names of a
            criterion's. Frozen ones stay inside the loss, or travel with the buffers if `update.init` is given them.

    Raises:
        TypeError: not a module, or neither or both of criterion and forward.
        ValueError: hooks that torch.func does not carry out; parameters without a shape.

    >>> loss, params = module_loss(torch.nn.Linear(2, 1), torch.nn.functional.mse_loss)
    >>> sorted(params), loss(params, (torch.zeros(4, 2), torch.zeros(4, 1))).shape
    (['bias', 'weight'], torch.Size([]))
    >>> forward = lambda model, batch: ((model(batch["x"]) - batch["y"]) ** 2).mean()
    >>> loss, params = module_loss(torch.nn.Linear(2, 1), forward=forward)
    >>> loss(params, {"x": torch.zeros(4, 2), "y": torch.zeros(4, 1)}).shape
    torch.Size([])
    """
    held = Held(model, criterion, forward, Draws(seed, stochastic))
    return ModuleLoss(held), clone(held.tensors(held.trained))
