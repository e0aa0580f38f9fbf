"""Ports of this machine that a process under test can be told to take."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

UNASKED = range(20_000, 32_000)
"""Below those that Linux gives to whoever names none: what is free here stays free until it is asked for by name."""


def free_ports(count: int, kind: socket.SocketKind) -> list[int]:
    """Different ports at which nobody is heard, of sockets of that kind."""
    found: list[int] = []
    for port in random.sample(UNASKED, len(UNASKED)):
        if len(found) == count:
            return found
        with socket.socket(socket.AF_INET, kind) as asking, suppress(OSError):
            asking.bind(("127.0.0.1", port))
            found.append(port)
    raise AssertionError(f"there are no {count} free ports")
