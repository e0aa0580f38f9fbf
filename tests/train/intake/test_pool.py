from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from improvd.train.intake.pool import Reader, each
from improvd.train.music.skipped import PassingError, SkippedError


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
    # Within its limit each starts a process as well, which takes its time on a busy machine.
    assert reasons(time.sleep, [0, 600, 0], 6.0) == [None, "took longer than 6 s", None]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't hold a process to its limit")
def test_memory_is_bounded() -> None:
    assert reasons(bytearray, [6 * 2**30]) == ["takes too much memory"]


def test_ctrl_c_is_left_to_the_one_who_asks() -> None:
    (group,) = reasons(os.getpgid, [0])
    assert group != os.getpgid(0), "a terminal tells only the group in front"


def test_nothing_is_left_running_when_the_asker_stops_listening() -> None:
    work = each(os.getpgid, [0, 0, 0], 60, workers=2)
    _, process = next(work)
    assert isinstance(process, int)
    os.kill(process, 0)
    work.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_reader_is_warm_from_one_job_to_the_next_and_replaced_when_it_was_killed() -> None:
    reader = Reader()
    try:
        first = reader.ask(os.getpgid, 0, 60)
        assert reader.ask(os.getpgid, 0, 60) == first
        reader.kill()
        assert isinstance(reader.ask(os.getpgid, 0, 60), PassingError)
        assert reader.ask(os.getpgid, 0, 60) not in (first, None)
    finally:
        reader.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_reader_ends_with_the_one_who_asks() -> None:
    code = (
        "import os, sys, time; from improvd.train.intake.pool import Reader; reader = Reader()\n"
        "print(reader.ask(os.getpgid, 0, 60), flush=True); reader.ask(time.sleep, 600, 600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        process = int(asker.stdout.readline())
        asker.kill()
    until = time.monotonic() + 60
    while Path(f"/proc/{process}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not Path(f"/proc/{process}").exists()
