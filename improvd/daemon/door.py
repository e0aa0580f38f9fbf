"""Where the page is reached: a listening socket, the address to print, and what a browser must bring.

The engine's process opens it, so that a taken port is told at the start, and the address stays the same however often
the page's process is started afresh; who comes meanwhile waits in the queue.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from improvd.daemon.messages import OpenPage
from improvd.errors import UserError
from improvd.recorder.folder import default_folder

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from improvd.config.options import RunOptions

FIRST_PORT = 8420
TRIES = 10
"""Ports that are tried from the first on, where none was asked for."""
QUEUE = 64
NOWHERE = ("192.0.2.1", 9)
"""An address of documentation's, to which nothing is sent: asked only which of ours would be used."""


class Door(NamedTuple):
    """An open door. ``address`` is what the player is told, the token in it; ``host`` is where it listens."""

    listening: socket.socket
    address: str
    names: tuple[str, ...]
    token: str
    cert: str
    key: str
    recordings: Path

    @property
    def title(self) -> str:
        """See `improvd.daemon.beside.Beside`, as for all of these."""
        return "page"

    @property
    def command(self) -> tuple[str, ...]:
        """The page's process."""
        return (sys.executable, "-m", "improvd.page.process")

    @property
    def welcome(self) -> str:
        """Where to look."""
        return f"the page: {self.address}"

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the page's process needs."""
        return (self.listening.fileno(),)

    def order(self, control: Path) -> OpenPage:
        """What the page's process is told first; ``control`` is the session's control socket."""
        recordings = str(self.recordings)
        return OpenPage(self.inherited, str(control), self.names, self.token, self.cert, self.key, recordings)

    def close(self) -> None:
        """Give the port back."""
        self.listening.close()


def open_door(options: RunOptions) -> Door:
    """Open it as the options wish. Raises `UserError` where that can't be."""
    cert, key = (str(path or "") for path in (options.cert, options.cert_key))
    _check_files(options.cert, options.cert_key)
    listening = _listen(options.page_host, options.page_port)
    host, port = listening.getsockname()[:2]
    is_local = ipaddress.ip_address(host).is_loopback
    # Whoever is on this machine may play; whoever is merely near must have been told.
    token = options.page_token or ("" if is_local else secrets.token_urlsafe(12))
    called = socket.gethostname()
    names = () if is_local else (called, f"{called}.local", options.page_host)
    shown = _outward(host) if ipaddress.ip_address(host).is_unspecified else host
    place = f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"
    address = f"{'https' if cert else 'http'}://{place}/{token and f'?token={token}'}"
    return Door(listening, address, names, token, cert, key, options.recordings or default_folder())


def certificate(cert: Path, key: Path | None) -> ssl.SSLContext:
    """For serving over TLS; ``key`` may stand in ``cert``. Raises OSError, of which an SSLError is one."""
    import ssl  # noqa: PLC0415  few want it, and it takes 4 MB

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context


def _check_files(cert: Path | None, key: Path | None) -> None:
    """See at the start whether the page's process can serve with them."""
    if key is not None and cert is None:
        raise UserError("cert-key is the key of a certificate: name that too, with --cert")
    for file in (cert, key):
        if file is not None:
            try:
                file.open("rb").close()
            except OSError as error:
                raise UserError(f"can't read {file}: {error.strerror}") from error
    if cert is not None:
        try:
            certificate(cert, key)
        except OSError as error:
            raise UserError(f"{cert} is no certificate to serve the page with: {error.strerror or error}") from error


def _listen(host: str, port: int | None) -> socket.socket:
    """Listen there; without a ``port``, on the first that is free."""
    try:
        family, _, _, _, (found, *_) = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UserError(f"the page can't be at {host}: there is no such host ({error.strerror})") from error
    candidates = range(FIRST_PORT, FIRST_PORT + TRIES) if port is None else (port,)
    for candidate in candidates:
        try:
            return socket.create_server((str(found), candidate), family=family, backlog=QUEUE)
        except OSError as error:
            last = error
    raise UserError(
        f"the page can't be at {host}, port {candidates[0]}{f' to {candidates[-1]}' if port is None else ''}:"
        f" {os.strerror(last.errno or 0)}; name another with --page-port, or do without it (--no-page)"
    ) from last


def _outward(host: str) -> str:
    """The address by which others reach a machine that listens at all of its own, as well as can be told."""
    if ipaddress.ip_address(host).version == 4:
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect(NOWHERE)
            return str(asking.getsockname()[0])
    return socket.gethostname()
