"""The life of a process beside the duet, as the process itself sees it: ordered, at work, told to end.

An event loop on its one thread: it waits for whom it serves and for the engine alike.
"""

from __future__ import annotations

import asyncio
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from improvd.daemon.messages import Close, OpenLink, OpenOsc, OpenPage, Serves
from improvd.daemon.realtime import PAGE_NICENESS, be_nice
from improvd.daemon.wire import Peer, last_words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Serving = Callable[[], None]

Order = TypeVar("Order", OpenPage, OpenOsc, OpenLink)


def attend(kind: type[Order], work: Callable[[Order, Serving, asyncio.Event], Awaitable[None]]) -> None:
    """Do the ``work`` that the engine orders; the number of our end of its socket is the one argument.

    ``work`` is given the order, calls what it is given next once it serves, and returns when the event is set: the
    engine asks for that, or is gone, or SIGTERM came.
    """
    be_nice(PAGE_NICENESS)
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    with last_words(engine), suppress(KeyboardInterrupt):
        asyncio.run(_attend(engine, first_order(engine, kind), work))


def first_order(engine: Peer, kind: type[Order]) -> Order:
    """What to do, and how. Waits for it, and ends the process where the engine ended before it began."""
    while not engine.lost:
        select.select([engine], [], [])
        for message in engine.receive():
            if isinstance(message, kind):
                return message
    raise SystemExit(0)


async def _attend(engine: Peer, order: Order, work: Callable[[Order, Serving, asyncio.Event], Awaitable[None]]) -> None:
    end = asyncio.Event()

    def listen() -> None:
        if any(isinstance(message, Close) for message in engine.receive()) or engine.lost:
            end.set()

    loop = asyncio.get_running_loop()
    loop.add_reader(engine.fileno(), listen)
    loop.add_signal_handler(signal.SIGTERM, end.set)
    try:
        await work(order, lambda: engine.send(Serves()), end)
    finally:
        loop.remove_reader(engine.fileno())
