"""How long it takes from a message to the synth until the input hears it: through a cable, or through the air.

The very process that sends in a duet plays the notes, each at its deadline, and stamps what comes back.
"""

from __future__ import annotations

import select
from collections import deque
from typing import TYPE_CHECKING

from improvd.core.events import NOTE_ON, PlannedNote, Play, Seconds, Sent
from improvd.daemon.child import Child, module
from improvd.daemon.clock import now
from improvd.daemon.messages import Close, Closed, Failed, Heard, OpenPorts, PortsOpen
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.daemon.messages import Message

OPENING, WAITING = Seconds(10.0), Seconds(1.0)
"""How long ports are waited for, and each note."""
APART, LENGTH = Seconds(0.25), Seconds(0.15)
"""From one note to the next, if it comes back, and how long it sounds."""
PITCHES, VELOCITY = (60, 67, 72, 64), 80

PORTS = module("ports")


def measure(order: OpenPorts, channel: int, notes: int, ports: Sequence[str] = PORTS) -> list[Seconds]:
    """The delay of each note that came back, of so many ``notes`` played; takes up to 1.3 s each.

    Raises `MidiError` where the ports aren't there or fail. ``ports`` is the command of the ports' process.
    """
    loop = _Loop(order, ports)
    try:
        loop.open()
        delays = [loop.play(number, channel) for number in range(notes)]
        loop.close()
    finally:
        loop.end()
    return [delay for delay in delays if delay is not None]


class _Loop:
    """A ports' process that plays and hears for us."""

    def __init__(self, order: OpenPorts, ports: Sequence[str]) -> None:
        self._child = Child(ports)
        self._said: deque[Message] = deque()
        self._child.peer.send(order)

    def open(self) -> None:
        """Wait for the ports. Raises `MidiError` where one isn't there."""
        opened = self._wait(lambda message: isinstance(message, PortsOpen), OPENING)
        if not isinstance(opened, PortsOpen):
            raise MidiError("the MIDI ports do not answer")
        if not opened.complete:
            raise MidiError("; ".join(opened.waiting) or "there is no MIDI system to play on")

    def play(self, number: int, channel: int) -> Seconds | None:
        """Play one note: how long after it left the first note came in; None where none did."""
        at = Seconds(now() + APART)
        pitch = PITCHES[number % len(PITCHES)]
        note = PlannedNote(number, at, Seconds(at + LENGTH), pitch, VELOCITY, channel)
        self._child.peer.send(Play(0, (note,)))
        left = self._wait(
            lambda message: isinstance(message, Sent) and message.data[0] & 0xF0 == NOTE_ON, Seconds(APART + WAITING)
        )
        if not isinstance(left, Sent):
            return None
        # Whatever its pitch: what listens through the air may hear another octave.
        heard = self._wait(
            lambda message: (
                isinstance(message, Heard) and message.event.kind == NOTE_ON and message.event.at >= left.actual
            ),
            WAITING,
        )
        return Seconds(heard.event.at - left.actual) if isinstance(heard, Heard) else None

    def close(self) -> None:
        """Have it release what sounds."""
        self._child.peer.send(Close())
        self._wait(lambda message: isinstance(message, Closed), WAITING)

    def end(self) -> None:
        """End the process; it is gone afterwards."""
        self._child.kill()
        self._child.process.wait()
        self._child.gone()

    def _wait(self, wanted: Callable[[Message], bool], patience: Seconds) -> Message | None:
        """The first message that is wanted, of those that come within so many seconds; None where none does."""
        until, peer = now() + patience, self._child.peer
        while True:
            while self._said:
                message = self._said.popleft()
                if isinstance(message, Failed):
                    raise MidiError(message.message)
                if wanted(message):
                    return message
            left = until - now()
            if left <= 0 or peer.lost is not None:
                return None
            select.select([peer], [peer] if peer.has_backlog else [], [], left)
            peer.flush()
            self._said += peer.receive()
