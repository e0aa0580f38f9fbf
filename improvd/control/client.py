"""Talking to a running session, from a program that may wait."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from improvd.control import place, requests
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 5.0
"""Seconds that an answer may take; a session answers in some milliseconds."""


class GoneError(UserError):
    """The session ended, or let us go."""


class Connection:
    """A connection to the session that listens at ``path``. Raises `UserError`; every call may wait for `PATIENCE`."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise UserError(f"no session answers at {path}: {error.strerror or error}") from None
        self._incoming = b""
        self._id = 0
        self._events: list[dict[str, Any]] = []

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def ask(self, do: str, *, patience: float = PATIENCE, **more: object) -> Any:  # noqa: ANN401  whatever is answered
        """The value of the answer, which may take so many seconds. Raises `UserError` with the line of a refusal."""
        self._id += 1
        self._socket.settimeout(patience)
        try:
            self._socket.sendall(requests.encode(self._id, do, **more))
        except OSError:
            raise GoneError("the session has ended") from None
        while "event" in (said := self._next()):
            self._events.append(said)
        if not said.get("ok"):
            raise UserError(str(said.get("error")))
        return said["value"]

    def events(self, patience: float | None = None) -> Iterator[dict[str, Any]]:
        """What is watched, as it comes; for ever, or until the session ends.

        Waits for each as long as it takes, or up to ``patience`` seconds, and raises `UserError` then.
        """
        self._socket.settimeout(patience)
        while True:
            yield self._events.pop(0) if self._events else self._next()

    def wait_for_the_end(self, patience: float) -> None:
        """Until the session has let us go. Raises `UserError` where that takes longer than ``patience`` seconds."""
        self._socket.settimeout(patience)
        try:
            while True:
                self._next()
        except GoneError:
            return

    def _next(self) -> dict[str, Any]:
        """The next line."""
        while b"\n" not in self._incoming:
            try:
                chunk = self._socket.recv(1 << 16)
            except TimeoutError:
                raise UserError("the session does not answer") from None
            except OSError:
                chunk = b""
            if not chunk:
                raise GoneError("the session has ended")
            self._incoming += chunk
        line, _, self._incoming = self._incoming.partition(b"\n")
        return dict(json.loads(line))


def find(named: Path | None = None) -> Path:
    """The socket of the session that is meant: the ``named`` one, or the only one there is. Raises `UserError`."""
    if named is not None:
        return named
    found = place.alive()
    if not found:
        raise UserError("no session is running that you may talk to; start one: improvd run")
    if len(found) > 1:
        raise UserError(f"several sessions are running; name one by --socket: {', '.join(map(str, found))}")
    return found[0]
