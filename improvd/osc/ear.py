"""Where others are heard: packets of theirs, taken in within limits, each message in them at its time.

Runs on the event loop of OSC's process; nothing blocks. UDP comes from anybody who reaches the port and says of itself
what it likes: what can't be read, and what comes too thick, is passed over without a word.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from improvd.control.bucket import Bucket
from improvd.daemon.clock import now
from improvd.osc.packets import LARGEST, PacketError, read

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from improvd.osc.packets import Said

Sender: TypeAlias = "tuple[Any, ...]"
"""Whom a packet came from, as sockets have it."""

PER_SECOND, BURST = 1000.0, 2000.0
"""Messages a second, and at a stroke: eight faders that are moved at once."""
AT_A_TIME: Final = 32
"""Packets that are taken in before others have their turn."""
AHEAD: Final = 5.0
"""Seconds. What is meant for later than that comes from a clock that isn't ours, and counts at once."""
MOST_AHEAD: Final = 256
"""Messages that wait for their time; more count at once."""


def wait_of(at: float | None, present: float) -> float:
    """Seconds until a message is due that is meant for ``at``, the date of this machine being ``present``."""
    wait = 0.0 if at is None else at - present
    return wait if 0 < wait <= AHEAD else 0.0


class Ear:
    """Listens at ``sock``; ``hear`` is told of each message when it is due."""

    def __init__(self, sock: socket.socket, hear: Callable[[Said, Sender], None]) -> None:
        self._socket = sock
        self._hear = hear
        self._bucket = Bucket(PER_SECOND, BURST, now())
        self._waiting: set[asyncio.TimerHandle] = set()

    def open(self) -> None:
        """Listen from now on, on the loop that runs."""
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        for timer in self._waiting:
            timer.cancel()

    def _read(self) -> None:
        for _ in range(AT_A_TIME):
            try:
                packet, sender = self._socket.recvfrom(LARGEST + 1)
            except OSError:  # there are no more, or something that we sent could not be delivered
                return
            self._take(packet, sender)

    def _take(self, packet: bytes, sender: Sender) -> None:
        if not self._bucket.takes(1, now()):
            return
        try:
            found = read(packet)
        except PacketError:
            return
        if self._bucket.takes(len(found) - 1, now()):
            for said in found:
                self._take_in(said, sender)

    def _take_in(self, said: Said, sender: Sender) -> None:
        wait = wait_of(said.at, time.time())
        if not wait or len(self._waiting) >= MOST_AHEAD:
            self._hear(said, sender)
            return

        def due() -> None:
            self._waiting.discard(timer)
            self._hear(said, sender)

        timer = asyncio.get_running_loop().call_later(wait, due)
        self._waiting.add(timer)
