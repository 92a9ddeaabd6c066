"""The long run: `python tests/torture --minutes 60` disturbs experiments; a loss says how to repeat its round."""

from __future__ import annotations

import argparse
import collections
import shutil
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from torture.plants import PLANTS
from torture.session import Session, carried_out
from torture.starting import Lost


def main() -> int:
    args = _arguments()
    torch.set_num_threads(1)
    print(f"seed {args.seed}", flush=True)
    began, lost, done = time.monotonic(), 0, collections.Counter[str]()
    with Session(args.plant) as session:
        number = args.first
        while not _over(args, began, number) and not (lost and args.plant):
            lost += not _tried(session, args, number, done)
            number += 1
    seconds, rounds = time.monotonic() - began, number - args.first
    print(f"{rounds} rounds with {done.total()} acts from seed {args.seed} in {seconds:.0f} s, {lost} lost", flush=True)
    print(", ".join(f"{act} {count}" for act, count in sorted(done.items())))
    return 1 if lost else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="no round begins after so many")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 10**9, help="what all draws come from")
    parser.add_argument("--first", type=int, default=0, help="number of the first round, to repeat one")
    parser.add_argument("--rounds", type=int, default=10**9, help="so many at most")
    parser.add_argument("--plant", choices=list(PLANTS), help="break the library first: it must be noticed")
    parser.add_argument("--keep", type=Path, default=Path("torture-failures"), help="where lost folders are kept")
    parser.add_argument("--only", nargs="*", metavar="ACT", help="these acts, one after another, in every round")
    parser.add_argument("--without", nargs="*", default=[], metavar="ACT", help="leave these acts out")
    parser.add_argument("--verbose", action="store_true", help="tell the story of every round")
    return parser.parse_args()


def _over(args: argparse.Namespace, began: float, number: int) -> bool:
    return time.monotonic() - began > 60 * args.minutes or number - args.first >= args.rounds


def _tried(session: Session, args: argparse.Namespace, number: int, done: collections.Counter[str]) -> bool:
    """Whether a round was survived."""
    name = f"seed {args.seed}, round {number}"
    round, acts = session.drawn(name)
    acts = [act for act in args.only or acts if act not in args.without]
    done.update(acts)
    try:
        carried_out(round, acts)
    except Exception as error:
        said = str(error) if isinstance(error, Lost) else traceback.format_exc()
        kept = args.keep / f"{args.seed}-{number}"
        shutil.copytree(round.scratch, kept, dirs_exist_ok=True)
        print(f"LOST: {name} after {time.monotonic() - round.began:.1f} s: {said}", *round.story, sep="\n  ")
        print(f"  kept in {kept}; again: --seed {args.seed} --first {number} --rounds 1", flush=True)
        return False
    if args.verbose:
        print(name, *round.story, sep="\n  ", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
