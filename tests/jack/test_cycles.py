"""A few cycles of what ``benchmarks/reconnects.py`` does for as long as it is told to."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.jack.cycles import Cycles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.jack.stage import JackServer

pytestmark = pytest.mark.needs("jackd")


def test_cables_that_come_and_go_leave_nothing_behind(fragile: JackServer, tmp_path: Path) -> None:
    cycles = Cycles(fragile, tmp_path / "trace.jsonl", random.Random(1))  # noqa: S311  no secret
    try:
        for kind in cycles.cables:  # each once: what a first time loads stays
            cycles.cycle(kind)
        before = cycles.footprint()
        for kind in cycles.cables:
            cycles.cycle(kind)
        after = cycles.footprint()
    finally:
        status = cycles.close()
    assert (status, cycles.hanging) == (0, 0)
    for process in before:
        assert after[process][:2] == before[process][:2]
        assert after[process][2] - before[process][2] < 2000


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
