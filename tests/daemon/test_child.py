from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from improvd.core.events import Seconds
from improvd.daemon.child import GOOD_HEALTH, NO_ROOM, PAUSES, STARTING, Child, Keeper
from improvd.daemon.messages import LoadModel
from improvd.errors import UserError
from tests.daemon.running import PATIENCE, wait_until, without_room

SLEEPER = (sys.executable, "-c", "import signal; signal.pause()")


def keeper() -> Keeper:
    return Keeper("sleeper", SLEEPER, lambda: LoadModel("any"))


def pause_after_death(kept: Keeper, now: float) -> float:
    """Let the child die at ``now``; how long until the next is started."""
    kept.lose(Seconds(now))
    wait_until(lambda: kept._dying is None or kept._dying.gone(), "end of the child")
    kept._dying = None
    start = kept.deadline(Seconds(now))
    assert start is not None
    kept.tick(Seconds(start - 0.001))
    assert kept.child is None
    kept.tick(start)
    assert kept.child is not None
    return start - now


def test_pauses_grow_with_each_death_and_end_with_health() -> None:
    kept = keeper()
    kept.start(Seconds(0.0))
    try:
        now, pauses = 0.0, []
        for _ in range(6):
            kept.serves(Seconds(now))
            pauses.append(pause_after_death(kept, now + 0.1))
            now += 10.0
        assert pauses == pytest.approx([*PAUSES, PAUSES[-1]])
        kept.serves(Seconds(now))
        assert pause_after_death(kept, now + GOOD_HEALTH) == pytest.approx(PAUSES[0])
    finally:
        kept.stop(Seconds(0.0))


def test_without_room_for_a_child_another_try_is_made_and_nothing_is_left_behind() -> None:
    kept, open_files = keeper(), Path("/proc/self/fd")
    before = len(list(open_files.iterdir()))
    kept.start_when_free(Seconds(10.0))
    with without_room(os.getpid()):
        with pytest.raises(UserError, match=r"^the process of the sleeper can't be started: Too many open files$"):
            kept.start(Seconds(9.0))
        kept.tick(Seconds(10.0))
        assert kept.why_lost(Seconds(10.0)) == "can't be started: Too many open files"
        assert kept.why_lost(Seconds(10.0)) is None
        assert kept.deadline(Seconds(10.0)) == 10.0 + NO_ROOM
    assert len(list(open_files.iterdir())) == before
    kept.tick(Seconds(10.0 + NO_ROOM))
    assert kept.child is not None
    kept.stop(Seconds(0.0))


def test_a_child_that_never_serves_is_given_up() -> None:
    kept = keeper()
    kept.start(Seconds(100.0))
    try:
        assert kept.why_lost(Seconds(100.0)) is None
        assert kept.deadline(Seconds(100.0)) == 100.0 + STARTING
        assert "did not start" in str(kept.why_lost(Seconds(100.0 + STARTING)))
        kept.serves(Seconds(101.0))
        assert kept.why_lost(Seconds(200.0)) is None
    finally:
        kept.stop(Seconds(0.0))


def test_the_next_child_waits_until_the_last_is_gone() -> None:
    kept = keeper()
    kept.start(Seconds(0.0))
    try:
        first = kept.child
        assert first
        kept.lose(Seconds(0.0))
        while not first.gone():
            kept.tick(Seconds(0.0))
            assert kept.child is None or first.gone()
        kept.tick(Seconds(0.0))
        assert kept.child not in (None, first)
    finally:
        kept.stop(Seconds(0.0))


def test_what_a_child_and_its_libraries_write_is_kept_from_the_player() -> None:
    child = Child((sys.executable, "-c", "import os; os.write(1, b'out'); os.write(2, b'err')"))
    noise = ""

    def quiet() -> bool:
        nonlocal noise
        noise += child.read_noise()
        return noise == "outerr"

    wait_until(quiet, "noise")
    child.process.wait()
    child.kill()
    assert child.gone()


def test_a_noisy_child_never_waits_for_a_reader() -> None:
    code = "import os\nfor _ in range(1000):\n    try: os.write(2, b'x' * 1000)\n    except BlockingIOError: pass"
    child = Child((sys.executable, "-c", code))
    assert child.process.wait(PATIENCE) == 0
    child.kill()
    assert child.gone()
