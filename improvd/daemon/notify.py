"""What a service manager is told: systemd's protocol, one datagram of ``NAME=value`` lines a message (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from improvd.core.events import Seconds

if TYPE_CHECKING:
    from collections.abc import MutableMapping


class Notifier:
    """The way to the service manager that ``environment`` names; where it names none, all goes nowhere.

    Its variables are taken out of ``environment``: the children that inherit it are not the service. ``watchdog`` is
    the longest silence that the manager allows, None where it doesn't watch. One thread's; nothing blocks or raises.
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        address = environment.pop("NOTIFY_SOCKET", "")
        limit = environment.pop("WATCHDOG_USEC", "")
        watched = environment.pop("WATCHDOG_PID", "") or str(os.getpid())
        self.watchdog: Seconds | None = None
        self._socket: socket.socket | None = None
        if address.startswith(("/", "@")) and hasattr(socket, "AF_UNIX"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            try:
                # "@" stands for the zero byte that begins a name outside the file system.
                self._socket.connect("\0" + address[1:] if address[0] == "@" else address)
            except OSError:
                self.close()
        if self._socket and limit.isdecimal() and int(limit) and watched == str(os.getpid()):
            self.watchdog = Seconds(int(limit) / 1e6)

    def send(self, **fields: str | int) -> None:
        """Send one message; a line break in a value would begin another field, and becomes a blank.

        A manager whose buffer is full misses it.
        """
        if self._socket is not None:
            lines = (f"{name}={' '.join(str(value).splitlines())}" for name, value in fields.items())
            with suppress(OSError):
                self._socket.send("\n".join(lines).encode(errors="replace"))

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
