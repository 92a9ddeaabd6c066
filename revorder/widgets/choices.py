"""What can be chosen in the experiment panel: the controls, and the configuration and the folder that they ask for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as W

from revorder.experiments import Config, Folder
from revorder.experiments.arithmetic import best_device
from revorder.experiments.catalogue import NAMES, PROFILES, experiment
from revorder.experiments.fitting import MOST_JOBS


class Choices:
    """The controls of an experiment panel; the arguments are those of `ExperimentPanel`.

    Attributes:
        experiment, profile, orders, seeds, engine, device, folder: the controls.
        told: is called when they have changed.
        scratch: where every configuration has a folder of its own; None where one folder was given.
    """

    def __init__(
        self, name: str, profile: str, own: Config | None, folder: str | Path | None, home: str | Path | None = None
    ):
        self.own, self._choosing, self._given = own, False, ""
        self.told: Callable[[], None] = _nothing
        self.scratch: Path | None = None
        if folder is None:
            self.scratch = Path(home).expanduser() if home else Path(tempfile.mkdtemp(prefix="revorder-"))
        chosen = own or experiment(name, profile)
        self._make(chosen, name)
        self.folder.value = self._given = str(folder if self.scratch is None else _fresh(self.scratch, chosen))

    def _make(self, chosen: Config, name: str) -> None:
        wide = {"style": {"description_width": "90px"}, "layout": W.Layout(width="420px")}
        ours = [(f"{self.own.name} ({self.own.profile}), your own", "")] if self.own else []
        self.experiment = W.Dropdown(options=[*((each, each) for each in NAMES), *ours], description="experiment",
                                     value="" if self.own else name, **wide)  # fmt: skip
        self.profile = W.Dropdown(options=PROFILES, description="profile", **wide)
        self.profile.value = chosen.profile if chosen.profile in PROFILES else PROFILES[0]
        self.orders = W.Text(description="orders", continuous_update=False, **wide)
        self.seeds = W.BoundedIntText(1, min=1, max=MOST_JOBS, description="seeds", continuous_update=False, **wide)
        self.engine = W.Dropdown(options=("replay", "wavefront"), description="engine", **wide)
        devices = list(dict.fromkeys((best_device(), "cpu")))
        self.device = W.Dropdown(options=devices, description="device", **wide)
        self.folder = W.Text(description="result folder", continuous_update=False, **wide)
        for control in (self.experiment, self.profile):
            control.observe(self._choose, "value")
        for control in (self.orders, self.seeds, self.engine, self.device, self.folder):
            control.observe(self._tell, "value")
        self._choose()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls but the buttons, in the order in which the Tab key reaches them."""
        return self.experiment, self.profile, self.orders, self.seeds, self.engine, self.device, self.folder

    def config(self) -> Config:
        """The configuration that the controls ask for.

        Raises:
            ValueError, TypeError: there is no such order.
        """
        orders = [text.strip() for text in self.orders.value.split(",") if text.strip()]
        return self._chosen().replace(orders=orders, seeds=self.seeds.value, engine=self.engine.value)

    def _chosen(self) -> Config:
        if self.experiment.value:
            return experiment(self.experiment.value, self.profile.value)
        assert self.own is not None  # else there is no such entry
        return self.own

    def _choose(self, change: Any = None) -> None:
        """Another experiment or profile: show its orders, seeds and engine."""
        chosen, self._choosing = self._chosen(), True
        self.orders.value, self.seeds.value = ", ".join(chosen.orders), chosen.seeds
        tried = self.experiment.value and chosen.profile == "smoke"  # somebody's own stays as it is
        self.engine.value = "replay" if tried else chosen.engine
        self.profile.disabled = not self.experiment.value
        self._choosing = False
        self._tell()

    def _tell(self, change: Any = None) -> None:
        if not self._choosing:
            self.told()

    def disable(self, busy: bool) -> None:
        """Take no more input, or take it again."""
        for control in self.controls:
            control.disabled = busy
        self.profile.disabled = busy or not self.experiment.value

    def place(self, config: Config) -> Path:
        """The folder for the results of a configuration.

        Raises:
            ValueError: no name, or a folder that holds results of another configuration or is damaged.
        """
        if not self.folder.value.strip():
            raise ValueError("result folder: got no name, but results must be kept somewhere")
        place = Path(self.folder.value.strip()).expanduser()
        if self.scratch is not None and self.folder.value == self._given:  # nobody has named it
            place, self._choosing = _fresh(self.scratch, config), True
            self.folder.value = self._given = str(place)
            self._choosing = False
        elif (place / "config.json").exists() and Folder(place).config() != config:
            raise ValueError(f"result folder: {place} holds the results of another configuration; choose another one")
        return place


def _nothing() -> None:
    """Nobody is told."""


def _fresh(scratch: Path, config: Config) -> Path:
    """A folder among the temporary ones that is new, or holds results of this very configuration."""
    names = (f"{config.name}-{config.profile}{number}" for number in ("", *(f"-{i}" for i in range(2, 10_000))))
    places = (scratch / name for name in names)
    return next(place for place in places if not place.exists() or _holds(place, config))


def _holds(place: Path, config: Config) -> bool:
    """Whether a folder holds results of this configuration."""
    try:
        return Folder(place).config() == config
    except ValueError:
        return False
