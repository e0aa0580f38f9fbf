"""What a service manager hears of a session: by itself in virtual time, and of the engine's process with fakes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from improvd.core.events import Seconds
from improvd.daemon.notify import Notifier
from improvd.daemon.service import Service
from tests.daemon.manager import Manager
from tests.daemon.running import Running, is_alive, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN = str(Path(__file__).parent / "fake_run.py")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    (tmp_path / "synth.txt").touch()
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


@pytest.fixture
def start(tmp_path: Path, manager: Manager) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(ports: str, limit: float = 0.0, **more: str) -> Running:
        started.append(
            Running(
                [RUN, str(tmp_path / "trace.jsonl")],
                FAKE_PORTS=ports,
                FAKE_WORKER="",
                FAKE_SYNTH=str(tmp_path / "synth.txt"),
                NOTIFY_SOCKET=manager.address,
                **({"WATCHDOG_USEC": str(int(limit * 1e6))} if limit else {}),
                **more,
            )
        )
        return started[-1]

    yield begin
    for running in started:
        running.kill()


def meals(manager: Manager) -> int:
    return sum("WATCHDOG" in message for message in manager.take())


def test_the_watchdog_is_fed_by_answers_and_not_more_than_it_needs(manager: Manager) -> None:
    service = Service(Notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "10000000"}))
    for tenth in range(100):  # 10 s
        service.alive(Seconds(1000 + tenth / 10))
    assert meals(manager) == 4
    assert service.deadline(answering=True) is None
    assert service.deadline(answering=False) == 1010
    service.close()


def test_where_nobody_watches_nothing_is_fed(manager: Manager) -> None:
    service = Service(Notifier({"NOTIFY_SOCKET": manager.address}))
    service.alive(Seconds(5))
    assert manager.take() == []
    assert service.deadline(answering=False) is None
    service.close()


def test_ready_comes_once_all_is_up_then_what_it_is_at_and_the_end(
    start: Callable[..., Running], manager: Manager
) -> None:
    running = start("plays")
    assert manager.wait("READY") == {"READY": "1", "STATUS": "hearing 'fake keys', playing 'fake synth'; 0 turns"}
    assert manager.told[0]["READY"] == "1"
    manager.wait("STATUS", "; 1 turn")
    assert running.end() == 0
    manager.wait("STOPPING")
    assert sum("READY" in message for message in manager.take()) == 1


def test_a_start_that_fails_never_says_ready(start: Callable[..., Running], manager: Manager) -> None:
    assert start("dies").wait() == 2
    assert manager.take() == []


def test_lost_ports_are_shown_and_their_return(start: Callable[..., Running], manager: Manager) -> None:
    running = start("silent", limit=0.4)
    manager.wait("READY")
    os.kill(running.child("fake_ports"), signal.SIGKILL)
    manager.wait("STATUS", "the MIDI ports are gone")
    manager.wait("STATUS", "hearing 'fake keys', playing 'fake synth'", count=2)
    assert running.end() == 0


def test_an_engine_that_is_stuck_starves_the_watchdog_and_its_abortion_releases_all(
    start: Callable[..., Running], manager: Manager, tmp_path: Path
) -> None:
    running = start("plays", limit=4.0)
    manager.wait("WATCHDOG", "1", count=2)
    synth = tmp_path / "synth.txt"
    wait_until(lambda: any(line.startswith("9") for line in synth.read_text().split()), "note of the answer")
    children = [running.child("fake_ports"), running.child("fake_worker")]
    os.kill(running.process.pid, signal.SIGSTOP)
    before = meals(manager)
    with pytest.raises(AssertionError, match="no "):
        wait_until(lambda: meals(manager) > before, "food", 2.0)
    # What systemd does to all processes of the service, in its order.
    for pid in (running.process.pid, *children):
        os.kill(pid, signal.SIGABRT)
        os.kill(pid, signal.SIGCONT)
    assert running.wait() == -signal.SIGABRT
    running.wait_line("Fatal Python error: Aborted")
    wait_until(lambda: not any(map(is_alive, children)), "end of the children")
    held: set[str] = set()
    for data in synth.read_text().split():
        if data[0] in "89":
            (held.add if data[0] == "9" else held.discard)(data[1:4])
    assert not held


def test_ports_that_never_answer_feed_nobody_until_they_are_replaced(
    start: Callable[..., Running], manager: Manager
) -> None:
    running = start("mute", limit=60.0)
    manager.wait("READY")
    before = meals(manager)
    running.wait_line("MIDI ports: do not answer")
    assert before <= meals(manager) <= before + 1
    running.wait_line("the ports are back")
    assert running.end() == 0
