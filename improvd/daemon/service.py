"""A session as a service: ready when it may be relied on, what it is at, and that it is alive.

The service manager's watchdog is fed by the answers of the process that sends MIDI: an engine that turns no more, or
ports that neither answer nor are being replaced, let it starve. While there are no ports to answer, the engine's own
rounds feed it: a keyboard that isn't plugged in is no reason to be started again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import Seconds, TurnEnded
from improvd.daemon.happenings import Began, Closing, PortsBack, PortsChanged, PortsLost
from improvd.daemon.status import named

if TYPE_CHECKING:
    from improvd.daemon.happenings import Happening
    from improvd.daemon.notify import Notifier

SHARE = 4
"""How many times within its limit the watchdog is fed at most."""


class Service:
    """Tells ``notifier`` how the session goes; a witness of it. One thread's; nothing blocks or raises."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._every = None if notifier.watchdog is None else Seconds(notifier.watchdog / SHARE)
        self._next = Seconds(0.0)
        self._ports = ""
        self._turns = 0

    def see(self, _at: Seconds, happening: Happening) -> None:
        """Tell of the beginning, of what a glance at the service should show, and of the end."""
        if isinstance(happening, Began):
            self._ports = named(happening.ports)
            self._notifier.send(READY=1, STATUS=self._standing())
        elif isinstance(happening, (PortsBack, PortsChanged)):
            self._ports = named(happening.ports)
            self._notifier.send(STATUS=self._standing())
        elif isinstance(happening, TurnEnded):
            self._turns += 1
            self._notifier.send(STATUS=self._standing())
        elif isinstance(happening, PortsLost):
            self._notifier.send(STATUS="the MIDI ports are gone; looking for them")
        elif isinstance(happening, Closing):
            self._notifier.send(STOPPING=1, STATUS="releasing what sounds, and ending")

    def alive(self, now: Seconds) -> None:
        """The process that sends MIDI answered, or there is none that could."""
        if self._every is not None and now >= self._next:
            self._next = Seconds(now + self._every)
            self._notifier.send(WATCHDOG=1)

    def deadline(self, *, answering: bool) -> Seconds | None:
        """When ``alive`` is next to be called; None where nobody watches, or ports are ``answering`` in their time."""
        return None if answering or self._every is None else self._next

    def close(self) -> None:
        """Say nothing any more."""
        self._notifier.close()

    def _standing(self) -> str:
        return f"{self._ports}; {self._turns} {'turn' if self._turns == 1 else 'turns'}"
