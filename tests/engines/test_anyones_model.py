"""Models as anyone writes them: a run gives what a plain torch loop gives along the same word, or refuses by name.

First one case for each kind there is, so that a failure says which; then cases that hypothesis draws: always the same
40, or as many new ones as REVORDER_DRAWS says.
"""

from __future__ import annotations

import os
from dataclasses import replace

import awkward_draws as draws
import awkward_verdicts
import pytest
import torch
from awkward import ALL_PARTS, BROKEN, NOISY, SECRET, Case, build
from awkward_forms import FORMS
from awkward_hooks import CHANGES
from awkward_inputs import INPUTS
from awkward_losses import LATE, LOSSES
from awkward_methods import METHODS
from awkward_verdicts import NAMED, TOLERANCE, gap, outcome, plain, refusal, surroundings
from hypothesis import HealthCheck, given, settings
from nights import one_in

import revorder as ro

FRESH = "REVORDER_DRAWS" in os.environ
DRAWS = int(os.environ.get("REVORDER_DRAWS", "40"))
KINDS = {
    **{f"inputs: {name}": Case(inputs=name) for name in INPUTS},
    **{f"part: {name}": Case(parts=(name,)) for name in ALL_PARTS},
    **{f"change: {name}": Case(changes=(name,)) for name in CHANGES},
    **{f"loss: {name}": Case(loss=name) for name in LOSSES},
    **{f"method: {name}": Case(method=name) for name in METHODS},
    **{f"form: {name}": Case(form=name) for name in FORMS},
    "last batch smaller": Case(rows="last smaller"),
    "sizes differ": Case(rows="different", parts=("BatchNorm",)),
    "unused layer, decay": Case(parts=("unused layer",), method="nesterov, decay"),
    "unused layer, adamw": Case(parts=("unused layer",), method="adamw"),
    "used for some batches, momentum": Case(inputs="used for some batches", method="momentum"),
    "used for some batches, adam": Case(inputs="used for some batches", method="adam"),
    "frozen layer, decay": Case(changes=("frozen first layer",), method="decay"),
    "frozen layer, groups": Case(changes=("frozen first layer",), method="groups"),
    "tied weights, torch Adam": Case(parts=("tied weights",), method="torch Adam"),
    "dropout, torch Adam": Case(parts=("dropout",), method="torch Adam"),
    "numpy noise, torch SGD": Case(parts=("numpy noise",), method="torch SGD"),
    "weights of its own, torch Adam": Case(loss="weights of its own", method="torch Adam"),
    "weights of its own, answers in a dict": Case(loss="weights of its own", form="answers in a dict"),
    "bound anew, torch SGD": Case(parts=("buffer bound anew",), method="torch SGD"),
    "hooks, torch SGD": Case(changes=("clamped by parameter hooks",), method="torch SGD"),
    "post-accumulate hooks, torch SGD": Case(changes=("post-accumulate hooks",), method="torch SGD"),
    "backward hook, torch SGD": Case(changes=("backward hook",), method="torch SGD"),
    "all frozen, adam": Case(changes=("all frozen",), method="adam"),
    "all frozen, torch SGD": Case(changes=("all frozen",), method="torch SGD"),
    "sparse gradients, torch SGD": Case(inputs="tokens, sparse gradients", method="torch SGD"),
    "sparse gradients, clipped": Case(inputs="tokens, sparse gradients", method="clipped before the step"),
    "hook that counts, only the last layer": Case(
        parts=(), changes=("forward hook that counts", "frozen first layer"), method="only the last layer"
    ),
    "counter, torch SGD": Case(parts=("counter",), method="torch SGD"),
    "counter in the criterion, torch SGD": Case(loss="counter in the criterion", method="torch SGD"),
}
# kinds whose values, or sizes, a kernel traced on one batch would freeze for all others
LONG = {
    **{f"inputs: {name}": Case(inputs=name) for name in INPUTS},
    **{f"part: {name}": Case(parts=(name,)) for name in ALL_PARTS},
    **{f"loss: {name}": Case(loss=name) for name in LOSSES},
    **{f"method: {name}": Case(method=name, parts=("GELU",)) for name in draws.DESCENTS},
    "dicts with numbers": Case(form="dicts with numbers"),
    "perceptron": Case(parts=("ReLU",)),
    "perceptron, label too large": Case(parts=("ReLU",), loss="label too large in one batch"),
    "perceptron, all ignored": Case(parts=("ReLU",), loss="all ignored in one batch"),
    "perceptron, soft labels": Case(parts=("ReLU",), loss="soft labels"),
    "perceptron, hooks": Case(parts=("ReLU",), changes=("clamped by parameter hooks",)),
    "perceptron, forward hook": Case(parts=("ReLU",), changes=("forward hook",)),
    "perceptron, frozen layer": Case(parts=("ReLU",), changes=("frozen first layer",), method="decay"),
}


