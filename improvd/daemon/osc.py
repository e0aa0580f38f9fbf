"""Where OSC is heard, and who is told by it, as the engine's process opens it at the start.

So a port that is taken and a name that nobody has are told in a line, and what was opened stays however often OSC's
process is started afresh.
"""

from __future__ import annotations

import os
import socket
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from improvd.config.addresses import Address, addresses_in
from improvd.daemon.messages import OpenOsc
from improvd.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.config.options import RunOptions


class Osc(NamedTuple):
    """OSC as it is wanted: heard at ``listening``, None: nowhere; ``told`` are numeric addresses."""

    listening: socket.socket | None
    told: tuple[Address, ...]

    @property
    def title(self) -> str:
        """See `improvd.daemon.beside.Beside`, as for all of these."""
        return "OSC link"

    @property
    def command(self) -> tuple[str, ...]:
        """OSC's process."""
        return (sys.executable, "-m", "improvd.osc.process")

    @property
    def inherited(self) -> tuple[int, ...]:
        """What it hears at."""
        return () if self.listening is None else (self.listening.fileno(),)

    @property
    def welcome(self) -> str:
        """Where it is heard, and who is told."""
        heard = [] if self.listening is None else [f"heard at {Address(*self.listening.getsockname()[:2])}"]
        told = [f"told to {', '.join(map(str, self.told))}"] if self.told else []
        return f"OSC: {'; '.join(heard + told)}"

    def order(self, control: Path) -> OpenOsc:
        """What it is told first."""
        listening = None if self.listening is None else self.listening.fileno()
        return OpenOsc(listening, tuple((host, port) for host, port in self.told), str(control))

    def close(self) -> None:
        """Give the port back."""
        if self.listening is not None:
            self.listening.close()


def open_osc(options: RunOptions) -> Osc | None:
    """Open what the options wish, None where they wish nothing. Raises `UserError` where that can't be.

    May wait for a name to be looked up.
    """
    if not (options.osc_in or options.osc_out):
        return None
    if find_spec("pythonosc") is None:
        raise UserError("OSC needs python-osc: pip install 'improvd[osc]'")
    told = tuple(_found(address, "osc-out") for address in addresses_in(options.osc_out))
    here = addresses_in(options.osc_in)
    return Osc(_listen(_found(here[0], "osc-in")) if here else None, told)


def _found(address: Address, option: str) -> Address:
    """The same by number."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0][4]
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no host is called that"
        raise UserError(f"{option}: there is no host '{address.host}' ({why})") from error
    return Address(str(found[0]), address.port)


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        listening.bind(address)
    except OSError as error:
        listening.close()
        why = os.strerror(error.errno or 0)
        raise UserError(f"OSC can't be heard at {address}: {why}; name another with --osc-in") from error
    return listening
