"""The process of an Ableton Link session: `python -m improvd.daemon.link FD`, FD being its end of the engine's socket.

The only process that loads aalink, and with it Link's own threads: the engine never waits for a network, and a fault of
that library ends no duet. It reads the session a hundred times a second, tells the engine what doesn't follow from what
it told before, and does to the session what the engine asks. It ends when the engine asks or is gone, and on SIGTERM,
and the others in the session see it leave.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import TYPE_CHECKING, Final, Protocol

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


class Reader:
    """Reads a session, and knows what of it is worth telling. One thread's; ``clock`` is the monotonic clock."""

    def __init__(self, link: Shared, clock: Callable[[], Seconds] = now) -> None:
        self._link = link
        self._now = clock
        self._started = False  # whether anybody ever started it
        self._told: LinkState | None = None

    def news(self) -> LinkState | None:
        """The session as it is, where that doesn't follow from what was told before."""
        state, told = self._read(), self._told
        if told is not None and (state.bpm, state.playing, state.peers) == (told.bpm, told.playing, told.peers):
            foreseen = told.beat + (state.at - told.at) * told.bpm / 60.0
            if abs(state.beat - foreseen) * 60.0 / state.bpm < ASTRAY:
                return None
        self._told = state
        return state

    def steer(self, wish: SteerLink) -> None:
        """Change the session for all who are in it; ``wish.bar`` changes it for us alone."""
        if wish.bpm is not None:
            self._link.tempo = wish.bpm
        if wish.bar is not None:
            self._link.quantum = wish.bar
        if wish.transport:
            self._link.playing = not self._link.playing

    def _read(self) -> LinkState:
        link = self._link
        for _ in range(TRIES):
            bpm, before = link.tempo, self._now()
            beat, after = link.beat, self._now()
            if after - before <= EXACT and link.tempo == bpm:
                break
        self._started = self._started or link.playing
        playing = link.playing if self._started else None
        return LinkState(Seconds((before + after) / 2.0), Beats(beat), bpm, playing, link.num_peers)


def join(bpm: float, bar: float) -> Shared:
    """Be in the session from now on, or begin one at ``bpm``; an event loop must be running."""
    from aalink import Link  # noqa: PLC0415  an extra, which this process alone needs

    link: Shared = Link(bpm)
    link.quantum = bar
    link.start_stop_sync_enabled = True
    link.enabled = True
    return link


async def _serve(engine: Peer, order: OpenLink) -> None:
    reader = Reader(join(order.bpm, order.bar))
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
