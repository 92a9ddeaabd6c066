"""The affine form T_i(s) = M_i s + m_i of a map, by automatic differentiation, and the check that it has one."""

from __future__ import annotations

from functools import partial, reduce

import torch
from torch.nn.functional import normalize
from torch.utils import _pytree as pytree

from revorder.engines.drawing import Drawn
from revorder.engines.maps import Maps
from revorder.engines.memory import REMEDY as FREE_MEMORY
from revorder.engines.memory import ran_out
from revorder.errors import NotAffineError
from revorder.pytrees import Tree, concatenated, is_finite, layout, named_leaves, row, stack

Pair = tuple[torch.Tensor, torch.Tensor]  # (R M_i, m_i), or (A, b)
REMEDY = "use engine='wavefront' or 'replay'"


class Vectors:
    """States as vectors of d numbers. TypeError for a leaf that is not of a real floating-point dtype."""

    def __init__(self, start: Tree):
        for name, leaf in named_leaves(start):
            if not leaf.is_floating_point():
                raise TypeError(
                    f"start{name}: got {leaf.dtype}, but the affine engine needs floating-point states; {REMEDY}"
                )
        self.leaves, self.structure = pytree.tree_flatten(start)
        self.sizes: list[int] = [leaf.numel() for leaf in self.leaves]
        self.dtype = reduce(torch.promote_types, [leaf.dtype for leaf in self.leaves])
        self.eps = max(torch.finfo(leaf.dtype).eps for leaf in self.leaves)

    def flat(self, state: Tree) -> torch.Tensor:
        """(d,) the numbers of one state."""
        return torch.cat([leaf.reshape(-1).to(self.dtype) for leaf in pytree.tree_leaves(state)])

    def tree(self, vector: torch.Tensor) -> Tree:
        """The state of a vector (d,), or a stack of states for (states, d)."""
        parts = zip(vector.split(self.sizes, dim=-1), self.leaves, strict=True)
        leaves = [part.reshape(vector.shape[:-1] + leaf.shape).to(leaf.dtype) for part, leaf in parts]
        return pytree.tree_unflatten(leaves, self.structure)


