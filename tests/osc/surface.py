"""A control surface: python-osc at both ends of real UDP on this machine."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

Told = tuple[str, tuple[Any, ...]]


class Surface:
    """Sends to improvd's ``port``; is told at ``own_port``, and keeps what it is ``told``."""

    def __init__(self, port: int) -> None:
        self._client = SimpleUDPClient("127.0.0.1", port)
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", 0))
        self.own_port: int = self._ear.getsockname()[1]
        self.told: list[Told] = []

    def close(self) -> None:
        self._client.close()
        self._ear.close()

    def send(self, name: str, *values: Any) -> None:  # noqa: ANN401  whatever OSC has
        self._client.send_message(f"/improvd/{name}", values)

    def send_packet(self, packet: bytes) -> None:
        self._client._sock.sendto(packet, (self._client._address, self._client._port))

    def ask(self, name: str, *values: Any) -> Told:  # noqa: ANN401  as above
        """What comes back to where a message came from; what came before it was for others."""
        while self._client.receive(0):
            pass
        self.send(name, *values)
        answer = OscMessage(self._client.receive(PATIENCE))
        return answer.address.removeprefix("/improvd/"), tuple(answer.params)

    def wait(self, name: str, *values: Any) -> None:  # noqa: ANN401  as above
        """Until it is told just this, from now on."""
        self.wait_for(lambda told: told == (name, values), f"{name} {values}")

    def wait_for(self, hoped: Callable[[Told], bool], what: str) -> Told:
        """What it is told, the first for which that holds, from now on."""
        limit = time.monotonic() + PATIENCE
        while (left := limit - time.monotonic()) > 0:
            self._ear.settimeout(left)
            try:
                message = OscMessage(self._ear.recv(1 << 16))
            except TimeoutError:
                break
            self.told.append((message.address.removeprefix("/improvd/"), tuple(message.params)))
            if hoped(self.told[-1]):
                return self.told[-1]
        raise AssertionError(f"no {what} among {self.told[-40:]}")
