"""The process of an Ableton Link session: `python -m improvd.daemon.link FD`, FD being its end of the engine's socket.

The only process that loads aalink, and with it Link's own threads: the engine never waits for a network, and a fault of
that library ends no duet. It reads the session a hundred times a second, tells the engine what doesn't follow from what
it told before, and does to the session what the engine asks. It ends when the engine asks or is gone, and on SIGTERM,
and the others in the session see it leave.
"""

from __future__ import annotations

import asyncio
import math
import signal
import socket
import sys
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from improvd.core.events import Beats, LinkState, Seconds
from improvd.daemon.attendant import first_order
from improvd.daemon.clock import now
from improvd.daemon.messages import Close, OpenLink, Serves, SteerLink
from improvd.daemon.wire import Peer, last_words

if TYPE_CHECKING:
    from collections.abc import Callable

POLL: Final = 0.01
"""Seconds between two readings: a stop is heard of that late at most."""
ASTRAY: Final = Seconds(0.00025)
"""A beat that lies so far from where it was foreseen is told. Link's clock and ours drift apart by less in seconds."""
EXACT: Final = Seconds(0.0001)
"""How long reading the beat may take, so that it is known when that was; else it is read again, ``TRIES`` times."""
TRIES: Final = 5
SEEKING: Final = Seconds(2.0)
"""How long others who shared the beat before are looked for; peers tell of themselves four times a second."""


class Shared(Protocol):
    """What of an ``aalink.Link`` is used here. Nothing of it waits for the network."""

    tempo: float
    quantum: float
    playing: bool
    start_stop_sync_enabled: bool
    enabled: bool

    @property
    def beat(self) -> float:
        """The beat by now, bars beginning on the multiples of ``quantum``."""

    @property
    def num_peers(self) -> int:
        """How many others there are."""

    def request_beat(self, beat: float) -> None:
        """Have this beat fall now; where others are in the session, as soon as their bars allow."""


class _Reading(NamedTuple):
    """The beat, and the middle of the time that reading it took: when it fell is known to ``doubt`` either way."""

    at: Seconds
    beat: Beats
    bpm: float
    doubt: Seconds


class Reader:
    """Reads a session, and knows what of it is worth telling. One thread's; ``clock`` is the monotonic clock.

    ``kept`` is what was told by another reader before: the others that there were then are looked for first.
    """

    def __init__(self, link: Shared, clock: Callable[[], Seconds] = now, kept: LinkState | None = None) -> None:
        self._link = link
        self._now = clock
        self._seeks_until = Seconds(clock() + SEEKING) if kept and kept.peers else None
        self._started = False  # whether anybody ever started it
        self._told: LinkState | None = None

    def news(self) -> LinkState | None:
        """The session as it is, where that doesn't follow from what was told before.

        A reading that the processor was taken from is no news of the beat by as much as it may be wrong.
        """
        reading, told = self._read(), self._told
        playing, peers = self._playing(), self._link.num_peers
        if self._seeks_until is not None and not peers and reading.at < self._seeks_until:
            return None
        self._seeks_until = None
        if told is not None and (reading.bpm, playing, peers) == (told.bpm, told.playing, told.peers):
            astray = abs(reading.beat - _foreseen(told, reading.at)) * 60.0 / reading.bpm
            if astray < ASTRAY + reading.doubt:
                return None
        self._told = LinkState(reading.at, reading.beat, reading.bpm, playing, peers)
        return self._told

    def steer(self, wish: SteerLink) -> None:
        """Change the session for all who are in it; ``wish.bar`` changes it for us alone."""
        if wish.bpm is not None:
            self._link.tempo = wish.bpm
        if wish.bar is not None:
            self._link.quantum = wish.bar
        if wish.transport:
            self._link.playing = not self._link.playing

    def _playing(self) -> bool | None:
        playing = self._link.playing
        self._started = self._started or playing
        return playing if self._started else None

    def _read(self) -> _Reading:
        """The surest of as many readings as it takes to be sure enough, or as may be."""
        surest = self._read_once()
        for _ in range(TRIES - 1):
            if surest.doubt <= EXACT / 2.0:
                break
            surest = min(surest, self._read_once(), key=lambda reading: reading.doubt)
        return surest

    def _read_once(self) -> _Reading:
        link = self._link
        bpm, before = link.tempo, self._now()
        beat, after = link.beat, self._now()
        doubt = Seconds((after - before) / 2.0 if link.tempo == bpm else math.inf)
        return _Reading(Seconds((before + after) / 2.0), Beats(beat), bpm, doubt)


def _foreseen(told: LinkState, at: Seconds) -> Beats:
    """The beat at a time, as it follows from what was told."""
    return Beats(told.beat + (at - told.at) * told.bpm / 60.0)


def join(bpm: float, bar: float, kept: LinkState | None = None) -> Shared:
    """Be in the session from now on, or begin one at ``bpm``, which goes on with the beat that was ``kept``.

    An event loop must be running.
    """
    from aalink import Link  # noqa: PLC0415  an extra, which this process alone needs

    link: Shared = Link(bpm)
    link.quantum = bar
    link.start_stop_sync_enabled = True
    if kept is not None:
        go_on(link, kept)
    link.enabled = True
    return link


def go_on(link: Shared, kept: LinkState, clock: Callable[[], Seconds] = now) -> None:
    """Have the beat that was ``kept`` fall where it would have; nobody else is in the session yet."""
    for _ in range(TRIES):
        before = clock()
        link.request_beat(_foreseen(kept, before))
        if clock() - before <= EXACT:
            break


async def _serve(engine: Peer, order: OpenLink) -> None:
    reader = Reader(join(order.bpm, order.bar, order.kept), kept=order.kept)
    end = asyncio.Event()

    def listen() -> None:
        for message in engine.receive():
            if isinstance(message, SteerLink):
                reader.steer(message)
            elif isinstance(message, Close):
                end.set()
        if engine.lost:
            end.set()

    loop = asyncio.get_running_loop()
    loop.add_reader(engine.fileno(), listen)
    loop.add_signal_handler(signal.SIGTERM, end.set)
    engine.send(Serves())
    try:
        while not end.is_set():
            if news := reader.news():
                engine.send(news)
            engine.flush()
            await asyncio.sleep(POLL)
    finally:
        loop.remove_reader(engine.fileno())


def main() -> None:
    """Serve the engine at the other end of the socket whose number is the one argument."""
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    with last_words(engine):
        asyncio.run(_serve(engine, first_order(engine, OpenLink)))


if __name__ == "__main__":
    main()
