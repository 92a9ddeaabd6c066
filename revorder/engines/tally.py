"""What the checks of a run have found, which travels with a run that is stopped and goes on."""

from __future__ import annotations

from typing import Any


class Tally:
    """How many steps were compared, and what was found.

    Attributes:
        checked: steps that were compared.
        gap: the largest difference, as a share of the step.
        inexact: whether steps repeat up to rounding only.
    """

    def __init__(self) -> None:
        self.checked, self.gap, self.inexact = 0, 0.0, False

    def add(self, checked: int, gap: float) -> None:
        self.checked, self.gap = self.checked + checked, max(self.gap, gap)

    def kept(self) -> dict[str, Any]:
        """What was found until now, as JSON can hold it: for a run that goes on."""
        return {"checked": self.checked, "gap": self.gap, "inexact": self.inexact}

    def go_on(self, kept: dict[str, Any]) -> None:
        """Count on from what `kept` had.

        Raises:
            ValueError: it is damaged.
        """
        checked, gap, inexact = kept["checked"], kept["gap"], kept["inexact"]
        if type(checked) is not int or not (type(gap) is float and checked >= 0 <= gap < 1e9 and type(inexact) is bool):
            raise ValueError(f"it says that {checked!r} steps were checked, with a gap of {gap!r}")
        self.add(checked, gap)
        self.inexact = self.inexact or inexact

    def report(self) -> str:
        """What was checked, for the trajectory; empty where there was nothing to check."""
        if not self.checked:
            return ""
        gap = f"largest gap {self.gap:.0e} of a step" if self.gap else "no gap"
        found = f"checked {self.checked} step{'s'[: self.checked > 1]} against the plain step: {gap}"
        return found + ("; nondeterministic kernels: steps repeat up to rounding" if self.inexact else "")