class Linear:
    """Finds (R M_i, m_i) for a matrix R (rows, d): one backward pass through T_i for every row.

    Each time, T_i is compared with its affine form at a point x, random and of the scale of the start unless one that
    the run reaches is given: uᵀ(T(x) - T(0)) must be (uᵀM) x, up to rounding, for directions u that are random but lean
    to where T moves x.
    """

    def __init__(self, maps: Maps, vectors: Vectors, start: Tree, first: int):
        self.maps, self.vectors, self.kind = maps, vectors, layout(start)
        both = torch.cat([vectors.flat(start), vectors.flat(maps(first, start))])  # `maps` checks the update itself
        self.scale = 1.0 if both.is_meta else both.abs().nan_to_num(0, 0).max().item() or 1.0
        self.like, self.d = both, sum(vectors.sizes)
        self.stacks: list[Tree] = []  # the batches of `many`, as they were stacked, where they could be
        self.found: list[Pair] = []  # all M_i and m_i of each call of `many`
        self.generator = torch.Generator().manual_seed(0)
        self.directions = normalize(self._random(4), dim=1) / 2  # half: they cannot cancel a unit vector
        self.one(first, both.new_empty(0, self.d))  # refuses a map that bends before any large matrix is made

    def one(self, letter: int, rows: torch.Tensor, x: torch.Tensor | None = None) -> Pair:
        """(rows M_i, m_i); looked at in x."""
        number = self.maps.numbers[letter]
        if x is None or not x.isfinite().all():
            x = self.scale * self._random(1)[0]
        try:
            batch = self.maps.batch(letter)
            found = self.maps.draws.call(self.maps.name(letter), lambda: self._derive(letter, rows, batch, x))
        except Drawn:
            raise
        except Exception as error:
            self.maps(letter, self.vectors.tree(x))  # raises if the update itself is at fault
            if ran_out(error):
                raise MemoryError(
                    f"update: it runs on batch {number}, but memory is too small to differentiate it ({error}); "
                    f"{REMEDY}\n  {FREE_MEMORY}"
                ) from error
            raise ValueError(
                f"update: it runs on batch {number}, but torch cannot differentiate it ({error}); {REMEDY}"
            ) from error
        return self._checked([letter], *(part[None] for part in found))[0]

    def many(self, letters: list[int]) -> list[Pair]:
        """(M_i, m_i) for several letters, in one batched call if their batches can be stacked."""
        identity = torch.eye(self.d).to(self.like)
        together = stacked(self.maps, letters) if self.maps.may_trace else None  # one call for several knows no key
        if together is None:
            return self._one_by_one(letters, identity)
        x = self.scale * self._random(len(letters))
        try:
            derive = torch.vmap(partial(self._derive, letters[0], identity))
            found = self.maps.draws.call(self.maps.name(letters[0]), lambda: derive(together, x))
        except Drawn:
            raise
        except Exception:  # one by one is as good, and an error then names its batch
            return self._one_by_one(letters, identity)
        self.stacks.append(together)
        self.found.append((found[0], found[1]))
        return self._checked(letters, *found)

    def _one_by_one(self, letters: list[int], identity: torch.Tensor) -> list[Pair]:
        pairs = [self.one(letter, identity) for letter in letters]
        self.found.append((torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs])))
        return pairs

    @property
    def batches(self) -> Tree | None:
        """The batches of all letters given to `many`, stacked; None where they are not alike."""
        if len(self.stacks) < len(self.found) or not alike([row(each, 0) for each in self.stacks]):
            return None
        return concatenated(self.stacks)

    def everything(self) -> Pair:
        """(letters, d, d) all M_i and (letters, d) all m_i that `many` has found, in its sequence."""
        matrices, shifts = (torch.cat(each) for each in zip(*self.found, strict=True))
        return matrices, shifts

    def apply(self, letter: int, vector: torch.Tensor, batch: Tree) -> torch.Tensor:
        """T on a state as a vector."""
        after = self.maps.apply(letter, self.vectors.tree(vector), batch)
        if layout(after) != self.kind:
            raise ValueError("the update changed the layout of the state")
        return self.vectors.flat(after)

    def _random(self, rows: int) -> torch.Tensor:
        return torch.randn(rows, self.d, generator=self.generator, dtype=torch.float64).to(self.like)

    def _derive(self, letter: int, rows: torch.Tensor, batch: Tree, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """rows M and m; how far uᵀ(T(x) - T(0)) is from (uᵀM) x, and the size of what was subtracted."""
        at_x, pull, *_ = torch.func.vjp(lambda vector: self.apply(letter, vector, batch), x)
        shift = self.apply(letter, torch.zeros_like(x), batch)
        directions = self.directions + normalize(at_x - shift - x, dim=0)
        product, along = torch.vmap(pull)(torch.cat([rows, directions]))[0].split([len(rows), len(directions)])
        gap = (directions @ (at_x - shift) - along @ x).abs().max()
        size = torch.stack([at_x, shift, x]).abs().max()
        return product.detach(), shift.detach(), gap, size

    def _checked(
        self, letters: list[int], product: torch.Tensor, shift: torch.Tensor, gap: torch.Tensor, size: torch.Tensor
    ) -> list[Pair]:
        """The pairs, unless T bends; all tensors have a leading axis of letters."""
        if not gap.is_meta:
            bends = ~(gap <= self.vectors.eps ** (2 / 3) * size)  # true for NaN, too
            for i in bends.nonzero().flatten().tolist():
                self.refuse(self.maps.numbers[letters[i]], gap[i].item(), size[i].item())
        return list(zip(product.unbind(), shift.unbind(), strict=True))

    def refuse(self, number: int, gap: float, size: float, where: str = "a random point") -> None:
        """Raise NotAffineError, unless the batch itself is to blame."""
        if not is_finite(self.maps.batches[number]):
            return  # the states will not be finite either, and `run` says since when
        name = getattr(self.maps.update, "__name__", type(self.maps.update).__name__)
        raise NotAffineError(
            f"update: on batch {number}, {name} is not affine in its state: at {where} x, T(x) is {gap:.2g} "
            f"away from M x + m, for numbers up to {size:.2g}; {REMEDY}"
        )


def stacked(maps: Maps, letters: list[int]) -> Tree | None:
    """The batches of some letters along a new leading axis; None where they are not alike."""
    together = maps.gathered(letters)
    return joined([maps.batch(letter) for letter in letters]) if together is None else together


def joined(batches: list[Tree]) -> Tree | None:
    """Batches along a new leading axis; None where they are not alike."""
    return stack(batches) if alike(batches) else None


def alike(batches: list[Tree]) -> bool:
    """Whether batches can be stacked."""
    kinds = [
        (*layout(batch), [getattr(leaf, "device", None) for leaf in pytree.tree_leaves(batch)]) for batch in batches
    ]
    return None not in kinds[0][1] and all(kind == kinds[0] for kind in kinds)
