"""OSC's process: `python -m improvd.osc.process FD`, FD being its end of the engine's socket pair.

It hears at the socket that the engine opened and handed down, tells those whom the engine names, and is a client of the
control socket. It ends when the engine asks or is gone.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.daemon.attendant import attend
from improvd.daemon.messages import OpenOsc
from improvd.osc.bridge import Bridge

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


async def _serve(order: OpenOsc, serves: Callable[[], None], end: asyncio.Event) -> None:
    with ExitStack() as open_now:
        ear = None if order.listening is None else open_now.enter_context(socket.socket(fileno=order.listening))
        mouths = [open_now.enter_context(_mouth(host, port)) for host, port in order.told]
        serves()
        await Bridge(Path(order.control), ear, mouths).run(end)


def _mouth(host: str, port: int) -> socket.socket:
    """A socket that leads to a numeric address."""
    mouth = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    mouth.setblocking(False)
    mouth.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)  # where a whole network is told
    mouth.connect((host, port))
    return mouth


if __name__ == "__main__":
    attend(OpenOsc, _serve)
