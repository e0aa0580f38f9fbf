"""One call that a session without MIDI is given through its control socket, for scripts that measure beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from improvd.control.client import Connection

PHRASE = (60, 62, 64, 67, 64, 62, 60, 59)
BEAT = 0.25
PAUSE = 4.0  # seconds in which the answer sounds


def play(session: Connection) -> None:
    """One call, and time for its answer."""
    begin = session.ask("clock")["now"] + 0.05
    for index, pitch in enumerate(PHRASE):
        at = begin + index * BEAT
        session.ask("play", events=[[at, [0x90, pitch, 80]], [at + 0.8 * BEAT, [0x80, pitch, 64]]])
    time.sleep(len(PHRASE) * BEAT + PAUSE)
