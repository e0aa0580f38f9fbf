"""A few cycles of what ``benchmarks/reconnects.py`` does for as long as it is told to."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import wait_until
from tests.jack.cycles import Cycles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.jack.stage import JackServer

pytestmark = pytest.mark.needs("jackd")

Footprint = dict[str, tuple[int, int, int]]  # see `tests.jack.cycles.footprint`


def left_behind(before: Footprint, after: Footprint) -> list[str]:
    """What is more than it was: files or threads by one, memory by so much that it is nobody's accident."""
    return [
        f"{name}: {was} became {now}"
        for name in before
        for was, now in [(before[name], after[name])]
        if now[0] > was[0] or now[1] > was[1] or now[2] >= was[2] + 2000
    ]


def test_cables_that_come_and_go_leave_nothing_behind(fragile: JackServer, tmp_path: Path) -> None:
    cycles = Cycles(fragile, tmp_path / "trace.jsonl", random.Random(1))  # noqa: S311  no secret
    try:
        for kind in cycles.cables:  # each once: what a first time loads stays
            cycles.cycle(kind)
        before = cycles.footprint()
        for kind in cycles.cables:
            cycles.cycle(kind)
        # What is open for a moment is none of it.
        wait_until(lambda: not left_behind(before, cycles.footprint()), f"footprint such as it was, {before}")
    finally:
        status = cycles.close()
    assert (status, cycles.hanging) == (0, 0)


def test_processes_killed_at_any_moment_leave_nothing_sounding(fragile: JackServer, tmp_path: Path) -> None:
    cycles = Cycles(fragile, tmp_path / "trace.jsonl", random.Random(2), page=True)  # noqa: S311  no secret
    try:
        for kind in cycles.processes:
            cycles.cycle(kind)
    finally:
        status = cycles.close()
    assert (status, cycles.hanging) == (0, 0)
    assert cycles.played > 0
    assert max(cycles.lost) < 1.0
