"""The page's process: `python -m improvd.page.process FD`, FD being its end of the engine's socket pair.

It serves the sockets that the engine opened and handed down, so that the address stays the same however often the
process is started afresh. It ends when the engine asks or is gone.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.daemon.attendant import attend
from improvd.daemon.door import certificate
from improvd.daemon.messages import OpenPage
from improvd.page import models
from improvd.page.figures import Figures
from improvd.page.gate import Gate
from improvd.page.hub import Hub
from improvd.page.server import run
from improvd.page.sessions import Sessions
from improvd.page.web import Web

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


async def _serve(order: OpenPage, serves: Callable[[], None], end: asyncio.Event) -> None:
    tls = certificate(Path(order.cert), Path(order.key) if order.key else None) if order.cert else None
    hub = Hub(Path(order.control))
    web = Web(
        Gate(order.names, order.token, secure=tls is not None),
        {
            "sessions": Sessions(Path(order.recordings)).answer,
            "models": models.listed,
            "metrics": Figures(hub.link).answer,
        },
    )
    sockets = [socket.socket(fileno=fd) for fd in order.listening]
    serves()
    await run(sockets, web, hub, end, tls)


if __name__ == "__main__":
    attend(OpenPage, _serve)
