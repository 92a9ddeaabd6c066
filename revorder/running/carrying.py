"""Carrying a plan out, here or in a worker: an engine's states are gathered, what a check finds wrong is redone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from revorder.engines import trial
from revorder.engines.audit import Disagreement
from revorder.engines.auto import Auto
from revorder.engines.choice import Engine
from revorder.engines.drawing import Drawn
from revorder.engines.maps import Maps
from revorder.engines.memory import ran_out
from revorder.engines.replay import Replay
from revorder.engines.rounding import product_rounding
from revorder.errors import DivergedError, NotBatchableError
from revorder.planning.plan import Plan
from revorder.pytrees import Tree, finite_rows, is_finite, largest, named_leaves, row
from revorder.running.collecting import Collector, RunKeeper, progress_bar
from revorder.running.forks import ALONE, fork
from revorder.running.watching import OnCheckpoint, Reports
from revorder.showing import name_of
from revorder.trajectories import origins
from revorder.trajectories.trajectory import Trajectory

LARGE = 1e6  # numbers beyond are on their way to infinity


def carry_out(
    plan: Plan,
    *,
    engine: Engine | Auto,
    maps: Maps,
    start: Tree,
    record: Callable[[Tree], Tree] | None,
    metrics: dict[str, Callable[[Tree], Any]],
    progress: bool,
    provenance: dict[str, Any],
    keeper: RunKeeper | None = None,
    on_diverge: str = "raise",
    on_checkpoint: OnCheckpoint | None = None,
) -> Trajectory:
    """Carry a plan out; or go on from where a keeper says that a run stopped.

    If a check of the run itself finds a step that is not the plain one, the run is made anew from the start: without
    kernels, and then by replay. The trajectory's `engine` says so, and how many steps were checked.
    """
    if fork.alone:
        maps.note(ALONE)
    maps.audit.rounding = max(maps.audit.rounding, product_rounding(start))
    before = maps.draws.watch()
    reports = None if on_checkpoint is None else Reports(plan, on_checkpoint, marks=on_diverge == "mark")
    while True:
        collected = Collector(plan, maps.notes, record, metrics, provenance, reports)
        try:
            with maps.draws.attempt():
                trial.begin(maps, plan, start)
                found = _attempt(plan, engine, maps, start, collected, progress, keeper, on_diverge)
            if maps.draws.watched and not getattr(maps.update, "keyless", True):
                before.put_back()  # what it drew before it was known to draw
            return replace(found, engine="; ".join(filter(None, [found.engine, maps.audit.report()])))
        except KeyboardInterrupt:
            raise collected.interrupted() from None
        except Drawn as wrong:
            maps.draws.watched, maps.plain = True, maps.plain or "torch" in wrong.moved
            maps.note(f"then again, since {wrong}")
        except BaseException as error:  # whatever ends a run, what was reached is kept
            again = _again(error, engine, maps)
            if again is None:
                collected.end(error)
            engine = again
        if keeper is not None:
            keeper.restart()


def _again(error: BaseException, engine: Engine | Auto, maps: Maps) -> Engine | Auto | None:
    """What carries the run out anew after an error; None if it ends the run, as a memory that is too small does."""
    if ran_out(error):
        return None
    if isinstance(error, Disagreement):
        return _plainer(engine, maps, str(error))
    if isinstance(error, NotBatchableError) and isinstance(engine, Auto):
        return _plainer(Replay(), maps, str(error).splitlines()[0])
    return None


def _plainer(engine: Engine | Auto, maps: Maps, why: str) -> Engine | Auto:
    """An engine with fewer shortcuts."""
    engine = Replay() if maps.plain else engine
    maps.plain = True
    maps.note(f"then again {'by replay' if isinstance(engine, Replay) else 'without kernels'}, since {why}")
    return engine


def _attempt(
    plan: Plan,
    engine: Engine | Auto,
    maps: Maps,
    start: Tree,
    collected: Collector,
    progress: bool,
    keeper: RunKeeper | None,
    on_diverge: str,
) -> Trajectory:
    chosen: Engine = engine.resolve(maps, start, plan) if isinstance(engine, Auto) else engine
    states: Callable[..., Iterator[tuple[np.ndarray, Tree]]] = chosen.states
    if keeper is not None:
        keeper.watch(collected)
        states = partial(states, keeper=keeper)
    # the affine engine makes fewer products than there are prefixes, which it need not count
    total = chosen.cost(plan) if hasattr(chosen, "cost") else plan.cost
    with progress_bar(plan, total, progress) as bar:

        def advanced(evaluations: int) -> None:
            collected.cost += evaluations
            bar.update(evaluations)

        moved = _collect(states(maps, start, plan, advanced), maps, collected, on_diverge)
    maps.draws.found(moved)
    if collected.marked.any():
        error = _diverged(maps, start, plan, collected)
        if on_diverge == "raise" or not collected.done.any():
            collected.marked[:] = False  # the error carries what was finite
            error.trajectory = collected.partial()
            raise error
    return collected.trajectory()


def origin(maps: Maps, start: Tree, plan: Plan) -> dict[str, Any]:
    """The provenance of a run: what is known of its update, batches and order besides the machine."""
    seeds = {"order": getattr(plan.order, "seed", None)} | origins.seeds_of(maps.update)
    known = {name: seed for name, seed in seeds.items() if seed is not None}
    record = origins.provenance(next(iter(named_leaves(start)))[1].device, **known)
    digest = getattr(maps.batches, "digest", None)
    return record if digest is None else record | {"batches": digest}


def _collect(states: Iterator[tuple[np.ndarray, Tree]], maps: Maps, collected: Collector, on_diverge: str) -> set[str]:
    """Gather what an engine yields; the names of the process's generators that moved meanwhile, metrics left out."""
    moved, watch, looks = set[str](), maps.draws.watch(), collected.observes
    for rows, reached in states:
        if looks:
            moved, watch = moved | watch.moved(), maps.draws.watch()
        finite = None if on_diverge == "keep" else finite_rows(reached)
        if finite is None or finite.all():
            collected.add(rows, reached)
        else:
            collected.add(rows[finite.numpy()], row(reached, finite))
            collected.mark(rows[~finite.numpy()])
            if on_diverge == "raise":
                break
            collected.show(rows[~finite.numpy()])
        if looks:  # who only measures is looked at once, since looking takes longer than some steps
            looks, watch = collected.reports is not None or bool(watch.moved()), maps.draws.watch()
    return moved | watch.moved()


