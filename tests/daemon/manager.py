"""A service manager of a test's own: the socket that a service tells it by, and what it was told."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


class Manager:
    """Listens at ``path``, or at an address outside the file system where it begins with "@"."""

    def __init__(self, path: Path | str) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.address[1:] if self.address[0] == "@" else self.address)
        self.told: list[dict[str, str]] = []

    def take(self) -> list[dict[str, str]]:
        """All that was told so far."""
        self._socket.setblocking(False)
        try:
            while True:
                self._read()
        except BlockingIOError:
            return self.told

    def wait(self, name: str, part: str = "", count: int = 1) -> dict[str, str]:
        """The newest message with the field ``name``, ``part`` in it, once there are ``count`` of them."""
        limit = time.monotonic() + PATIENCE
        while len(found := [message for message in self.told if name in message and part in message[name]]) < count:
            self._socket.settimeout(max(0.001, limit - time.monotonic()))
            try:
                self._read()
            except TimeoutError:
                raise AssertionError(f"no {name}={part} in {self.told}") from None
        return found[-1]

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> None:
        self.told.append(dict(line.split("=", 1) for line in self._socket.recv(65536).decode().splitlines()))
