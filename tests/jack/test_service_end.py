"""What systemd does to the processes of a service that ends, in mid-answer over real JACK: nothing sounds on."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import children, is_alive, wait_until
from tests.jack.stage import Duet, Player, Synth, melody, sounding, well_begun

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.needs("jackd")


@pytest.mark.parametrize(
    ("to_engine", "to_rest"),
    [
        pytest.param(signal.SIGTERM, signal.SIGTERM, id="systemctl stop"),
        pytest.param(signal.SIGABRT, signal.SIGABRT, id="the watchdog starved"),
        pytest.param(signal.SIGKILL, signal.SIGTERM, id="the engine was killed, and the rest is asked to end"),
    ],
)
def test_an_end_in_mid_answer_leaves_nothing_sounding(
    duet: Callable[..., Duet], player: Player, synth: Synth, to_engine: signal.Signals, to_rest: signal.Signals
) -> None:
    """As KillMode=control-group does it: every process of the service gets its signal at once."""
    running = duet("--in", "player", "--out", "synth", "--seed", "1")
    rest = children(running.process.pid)
    player.play(melody(60, 64, 67, 72))
    synth.heard.wait(well_begun, "answer")
    for pid, number in [(running.process.pid, to_engine), *((pid, to_rest) for pid in rest)]:
        os.kill(pid, number)
    status = running.wait()
    assert status == (0 if to_engine == signal.SIGTERM else -to_engine)
    wait_until(lambda: not any(map(is_alive, rest)), "end of the children")
    assert not sounding(synth.wait_last())
