from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import time

import pytest

from improvd.train.pool import each
from improvd.train.skipped import SkippedError


def test_every_job_is_done_once() -> None:
    done = dict(each(math.sqrt, [float(n * n) for n in range(20)], 60, workers=3))
    assert done == {n: float(n) for n in range(20)}
    assert list(each(math.sqrt, [], 60)) == []


def reasons(work: object, jobs: list[object], seconds: float = 60) -> list[object]:
    done = sorted(each(work, jobs, seconds, workers=1), key=lambda one: one[0])  # type: ignore[arg-type, type-var]  # any
    return [str(result) if isinstance(result, SkippedError) else result for _, result in done]


def test_one_that_fails_dies_or_never_ends_stops_no_other() -> None:
    assert reasons(int, ["1", "x", "3"])[::2] == [1, 3]
    assert "can't be read (ValueError" in str(reasons(int, ["x"])[0])
    assert reasons(os._exit, [1, 0]) == ["too large, or damaged"] * 2
    assert reasons(time.sleep, [0, 600, 0], 1.5) == [None, "took longer than 2 s", None]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't hold a process to its limit")
def test_memory_is_bounded() -> None:
    assert reasons(bytearray, [6 * 2**30]) == ["takes too much memory"]


def test_ctrl_c_is_left_to_the_one_who_asks() -> None:
    assert reasons(signal.raise_signal, [signal.SIGINT]) == [None]


def test_nothing_is_left_running_when_the_asker_stops_listening() -> None:
    work = each(abs, [1, 2, 3], 60, workers=2)
    next(work)
    assert multiprocessing.active_children()
    work.close()
    assert not multiprocessing.active_children()
