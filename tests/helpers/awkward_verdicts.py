"""What becomes of a case: the oracle, a plain torch loop along a word; and the verdict on what revorder gives."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from awkward import NOISY, Case, World, build, update_of
from torch.utils import _pytree as pytree

import revorder as ro

TOLERANCE = 1e-8
ARGUMENT = (
    "(update|model|criterion|forward|make_optimizer|loss|lr|params|buffers|start|batches|order|checkpoints|engine"
    "|labels|record|stochastic)"
)
NAMED = re.compile(rf"{ARGUMENT}((, | and ){ARGUMENT})*(\[[^]]*\]|\.\w+)*: ")
BROKE = object()  # in place of states: plain torch raised an error

Named = dict[str, torch.Tensor]


@contextmanager
def surroundings() -> Iterator[None]:
    """float64, no warnings, and every global generator where it was."""
    before = torch.get_default_dtype(), np.random.get_state(), random.getstate()
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings(), torch.random.fork_rng():
            warnings.simplefilter("ignore")
            for begin in (torch.manual_seed, np.random.seed, random.seed):
                begin(0)
            yield
    finally:
        torch.set_default_dtype(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])


def plain(case: Case, word: tuple[int, ...], start: Named | None = None, nudge: float = 0.0) -> Any:
    """Parameters and buffers after a plain torch loop along a word, from a fresh model; or `BROKE`."""
    world = build(case)
    named = world.named("parameters")
    try:
        with torch.no_grad():
            for name, leaf in (named | world.named("buffers")).items() if start else ():
                leaf.copy_(start[name])
            for parameter in named.values() if nudge else ():
                parameter.mul_(1 + nudge)
        _train(world, named, word)
    except Exception:
        return BROKE
    return {name: leaf.detach().clone() for name, leaf in (world.named("parameters") | world.named("buffers")).items()}


def _train(world: World, named: Named, word: tuple[int, ...]) -> None:
    optimizer = world.method.plain(list(named.items()))
    for number in word:

        def closure(batch: Any = world.batches[number]) -> torch.Tensor:
            optimizer.zero_grad()
            loss = world.loss(batch)
            loss.backward()
            return loss

        if world.method.closure:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()


def outcome(case: Case) -> str:
    """What was seen: "equal", "diverged" or "refused: …"; an AssertionError, or what revorder raised, for all else.

    What noise draws cannot be known beforehand. It must make one frozen map of every batch instead: see `_frozen`.
    """
    with surroundings():
        order, steps = ro.order(case.order), case.checkpoints
        want = {n: plain(case, order.word(n)) for n in {steps[0], steps[len(steps) // 2], steps[-1]}}
        broke = any(states is BROKE for states in want.values())
        finite = not broke and all(_finite(states) for states in want.values())
        try:
            made = carried_out(case)
            noisy = [carried_out(case), carried_out(case, engine="replay")] if case.kinds & NOISY else []
            repeated = [_one_batch(case) for _ in range(2)] if noisy else []
        except (ValueError, TypeError) as error:
            return refusal(error, finite, case.may_be_refused or broke)
        assert not broke, "numbers came back where plain torch raises an error"
        assert finite, "numbers came back where plain torch diverges"
        if noisy:
            _frozen(case, [made, *noisy], repeated)
        for n, states in want.items() if not noisy else ():
            _compare(case, n, states, *made)
        return "equal"


def carried_out(case: Case, **options: Any) -> tuple[Any, ro.Trajectory]:
    """The update and the trajectory; nothing global may have moved."""
    world = build(case)
    before = generators()
    update, start = update_of(world)
    options = {"engine": case.engine, "progress": False} | options
    made = ro.run(update, start, world.batches, case.order, case.checkpoints, **options)
    assert generators() == before, "a global generator of random numbers has moved"
    return update, made


def generators() -> tuple[Any, ...]:
    """Where the generators of torch, NumPy and Python are."""
    return torch.get_rng_state().numpy().tobytes(), repr(np.random.get_state()), random.getstate()


def refusal(error: Exception, finite: bool = True, allowed: bool = True) -> str:
    """What an error says, if it may be raised here and helps whoever reads it."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, ro.DivergedError):
        assert not finite, f"plain torch does not diverge: {said}"
        return "diverged"
    assert NAMED.match(str(error)) and len(str(error)) > 40, f"refused, but not by name: {said}"
    assert allowed, f"refused, but this must be carried out: {said}"
    return f"refused: {said}"


def _finite(states: Named) -> bool:
    return all(bool(leaf.isfinite().all()) for leaf in states.values())


def _compare(case: Case, n: int, want: Named, update: Any, made: ro.Trajectory) -> None:
    state = made.state(n)
    got = {**update.params(state), **update.buffers(state)}
    own = build(case).named("parameters") | build(case).named("buffers")
    trained = {name for name, leaf in own.items() if leaf.requires_grad}
    assert trained <= got.keys() <= own.keys(), f"names: got {sorted(got)}, but the model has {sorted(own)}"
    gaps = {name: (got[name].double() - want[name].double()).abs().max().item() for name in got}
    name = max(gaps, key=lambda name: gaps[name] if gaps[name] == gaps[name] else float("inf"))
    size = max(1.0, largest(want))
    if not gaps[name] <= TOLERANCE * size:
        wobble = _wobble(case, n, want)
        assert gaps[name] <= 10 * wobble, f"step {n}, {name}: off by {gaps[name]:.3g} ({wobble:.1g} is rounding)"


def _wobble(case: Case, n: int, want: Named) -> float:
    """How far the plain loop itself moves if the start is moved in its last digits: chaos is nobody's fault."""
    word = ro.order(case.order).word(n)
    return max(gap(plain(case, word, nudge=nudge), want) for nudge in (3e-16, -3e-16, 1e-15))


def _frozen(case: Case, runs: list[tuple[Any, ro.Trajectory]], repeated: list[Any]) -> None:
    """Noise is drawn once for every batch: runs repeat to the last bit, engines agree, and all is as done by hand."""
    first, second, replayed = (made.states for _, made in runs)
    assert gap(first, second) == 0, "two runs differ"
    assert gap(*repeated) == 0, "two runs with one batch repeated differ"
    by_hand = _by_hand(case, ro.order(case.order).word(case.steps))
    size = largest(by_hand)
    apart = {"auto": gap(first, replayed), "by hand": gap(by_hand, runs[2][1].state(case.steps))}
    assert max(apart.values()) <= TOLERANCE * max(1.0, size), f"away from replay: {apart}"


def _one_batch(case: Case) -> Any:
    world = build(case)
    update, start = update_of(world)
    batches, labels = [world.batches[0]] * case.steps, [0] * case.steps
    return ro.run(update, start, batches, "forward", case.checkpoints, labels=labels, progress=False).states


def _by_hand(case: Case, word: tuple[int, ...]) -> Any:
    """The word by its definition, while global generators stand elsewhere, and every map is called once too often."""
    torch.manual_seed(123)
    world = build(case)
    update, state = update_of(world, stochastic=True)  # noise that is rare is not found by the first call
    for number in word:
        update(state, world.batches[number], key=number + 1)
        state = update(state, world.batches[number], key=number)
    return state


def gap(a: Any, b: Any) -> float:
    """The largest difference between two trees; they must be alike."""
    leaves = list(zip(pytree.tree_leaves(a), pytree.tree_leaves(b), strict=True))
    return max((x.double() - y.double()).abs().max().item() for x, y in leaves if isinstance(x, torch.Tensor))


def largest(tree: Any) -> float:
    """The largest number in a tree."""
    leaves = [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
    return max(leaf.double().abs().max().item() for leaf in leaves)