def _diverged(maps: Maps, start: Tree, plan: Plan, collected: Collector) -> DivergedError:
    """The error that names the batch which led out of the finite numbers, by replay of the earliest failing word.

    Raises:
        Disagreement: the plain steps stay finite.
    """
    failed = min(np.flatnonzero(collected.marked).tolist(), key=lambda i: plan.steps[i])
    state, word = start, plan.words[failed]
    for position, number in enumerate(word.tolist()):  # noqa: B007 (used after the loop)
        before, state = state, maps(int(plan.letters[number]), state)
        if not is_finite(state):
            break
    else:
        raise Disagreement(f"the state at step {plan.steps[failed]} was not finite, but by plain steps it is")
    return DivergedError(
        f"the state at step {plan.steps[failed]} of {name_of(plan.order)} is not finite since batch {number} "
        f"(position {position} of its word); {_cause(maps.batches[number], number, before)}",
        step=plan.steps[failed],
        position=position,
        batch=number,
        order=plan.order,
        trajectory=None,
    )


def _cause(batch: Tree, number: int, before: Tree) -> str:
    if not is_finite(batch):
        return f"batches: batch {number} itself holds infinite or NaN numbers; clean the data"
    if (size := largest(before)) < LARGE:
        return (
            f"no number of the state was beyond {size:.3g} before it, so the learning rate is not to blame: look at "
            "this batch and the loss on it (0/0, the logarithm or root of 0, labels that are all ignored)"
        )
    return "lower the learning rate"
