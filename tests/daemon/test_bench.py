from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

from improvd.core.events import Seconds
from improvd.daemon.bench import table
from improvd.daemon.bench_lateness import LOADS, figures, plan
from tests.daemon.running import PATIENCE, environment


def test_every_figure_is_measured_and_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "improvd", "bench", "--json", "--deadlines", "100"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=5 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["model"]["step_us"] > 0
    assert measured["model"]["phrase_ms"] > 0
    assert measured["start"]["cold_start_s"] > 0
    assert set(measured["start"]["pss_mb_by_process"]) == {"engine", "ports", "worker"}
    for rows in (measured["lateness"], measured["plain_loop_lateness"]):
        assert set(rows) == set(LOADS)
        for row in rows.values():
            assert row["deadlines"] == 100
            assert 0 <= row["median_ms"] <= row["p99_ms"] <= row["p99_9_ms"] <= row["max_ms"]
    assert len([line for line in table(measured) if "plain loop" in line]) == len(LOADS)


def test_a_model_that_is_not_there_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "improvd", "bench", "--model", "nonesuch"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert "nonesuch" in done.stderr.splitlines()[-1]


def test_the_deadlines_are_as_many_as_asked_for_and_never_two_at_once() -> None:
    notes = plan(1000, Seconds(10.0))
    deadlines = sorted(at for note in notes for at in (note.onset, note.offset))
    assert len(deadlines) == len(set(deadlines)) == 1000
    assert min(later - earlier for earlier, later in pairwise(deadlines)) > 1e-5


def test_the_figures_are_what_they_are_called() -> None:
    assert figures([k / 1000 for k in range(1000)]) == {
        "deadlines": 1000,
        "median_ms": 500.0,
        "p99_ms": 990.0,
        "p99_9_ms": 999.0,
        "max_ms": 999.0,
    }
