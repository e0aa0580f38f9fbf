"""The ports process itself, on no MIDI system: what it does with what the engine says, and how it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import pytest

from improvd.config.systems import NULL
from improvd.core.events import PlannedNote, Play, Release, Seconds, Sent
from improvd.daemon.child import Child, module
from improvd.daemon.messages import Close, Closed, Failed, OpenPorts, Ping, Pong, PortsOpen
from tests.daemon.running import PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from improvd.daemon.messages import Message

LAST = [b"\xb0\x40\x00", b"\xb0\x78\x00", b"\xb0\x7b\x00"]


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    child = Child(module("ports"))
    yield child
    child.kill()
    child.process.wait()
    child.gone()


def opening(api: str = NULL, left_behind: tuple[tuple[int, int], ...] = ()) -> OpenPorts:
    """Nothing is dropped, however busy the machine."""
    return OpenPorts(api, (), "", "auto", Seconds(10.0), Seconds(12.0), left_behind)


def open_ports(child: Child) -> PortsOpen:
    """Once they are open: what they are sent from then on is sent in time, however long a process takes to start."""
    child.peer.send(opening())
    (opened,) = hear(child, len)
    assert isinstance(opened, PortsOpen)
    return opened


def sound(child: Child) -> None:
    """One note sounds, and will for long."""
    open_ports(child)
    child.peer.send(notes((0.0, 60.0), now=time.monotonic()))
    hear(child, sent)


def notes(*times: tuple[float, float], now: float) -> Play:
    return Play(
        0,
        tuple(
            PlannedNote(key, Seconds(now + on), Seconds(now + off), 60 + key, 80, 0)
            for key, (on, off) in enumerate(times)
        ),
    )


def hear(child: Child, enough: Callable[[list[Message]], object]) -> list[Message]:
    """What the process says, until that is enough or it has ended."""
    heard: list[Message] = []
    limit = time.monotonic() + PATIENCE
    while not (enough(heard) or child.peer.lost):
        assert time.monotonic() < limit, heard
        select.select([child.peer], [], [], 1.0)
        heard += child.peer.receive()
    return heard


def sent(messages: list[Message]) -> list[bytes]:
    return [message.data for message in messages if isinstance(message, Sent)]


def to_the_end(child: Child) -> list[Message]:
    messages = hear(child, lambda _: False)
    assert child.process.wait(PATIENCE) == 0
    return messages


def test_notes_leave_at_their_time(child: Child) -> None:
    open_ports(child)
    child.peer.send(notes((0.3, 0.4), (0.3, 0.5), now=time.monotonic()))
    messages = hear(child, lambda heard: len(sent(heard)) == 4)
    assert sent(messages) == [b"\x90\x3c\x50", b"\x90\x3d\x50", b"\x80\x3c\x40", b"\x80\x3d\x40"]
    late = [one.actual - one.planned for one in messages if isinstance(one, Sent)]
    assert min(late) >= 0
    assert median(late) < 0.2


def test_the_ports_say_what_was_granted(child: Child) -> None:
    opened = open_ports(child)
    assert opened.grants.startswith("real-time: ")
    assert "garbage collection frozen" in opened.grants


def test_a_question_is_answered(child: Child) -> None:
    child.peer.send(opening(), Ping(5))
    assert hear(child, lambda heard: len(heard) == 2)[1] == Pong(5, 0, 0)


def test_asked_to_close_it_releases_says_so_and_ends(child: Child) -> None:
    sound(child)
    child.peer.send(Close())
    messages = to_the_end(child)
    assert sent(messages) == [b"\x80\x3c\x40", *LAST]
    assert messages[-1] == Closed()


def test_sigterm_does_the_same(child: Child) -> None:
    sound(child)
    child.process.terminate()
    assert sent(to_the_end(child)) == [b"\x80\x3c\x40", *LAST]


def test_an_interrupt_meant_for_the_engine_does_not_reach_it(child: Child) -> None:
    assert os.getsid(child.process.pid) == child.process.pid
    open_ports(child)


def test_without_an_engine_it_ends(child: Child) -> None:
    open_ports(child)
    child.peer.close()
    assert child.process.wait(PATIENCE) == 0


def test_nonsense_from_the_engine_ends_it_in_order(child: Child) -> None:
    sound(child)
    os.write(child.peer.fileno(), b"nonsense\n")
    assert sent(to_the_end(child)) == [b"\x80\x3c\x40", *LAST]


def test_what_was_left_behind_is_ended_before_anything_else(child: Child) -> None:
    child.peer.send(opening(left_behind=((0, 60), (2, 64))))
    messages = hear(child, lambda heard: any(isinstance(message, PortsOpen) for message in heard))
    offs, last = sent(messages)[:2], sent(messages)[2:]
    assert sorted(offs) == [b"\x80\x3c\x40", b"\x82\x40\x40"]
    assert last == [*LAST, *(bytes((data[0] | 2, *data[1:])) for data in LAST)]
    assert isinstance(messages[-1], PortsOpen)


def test_release_ends_what_sounds_at_once(child: Child) -> None:
    open_ports(child)
    child.peer.send(notes((0.0, 60.0), (50.0, 60.0), now=time.monotonic()))
    hear(child, sent)
    asked = time.monotonic()
    child.peer.send(Release())
    (off,) = hear(child, len)
    assert isinstance(off, Sent)
    assert off.data == b"\x80\x3c\x40"
    assert asked <= off.planned <= off.actual < asked + 10.0  # and not at its time


def test_an_engine_that_sleeps_holds_no_note_up(child: Child) -> None:
    """Nobody reads here until all is over, and more is reported than a socket holds."""
    open_ports(child)
    now = time.monotonic()
    times = [(0.3 + index * 0.001, 0.35 + index * 0.001) for index in range(2000)]
    for start in range(0, len(times), 100):
        play = notes(*times[start : start + 100], now=now)
        play = Play(0, tuple(replace_key(note, start + key) for key, note in enumerate(play.notes)))
        while child.peer.has_backlog:
            select.select([], [child.peer], [], 1.0)
            child.peer.flush()
        child.peer.send(play)
    while child.peer.has_backlog:
        select.select([], [child.peer], [], 1.0)
        child.peer.flush()
    end = now + times[-1][1] + 0.5
    time.sleep(max(0.0, end - time.monotonic()))  # what the test is about: an engine that is not there meanwhile
    messages = hear(child, lambda heard: len(sent(heard)) == 2 * len(times))
    assert all(one.actual < end for one in messages if isinstance(one, Sent))


def replace_key(note: PlannedNote, key: int) -> PlannedNote:
    return PlannedNote(key, note.onset, note.offset, key % 128, note.velocity, key // 128 % 16)


def test_a_backend_that_is_not_there_is_said_in_one_line(child: Child) -> None:
    child.peer.send(opening(api="winmm" if sys.platform != "win32" else "jack"))
    messages = to_the_end(child)
    assert isinstance(messages[0], Failed)
    assert messages[0].theirs
    assert "no MIDI backend" in messages[0].message


def test_a_call_that_never_returns_ends_the_process() -> None:
    code = (
        "from improvd.daemon import watchdog; watchdog.prepare(); watchdog.arm(0.2)\n"
        "sum(range(10**12))"  # one call in C that holds Python's lock
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), timeout=PATIENCE, check=False)
    assert done.returncode == -signal.SIGALRM


def test_a_call_that_returns_in_time_does_not() -> None:
    code = (
        "import time; from improvd.daemon import watchdog; watchdog.prepare()\n"
        "with watchdog.within(30.0): pass\n"
        "watchdog.arm(0.05); watchdog.disarm(); time.sleep(0.1)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), timeout=PATIENCE, check=False)
    assert done.returncode == 0
