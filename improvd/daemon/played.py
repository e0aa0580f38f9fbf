"""MIDI that comes from a client instead of a cable: each message is heard when its time has come."""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

from improvd.control.requests import RequestError
from improvd.core.events import MidiEvent, Seconds
from improvd.core.hands import Hands

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

LONGEST_AHEAD = Seconds(60.0)
LONGEST_AGO = Seconds(0.2)
"""How old a message's time may be; what took longer to come is heard as if played so long ago."""
MOST_WAITING = 4096
MOST_AT_ONCE = 32
"""Messages that are heard in one round of the loop, so that what is due elsewhere isn't kept waiting."""


class Played:
    """What clients play, in order of time, and which keys each holds. Pure: it is given the time. One thread's."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Seconds, int, Hashable, bytes]] = []
        self._hands: dict[Hashable, Hands] = {}
        self._order = count()

    def add(self, client: Hashable, events: Iterable[tuple[Seconds | None, bytes]], now: Seconds) -> None:
        """Messages with the time at which each is played, None being ``now``. Raises `RequestError`, all or nothing."""
        timed = [(now if at is None else Seconds(max(at, now - LONGEST_AGO)), data) for at, data in events]
        if any(at > now + LONGEST_AHEAD for at, _ in timed):
            raise RequestError(f"nothing can be played more than {LONGEST_AHEAD:g} s ahead; see: clock")
        if len(self._waiting) + len(timed) > MOST_WAITING:
            raise RequestError(f"more than {MOST_WAITING} messages wait to be played already")
        for at, data in timed:
            heapq.heappush(self._waiting, (at, next(self._order), client, data))

    def next_deadline(self) -> Seconds | None:
        """When ``due`` will next have something."""
        return self._waiting[0][0] if self._waiting else None

    def due(self, now: Seconds) -> list[MidiEvent]:
        """What is played by ``now``, at most `MOST_AT_ONCE` messages of it."""
        events: list[MidiEvent] = []
        while self._waiting and self._waiting[0][0] <= now and len(events) < MOST_AT_ONCE:
            at, _, client, data = heapq.heappop(self._waiting)
            event = MidiEvent(at, data)
            self._hands.setdefault(client, Hands()).hear(event)
            events.append(event)
        return events

    def leave(self, client: Hashable, now: Seconds) -> None:
        """A client is gone: what it had still to play is dropped, and the keys and pedals it holds come up."""
        self._waiting = [waiting for waiting in self._waiting if waiting[2] is not client]
        heapq.heapify(self._waiting)
        for data in self._hands.pop(client, Hands()).releases():
            heapq.heappush(self._waiting, (now, next(self._order), None, data))