@pytest.mark.parametrize("engine", ["replay", "auto"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind, engine):
    outcome(replace(KINDS[kind], engine=engine))


@pytest.mark.parametrize("kind", one_in(3, LONG))
def test_every_kind_in_a_plan_that_is_worth_kernels(kind):
    outcome(replace(LONG[kind], steps=160, asked=5))


@pytest.mark.parametrize("method", ["sgd, large steps", "nesterov, decay"])
@pytest.mark.parametrize("loss", LATE)
def test_linear_models_whose_kinks_are_far_away(loss, method):
    outcome(Case(inputs="linear", parts=(), loss=loss, method=method, steps=120, asked=120))


@settings(
    max_examples=DRAWS,
    derandomize=not FRESH,
    database=None,
    report_multiple_bugs=False,  # one is enough to begin with, and is made small in half the time
    suppress_health_check=list(HealthCheck),
)
@given(draws.cases)
def test_anyones_model(case):
    outcome(case)


def test_what_is_given_to_init_may_be_frozen():
    """Frozen parameters that are given to `init` too stay as they are, whatever the method."""
    case = Case(changes=("frozen first layer",), method="nesterov, decay")
    with surroundings():
        world = build(case)
        loss, _ = ro.module_loss(world.model, world.criterion)
        update = world.method.descent(loss)
        start = update.init({name: p.detach() for name, p in world.model.named_parameters()})
        made = ro.run(update, start, world.batches, "backward", [6], progress=False)
        want = plain(case, ro.Backward().word(6))
        got = update.params(made.state(6))
        assert gap(got, {name: want[name] for name in got}) <= TOLERANCE


def test_the_plain_loop_is_not_blind():
    """Words, noise and hidden counters make a difference that is far above the tolerance."""
    with surroundings():
        kinds, words = [Case(), Case(parts=("counter",))], [(0, 1, 2), (2, 1, 0)]
        ends = [plain(case, word) for case in kinds for word in words]
        assert min(gap(a, b) for i, a in enumerate(ends) for b in ends[:i]) > 1e3 * TOLERANCE
        case = Case(parts=("dropout",))
        torch.manual_seed(0)
        assert gap(plain(case, (0, 1, 2)), plain(case, (0, 1, 2))) > 1e3 * TOLERANCE


@pytest.mark.parametrize("method", ["sgd", "torch Adam"])
def test_a_wrong_order_is_told_apart(method, monkeypatch):
    wrong = lambda case, word, **options: plain(case, word[::-1], **options)
    monkeypatch.setattr(awkward_verdicts, "plain", wrong)
    with pytest.raises(AssertionError, match="off by"):
        outcome(Case(method=method))


def test_every_broken_kind_breaks_in_plain_torch():
    broken = {kind: case for kind, case in KINDS.items() if case.kinds & BROKEN}
    assert len(broken) >= 4
    with surroundings():
        assert all(not isinstance(plain(case, ro.Backward().word(6)), dict) for case in broken.values())


def goes_on(case):
    """How far a loop ends from one that is begun anew halfway, with the same parameters and buffers."""
    first = plain(case, (0, 1))
    return gap(plain(case, (0, 1, 2, 0)), plain(case, (2, 0), start=first))


@pytest.mark.parametrize("kind", sorted(SECRET))
def test_secrets_are_in_neither_parameters_nor_buffers(kind):
    """So that none of them can pass as a map T(state, batch)."""
    case = next(case for case in KINDS.values() if kind in case.kinds)
    with surroundings():
        assert goes_on(case) > 1e3 * TOLERANCE


def test_all_else_is_in_parameters_and_buffers():
    """So that plain loops are what maps T(state, batch) can equal, and a refusal is not all that is left."""
    strange = NOISY | SECRET | BROKEN | {"lazy layer"}
    known = {kind: case for kind, case in KINDS.items() if case.method == "sgd" and not case.kinds & strange}
    with surroundings():
        assert {kind: away for kind, case in known.items() if (away := goes_on(case)) > TOLERANCE} == {}


@pytest.mark.parametrize(
    "error, good",
    [
        (ValueError("model: it keeps a counter 'calls' that changes in forward; make it a buffer"), True),
        (TypeError("params['0.weight']: got torch.int64, but gradients need floating point"), True),
        (ValueError("model: no"), False),
        (ValueError("too many values to unpack (expected 2), and forty characters more"), False),
    ],
)
def test_what_counts_as_a_refusal(error, good):
    assert bool(NAMED.match(str(error))) == (good or str(error).startswith("model: no"))
    if good:
        assert refusal(error).startswith("refused: ")
    else:
        with pytest.raises(AssertionError, match="not by name"):
            refusal(error)
