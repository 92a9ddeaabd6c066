"""What a page computes in JavaScript against what `revorder.run` computes, for many settings at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from conftest import missing

from revorder.live.base import LiveFigure
from revorder.live.modules import FOLDER

SETTINGS = int(os.environ.get("REVORDER_DRAWS", "40"))  # random settings of each figure; 200 a night
SCRIPT = """
import {%(function)s as found} from %(module)s;
import {readFileSync} from "node:fs";
const plain = (key, value) => typeof value === "number" && !Number.isFinite(value) ? String(value)
  : ArrayBuffer.isView(value) ? Array.from(value) : value;
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(each => found(...each)), plain));
"""


def node() -> str:
    return shutil.which("node") or shutil.which("nodejs") or missing("Node.js (Debian's package nodejs)")


def javascript(module: str, function: str, arguments: Sequence[Sequence[Any]]) -> list[Any]:
    """What a function of `js/<module>.js` returns for each list of arguments; numbers keep all their digits."""
    script = SCRIPT % {"function": function, "module": json.dumps((FOLDER / f"{module}.js").as_uri())}
    done = subprocess.run([node(), "--input-type=module", "--eval", script], input=json.dumps(arguments),
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def computed(figure: LiveFigure, **other: Any) -> dict[str, Any]:
    """What the page computes for a figure's settings, or for others, to be compared with its `states()`."""
    (found,) = javascript(f"{figure.figure}_states", "compared", [[figure.settings | other]])
    return found


def gap(found: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    """The largest difference of two sets of named arrays, in units of the largest number of each array.

    Infinities and NaN must stand at the same places.
    """
    assert found.keys() == expected.keys()
    worst = 0.0
    for name, values in expected.items():
        a, b = (np.asarray(each, dtype=float) for each in (found[name], values))
        assert a.shape == b.shape, f"{name}: {a.shape} in JavaScript, {b.shape} in Python"
        finite = np.isfinite(b)
        np.testing.assert_array_equal(a[~finite], b[~finite], err_msg=name)
        if finite.any():
            worst = max(worst, np.abs(a - b)[finite].max() / max(np.abs(b[finite]).max(), 1e-300))
    return worst


def worst_gap(draw: Callable[[np.random.Generator], LiveFigure], number: int = SETTINGS) -> float:
    """The largest gap between a figure's `states()` and `compared` of its states module, over random settings."""
    rng = np.random.default_rng(0)
    figures = [draw(rng) for _ in range(number)]
    found = javascript(f"{figures[0].figure}_states", "compared", [[figure.settings] for figure in figures])
    return max(gap(a, figure.states()) for a, figure in zip(found, figures, strict=True))
