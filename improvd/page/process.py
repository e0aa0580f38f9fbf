"""The page's process: `python -m improvd.page.process FD`, FD being its end of the engine's socket pair.

It serves the sockets that the engine opened and handed down, so that the address stays the same however often the
process is started afresh. It ends when the engine asks or is gone.
"""

from __future__ import annotations

import asyncio
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.daemon.door import certificate
from improvd.daemon.messages import Close, OpenPage, PageOpen
from improvd.daemon.realtime import PAGE_NICENESS, be_nice
from improvd.daemon.wire import Peer, last_words
from improvd.page.figures import Figures
from improvd.page.gate import Gate
from improvd.page.hub import Hub
from improvd.page.server import run
from improvd.page.sessions import Sessions
from improvd.page.web import Web

if TYPE_CHECKING:
    from improvd.daemon.messages import Message


def _first(engine: Peer) -> OpenPage:
    """What to serve, and how."""
    while not engine.lost:
        select.select([engine], [], [])
        for message in engine.receive():
            if isinstance(message, OpenPage):
                return message
    raise SystemExit(0)  # the engine ended before it began


def _ends(messages: list[Message]) -> bool:
    return any(isinstance(message, Close) for message in messages)


async def _serve(engine: Peer, order: OpenPage) -> None:
    tls = certificate(Path(order.cert), Path(order.key) if order.key else None) if order.cert else None
    hub = Hub(Path(order.control))
    web = Web(
        Gate(order.names, order.token, secure=tls is not None),
        {"sessions": Sessions(Path(order.recordings)).answer, "metrics": Figures(hub.link).answer},
    )
    end = asyncio.Event()

    def listen() -> None:
        if _ends(engine.receive()) or engine.lost:
            end.set()

    loop = asyncio.get_running_loop()
    loop.add_reader(engine.fileno(), listen)
    loop.add_signal_handler(signal.SIGTERM, end.set)
    sockets = [socket.socket(fileno=fd) for fd in order.listening]
    engine.send(PageOpen())
    try:
        await run(sockets, web, hub, end, tls)
    finally:
        loop.remove_reader(engine.fileno())


def main() -> None:
    """Serve the engine at the other end of the socket whose number is the one argument."""
    be_nice(PAGE_NICENESS)
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    with last_words(engine), suppress(KeyboardInterrupt):
        asyncio.run(_serve(engine, _first(engine)))


if __name__ == "__main__":
    main()
