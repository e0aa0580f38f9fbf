"""`improvd calibrate` over real JACK, with a synth that takes its time and is heard."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import rtmidi

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
def slow_synth(server: JackServer) -> Iterator[None]:  # noqa: ARG001  it stands on it
    """What "slow-in:midi" gets, "slow-out:midi" sends `DELAY` later."""
    out, into = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "slow-out"), rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "slow-in")
    out.open_virtual_port("midi")
    timers: list[threading.Timer] = []

    def later(message: tuple[list[int], float], _data: object) -> None:
        timers.append(threading.Timer(DELAY, out.send_message, [message[0]]))
        timers[-1].start()

    into.set_callback(later)
    into.open_virtual_port("midi")
    yield
    into.cancel_callback()
    for timer in timers:
        timer.join()
    for client in (into, out):
        client.close_port()
        client.delete()


def test_the_delay_is_measured(slow_synth: None) -> None:  # noqa: ARG001  it is what is measured
    status, figures = calibrate("slow-out", "slow-in")
    assert (status, figures["heard"]) == (0, 5)
    assert DELAY * 1000 <= figures["median_ms"] < DELAY * 1000 + 20


def test_a_synth_that_nobody_hears_is_told(player: Player, synth: Synth) -> None:  # noqa: ARG001  the ports
    assert calibrate("player", "synth") == (1, {"played": 5, "heard": 0})
    synth.wait_silence()
