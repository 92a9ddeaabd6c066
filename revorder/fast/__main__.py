"""Compiles the kernel for both types of numbers, so that later runs find it on disk: python -m revorder.fast"""

from __future__ import annotations

import sys
import time

import numpy as np

from revorder.fast.run import prepare, why_not


def main() -> int:
    """Compile or load, and say how long it took; 1 where there is no kernel."""
    for dtype in (np.float32, np.float64):
        begun = time.perf_counter()
        if not prepare(dtype):
            print(f"no kernel: {why_not()}", file=sys.stderr)
            return 1
        print(f"{np.dtype(dtype)}: ready after {time.perf_counter() - begun:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
