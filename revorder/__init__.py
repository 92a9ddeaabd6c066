"""revorder: backward-SGD and composition orders in deep learning, exact and in Jupyter.

`import revorder as ro`. Names are imported when they are first used, so that `import revorder` is quick, and planning
and theory work without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from revorder.lazy import lazy

if TYPE_CHECKING:
    from revorder import (
        batches,
        comparators,
        course,
        datasets,
        diagnostics,
        experiments,
        images,
        models,
        plots,
        problems,
        theory,
        widgets,
    )
    from revorder.engines import Affine, Replay, Wavefront
    from revorder.errors import DivergedError, NotAffineError, NotBatchableError, RunInterrupted
    from revorder.lie import lie_corrected
    from revorder.modules import module_loss, torch_update
    from revorder.orders import (
        Backward,
        BackwardBlocks,
        BackwardTail,
        BackwardWindow,
        Forward,
        Shuffled,
        TwoSided,
        order,
    )
    from revorder.origins import provenance
    from revorder.planning import Plan, plan
    from revorder.running import run
    from revorder.seeds import run_seeds
    from revorder.trajectory import Trajectory
    from revorder.updates import adam, augmented, sgd

__version__ = "0.1.0"

_HOME = {
    "orders": "Backward BackwardBlocks BackwardTail BackwardWindow Forward Shuffled TwoSided order",
    "planning": "Plan plan",
    "engines": "Affine Replay Wavefront",
    "errors": "DivergedError NotAffineError NotBatchableError RunInterrupted",
    "lie": "lie_corrected",
    "modules": "module_loss torch_update",
    "origins": "provenance",
    "running": "run",
    "seeds": "run_seeds",
    "trajectory": "Trajectory",
    "updates": "adam augmented sgd",
}
_SUBMODULES = [
    "batches", "comparators", "course", "datasets", "diagnostics", "experiments", "images", "models", "plots",
    "problems", "theory", "widgets",
]  # fmt: skip

__all__ = [
    "Affine", "Backward", "BackwardBlocks", "BackwardTail", "BackwardWindow", "DivergedError", "Forward",
    "NotAffineError", "NotBatchableError", "Plan", "Replay", "RunInterrupted", "Shuffled", "Trajectory",
    "TwoSided", "Wavefront", "adam", "augmented", "batches", "comparators", "course", "datasets", "diagnostics",
    "experiments", "images", "lie_corrected", "models", "module_loss", "order", "plan", "plots", "problems",
    "provenance", "run", "run_seeds", "sgd", "theory", "torch_update", "widgets",
]  # fmt: skip


if not TYPE_CHECKING:  # else a type checker would find a type for any misspelt name
    __getattr__ = lazy(__name__, _HOME, _SUBMODULES)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
