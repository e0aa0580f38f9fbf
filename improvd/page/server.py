"""The page's server: one listening socket, addresses and WebSockets on it, until told to end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection, serve

from improvd.page import limits

if TYPE_CHECKING:
    import socket
    import ssl

    from improvd.page.hub import Hub
    from improvd.page.web import Web


class _Guarded(ServerConnection):
    """A connection that is hung up at once where there are too many."""

    open_now = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _Guarded.open_now += 1
        if _Guarded.open_now > limits.MAX_CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.abort()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        _Guarded.open_now -= 1
        super().connection_lost(exc)


async def run(sockets: list[socket.socket], web: Web, hub: Hub, end: asyncio.Event, tls: ssl.SSLContext | None) -> None:
    """Serve on ``sockets``, which listen already, until ``end`` is set."""
    quiet = logging.getLogger("improvd.page")
    quiet.setLevel(logging.CRITICAL)  # what strangers send is no news
    options: dict[str, Any] = {
        "process_request": web.answer,
        "create_connection": _Guarded,
        "compression": None,  # a note is smaller than what tells its compression, and must not wait
        "max_size": limits.LARGEST_MESSAGE,
        "max_queue": 32,
        "open_timeout": limits.HANDSHAKE,
        "close_timeout": 1.0,
        "server_header": None,
        "logger": quiet,
        "ssl": tls,
    }
    talking = asyncio.ensure_future(hub.link.run())
    servers = [await serve(hub.welcome, sock=sock, **options) for sock in sockets]
    try:
        await end.wait()
    finally:
        for server in servers:
            server.close()
        await asyncio.gather(*(server.wait_closed() for server in servers))
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
