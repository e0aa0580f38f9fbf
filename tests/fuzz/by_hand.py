"""Fuzz one kind of file for as long as you like: `python -m tests.fuzz.by_hand KIND COUNT [SEED]`, or with Atheris.

    python -m tests.fuzz.by_hand bundle-weights 100000
    python -m tests.fuzz.by_hand config --atheris -runs=1000000

The first damages a whole file at random and prints, ten times, how many were tried and taken, how fast, and the memory
in use; the same seed does the same again. The second is led by coverage (`pip install atheris`); what stands behind it
goes to libFuzzer. Either ends at the first thing that should not be, having written what did it to ``fuzz-KIND``.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.mutation import mutated

if TYPE_CHECKING:
    from collections.abc import Callable

WATCHED = ["improvd", "mido"]
"""What Atheris counts the branches of."""


def memory() -> float:
    """Resident MB, where the system tells."""
    status = Path("/proc/self/status")
    found = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")] if status.exists() else []
    return int(found[0].split()[1]) / 1024 if found else 0.0


def damage(kind: str, count: int, seed: int) -> None:
    """Try ``count`` damaged files."""
    target, whole = _target(kind)
    rng = random.Random(seed)  # noqa: S311  no secret: the same damage each time
    taken, began = 0, time.monotonic()
    for number in range(1, count + 1):
        data = mutated(whole, rng)
        try:
            taken += target(data)
        except BaseException:
            Path(f"fuzz-{kind}").write_bytes(data)
            raise
        if number % max(1, count // 10) == 0:
            rate = number / (time.monotonic() - began)
            print(f"{kind}: {number} tried, {taken} taken, {rate:.0f}/s, {memory():.0f} MB", flush=True)  # noqa: T201  it reports


def explore(kind: str, arguments: list[str]) -> None:
    """Let Atheris look for ways through the reader."""
    import atheris  # noqa: PLC0415  only here

    with atheris.instrument_imports(include=WATCHED):
        target, whole = _target(kind)
        target(whole)  # what is loaded only when it is wanted is to be counted as well
    with tempfile.TemporaryDirectory() as corpus:
        Path(corpus, "whole").write_bytes(whole)
        atheris.Setup([sys.argv[0], *arguments, f"-artifact_prefix=fuzz-{kind}-", corpus], target)
        atheris.Fuzz()


def _target(kind: str) -> tuple[Callable[[bytes], bool], bytes]:
    """What is to be tried, and a whole file; loaded only now, so that Atheris sees it come."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415  as it says

    if kind not in TARGETS:
        sys.exit(f"{__doc__}\nKIND is one of {', '.join(TARGETS)}.")
    return TARGETS[kind]


def main() -> None:
    """Do as the command line says."""
    kind, *rest = sys.argv[1:] or ["--help"]
    if rest[:1] == ["--atheris"]:
        explore(kind, rest[1:])
    else:
        damage(kind, int(rest[0]) if rest else 0, int(rest[1]) if len(rest) > 1 else 0)


if __name__ == "__main__":
    main()
