"""From what was typed on a command line to a configuration and its price."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from revorder.data.files import parse, read_text
from revorder.experiments import checks
from revorder.experiments.arithmetic import best_device
from revorder.experiments.bringing import bring
from revorder.experiments.catalogue import NAMES, experiment
from revorder.experiments.configs import FIELDS, Config
from revorder.experiments.estimates import Estimate
from revorder.experiments.given import check_device
from revorder.experiments.own import NUMBERED, OURS, used
from revorder.experiments.versions import HEAD, fields_of

OWN = "own"  # the profile of an experiment that is not of the catalogue, unless somebody says otherwise


def configuration(
    name: str, profile: str | None = None, orders: Sequence[str] = (), seeds: int | None = None,
    engine: str | None = None, assignments: Sequence[str] = (), *, file: Path | None = None, model: str | None = None,
    dataset: str | None = None, loss: str | None = None, metrics: Sequence[str] = (), code: Sequence[str] = (),
) -> Config:  # fmt: skip
    """The configuration that a command line asks for. What is typed here as code is imported; nothing else is.

    Args:
        name, profile: as for `experiment`; or another name, with `file`, `model` or `dataset`.
        orders: texts with one or several orders, separated by commas.
        seeds, engine: fields of their own; None: as the experiment has them.
        assignments: texts "field=value", the value JSON or else a text.
        file: JSON with fields of the configuration, all or some, which the other arguments replace.
        model, dataset, loss: a name, or code such as "study.py:make_net", which is brought.
        metrics: texts with one or several of the same, separated by commas.
        code: what is to be brought first; see `bring`.

    Raises:
        ValueError, TypeError: as `experiment`; and an assignment without "=", or a file that is no configuration.

    >>> configuration("mlp-digits", "smoke", ["forward,backward-window:4"], assignments=["lr=0.2"]).orders
    ('forward', 'backward-window:4')
    """
    for text in code:
        bring(text)
    fields = {} if file is None else _fields_of(file)
    fields |= dict(_assignment(text) for text in assignments)
    texts: dict[str, Any] = {
        field: [named(one.strip()) for text in given for one in text.split(",")]
        for field, given in (("orders", orders), ("metrics", metrics)) if given
    }  # fmt: skip
    typed = {"model": model, "dataset": dataset, "loss": loss}
    texts |= {field: named(text) for field, text in typed.items() if text is not None}
    given = {"seeds": seeds, "engine": engine, "profile": profile} | texts
    fields |= {field: value for field, value in given.items() if value is not None}
    return _made(name, fields, its_own=file is not None or bool({"model", "dataset"} & texts.keys()))


def _made(name: str, fields: dict[str, Any], its_own: bool) -> Config:
    if name in NAMES or not its_own:
        changes = {field: value for field, value in fields.items() if field not in ("name", "profile")}
        return experiment(name, fields.get("profile", "laptop")).replace(**changes)
    checks.known(fields, FIELDS)
    return Config(**({"profile": OWN} | fields | {"name": name}))


def _fields_of(file: Path) -> dict[str, Any]:
    """What a file says of a configuration: all of it, as result folders have it, or some fields."""
    try:
        text = read_text(file)
        fields = parse(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"--config: {file} cannot be read ({error})") from error
    if not isinstance(fields, dict):
        raise ValueError(f"--config: {file} holds no JSON object of fields, such as {{'steps': 200}}")
    return fields_of(text, file) if HEAD in fields else fields


def named(text: str) -> str:
    """What a configuration calls what was typed; code, such as "study.py:OddEven", is brought."""
    numbered = NUMBERED.fullmatch(text)  # an order with a number, such as "study.py:Window:8"
    place, colon, name = (numbered[1] if numbered else text).rpartition(":")
    if not (colon and name.isidentifier()) or place in OURS["order"]:
        return text
    called = bring(f"{place}:{name}")
    return f"{called}:{numbered[2]}" if numbered else called


def _assignment(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set: got {text!r}, but FIELD=VALUE is accepted, such as lr=0.02")
    try:
        return field.strip(), parse(value)
    except ValueError:
        return field.strip(), value


def device_of(device: str | None) -> str:
    """Where tensors are to live: what was typed, or the best there is.

    Raises:
        ValueError: tensors cannot be made, or used, there.
    """
    device = device or best_device()
    check_device(device)
    return device


def described(config: Config, device: str) -> str:
    """What would be run, in three lines; more where somebody has brought something of their own."""
    own = "".join(f"\nregistered: {one.kind} {one.name}, {one}" for one in used(config))
    steps = config.checkpoints
    precision = f"{config.precision}{'' if config.exact else ' (NOT exact)'}{', compiled' * config.compile}"
    return (
        f"{config.name} ({config.profile}): {config.model}, width {config.width}, on {config.dataset}\n"
        f"{config.optimizer}, constant learning rate {config.lr}, batches of {config.batch_size}, {config.data_order}; "
        f"{config.steps} steps, {len(steps)} checkpoints from {steps[0]} to {steps[-1]}\n"
        f"seeds: {config.seeds}; engine {config.engine}, {precision}, on {device}, threads: {config.threads}{own}"
    )


def priced(price: Estimate) -> str:
    """The table of an estimate, and what it is."""
    return f"{price}\nThe time is an estimate, from a few steps that were timed just now."
