"""ALSA's sequencer, seen through the file in which the kernel lists its clients, ports and connections.

Reading it makes no client, and tells of connections, which python-rtmidi doesn't. Ports process only; reading takes as
long as the kernel does, which is not long.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

DEVICE = Path("/dev/snd/seq")
LIST = Path("/proc/asound/seq/clients")

_CLIENT = re.compile(r'Client +(\d+) : "(.*)" \[')
_PORT = re.compile(r'  Port +(\d+) : "(.*)" \(')
_CONNECTIONS = ("    Connecting To: ", "    Connected From: ")
_TELLING = (b"Client ", b"  Port ", *map(str.encode, _CONNECTIONS))
_ADDRESS = re.compile(r"\d+:\d+")


def problem(device: Path = DEVICE) -> str | None:
    """Why the sequencer can't be opened, for the player; None where it can.

    It is opened and closed again: asking python-rtmidi instead, which tells no reason, would cost 17 kB of memory each
    time.
    """
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except FileNotFoundError:
        return f"there is no {device}: plug a MIDI device in, or load the kernel's module snd-seq"
    except PermissionError:
        return f"{device} is not yours to use: become a member of the group audio, and log in again"
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return "ALSA's sequencer has as many clients as it takes (see: aconnect -l)"
        return f"{device} can't be opened ({error.strerror})"
    return None


class AlsaGraph:
    """The sequencer's ports and connections, as ``listing`` has them."""

    gone = joins = False

    def __init__(self, listing: Path = LIST) -> None:
        self._listing = listing
        self._read = b""
        self._stamp: Hashable = ()

    def stamp(self) -> Hashable:
        """The list without what changes with every message: how full the clients' pools are."""
        read = self._listing.read_bytes()
        if read != self._read:  # while nobody plays, that is all
            self._read = read
            self._stamp = tuple(line for line in read.splitlines() if line.startswith(_TELLING))
        return self._stamp

    def named(self, port: str) -> frozenset[str]:
        """See `Graph`."""
        return frozenset(full for full, own, _ in self._ports().values() if own == port)

    def peers(self, port: str) -> frozenset[str] | None:
        """See `Graph`."""
        ports = self._ports()
        address = port.rpartition(" ")[2]
        if address not in ports or ports[address][0] != port:
            return frozenset()
        return frozenset(ports[peer][0] for peer in ports[address][2] if peer in ports)

    def join(self, _source: str, _target: str) -> bool:
        """Not by reading a file."""
        return False

    def _ports(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """By address: the full name, the port's own, and the addresses it is connected with either way."""
        ports: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        number = client = address = ""
        for line in self._listing.read_text(errors="replace").splitlines():
            if found := _CLIENT.match(line):
                number, client = found.groups()
            elif found := _PORT.match(line):
                address = f"{number}:{found[1]}"
                ports[address] = (f"{client}:{found[2]} {address}", found[2], ())
            elif line.startswith(_CONNECTIONS) and address in ports:
                full, own, peers = ports[address]
                ports[address] = (full, own, (*peers, *_ADDRESS.findall(line.partition(": ")[2])))
        return ports
