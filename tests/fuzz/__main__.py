"""The long run: `python tests/fuzz` tries 100,000 inputs for every target; `--help` says how to repeat a failure."""

from __future__ import annotations

import argparse
import collections
import contextlib
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from fuzz import inputs, targets

ROOM = 1 << 29  # bytes of address space that an input may need beyond what the process has


def main() -> int:
    args = _arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # numbers beyond all bounds overflow in means
    if args.repeat:
        targets.TARGETS[args.repeat[0]](Path(args.repeat[1]).read_bytes())
        return 0
    found = sum(_fuzz(name, args) for name in args.targets)
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(targets.TARGETS), help="idx, cifar, …; all by default")
    parser.add_argument("--inputs", type=int, default=100_000, help="inputs for each target")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 10**9, help="of the first input; then counted up")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="where failing inputs are written")
    parser.add_argument("--repeat", nargs=2, metavar=("TARGET", "FILE"), help="run one kept input again")
    return parser.parse_args()


def _fuzz(name: str, args: argparse.Namespace) -> int:
    """One target; prints every kind of failure once, and a line in the end. Returns how many inputs failed."""
    with contextlib.suppress(targets.Broken):
        targets.check(name, inputs.generated(name, Random(0)))  # imports, and the small experiment
    _limit_memory()
    kinds: collections.Counter[str] = collections.Counter()
    began = time.monotonic()
    for seed in range(args.seed, args.seed + args.inputs):
        data = inputs.generated(name, Random(f"{name} {seed}"))
        try:
            targets.check(name, data)
        except (Exception, targets.Hang) as error:
            _keep(kinds, name, seed, data, error, args.keep)
    seconds = time.monotonic() - began
    print(f"{name}: {args.inputs} inputs from seed {args.seed} in {seconds:.0f} s, {kinds.total()} failed, "
          f"in {len(kinds)} ways", flush=True)  # fmt: skip
    return kinds.total()


def _limit_memory() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ROOM, resource.RLIM_INFINITY))


def _keep(kinds: collections.Counter[str], name: str, seed: int, data: bytes, error: BaseException, keep: Path) -> None:
    cause = error.__cause__ or error
    where = traceback.extract_tb(cause.__traceback__)[-1]
    kind = f"{type(cause).__name__} in {Path(where.filename).name}:{where.lineno}"
    kinds[kind] += 1
    if kinds[kind] == 1:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{name}-{seed}").write_bytes(data)
        print(f"{name}, seed {seed}: {kind}: {str(error)[:300]}; input kept in {keep / f'{name}-{seed}'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
