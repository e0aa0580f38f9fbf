"""A callback that is cancelled while messages come, which python-rtmidi by itself does not survive."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import PATIENCE, environment

if TYPE_CHECKING:
    from tests.jack.stage import Player

pytestmark = pytest.mark.needs("jackd")


def test_nothing_is_called_that_is_gone(player: Player) -> None:
    over = threading.Event()

    def flood() -> None:
        while not over.wait(0.0005):
            for _ in range(20):
                player.send(0x90, 60, 1)

    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "flooded.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # RtMidi's words of a queue that is full
        env=environment(),
    ) as flooded:
        assert flooded.stdout
        assert flooded.stdout.readline() == b"up\n"
        subprocess.run(["jack_connect", "player:keys", "flooded:in"], check=True, capture_output=True)
        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            heard, _ = flooded.communicate(timeout=PATIENCE)
        finally:
            over.set()
            flooding.join()
            flooded.kill()
    assert flooded.returncode == 0
    assert int(heard) > 0
