"""What `mutmut run` found: how many mutants were killed in every part, and why the others survive.

`python tests/mutants` prints the record (`record.md` keeps it) and fails if a part has fewer than 90 % killed, or if a
mutant survives that `survivors.toml` does not explain.
"""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mutants.judging import Mutant, explanations, judged, record

RAN_AWAY = (36, 24, -24, 152, 255, -9)  # in time or memory
STATUS = {0: "survived", 5: "no tests", 33: "no tests", 37: "type check", None: "not run"}
STATUS |= dict.fromkeys(RAN_AWAY, "timeout")


def main() -> int:
    mutants = [mutant for path in sorted(Path("mutants/revorder").rglob("*.py.meta")) for mutant in _of_file(path)]
    mistakes = judged(mutants, explanations())
    print(record(mutants, f"Python {platform.python_version()}, mutmut {version('mutmut')}, mypy {version('mypy')}"))
    print("\n".join(mistakes), file=sys.stderr)
    return 1 if mistakes else 0


def _of_file(meta: Path) -> list[Mutant]:
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    source = meta.relative_to("mutants").with_suffix("")
    module = ".".join(source.with_suffix("").parts[1:]).removesuffix(".__init__")
    found = []
    for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
        status = STATUS.get(code, "killed")
        lived = status in ("survived", "no tests", "not run")
        found.append(Mutant(module, status, _lines(get_diff_for_mutant(name, path=source)) if lived else ("", "")))
    return found


def _lines(diff: str) -> tuple[str, str]:
    """What was, and what the mutant has instead."""
    body = diff.split("\n")[2:]
    old, new = (" ".join(line[1:].strip() for line in body if line[:1] == sign) for sign in "-+")
    return old, new


if __name__ == "__main__":
    sys.exit(main())
