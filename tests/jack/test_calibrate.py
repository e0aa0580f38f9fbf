"""`improvd calibrate` over real JACK, with a synth that takes its time and is heard."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from statistics import median
from typing import TYPE_CHECKING

import pytest
import rtmidi

from improvd.daemon.hearing import listen
from tests.daemon.running import PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.jack.stage import JackServer, Player, Synth

pytestmark = pytest.mark.needs("jackd")

DELAY = 0.060


def calibrate(source: str, target: str) -> tuple[int, dict[str, float]]:
    command = [sys.executable, "-m", "improvd", "calibrate", "--api", "jack", "--in", source, "--out", target]
    done = subprocess.run(
        [*command, "--notes", "5", "--json"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=2 * PATIENCE,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def slow_synth(server: JackServer) -> Iterator[list[float]]:  # noqa: ARG001  it stands on it
    """What "slow-in:midi" gets, "slow-out:midi" sends `DELAY` later, or a little more: how long it took each time."""
    out, into = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "slow-out"), rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "slow-in")
    out.open_virtual_port("midi")
    timers: list[threading.Timer] = []
    took: list[float] = []

    def later(message: tuple[list[int], float], _data: object) -> None:
        timers.append(threading.Timer(DELAY, send, [message[0], time.monotonic()]))
        timers[-1].start()

    def send(data: list[int], came: float) -> None:
        out.send_message(data)
        took.append(time.monotonic() - came)

    listen(into, later)
    into.open_virtual_port("midi")
    yield took
    into.cancel_callback()
    for timer in timers:
        timer.join()
    for client in (into, out):
        client.close_port()
        client.delete()


def test_the_delay_is_measured(slow_synth: list[float]) -> None:
    status, figures = calibrate("slow-out", "slow-in")
    assert (status, figures["heard"]) == (0, 5)
    assert DELAY * 1000 <= figures["median_ms"] < median(slow_synth) * 1000 + 20


def test_a_synth_that_nobody_hears_is_told(player: Player, synth: Synth) -> None:  # noqa: ARG001  the ports
    assert calibrate("player", "synth") == (1, {"played": 5, "heard": 0})
    synth.wait_silence()
