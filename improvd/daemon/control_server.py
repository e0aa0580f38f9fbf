"""The sockets of those who talk to a session from outside, and the limits that keep them from its music.

Served on the engine's thread, in its one select. Nothing blocks, a round of the loop meets one request at most, and
who doesn't read is cut off: all of them together can't make the engine late by more than one request takes.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from improvd.control import requests
from improvd.control.requests import LONGEST_LINE, Request, RequestError
from improvd.core.events import Seconds

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

MOST_CLIENTS = 32
LARGEST_BACKLOG = 1 << 20
"""Bytes that wait for a client to read them."""
CHUNK = 1 << 14
FULL = Seconds(1.0)
"""How long nobody is let in where the system has no files for more: asking again at once would be a spin."""

LATER: Final = object()
"""What a request is met with that is answered later, by `Server.answer`."""


class Client:
    """One connection. ``watches`` are the kinds of event it is told of; ``gone`` says that it is of no more use."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._incoming = bytearray()
        self._backlog = bytearray()
        self._no_line_before = 0  # how much of what came in is known to hold no end of a line
        self._ended = self._broken = False
        self.watches: frozenset[str] = frozenset()

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    @property
    def gone(self) -> bool:
        """Whether nothing comes or goes any more; who only hung up is still owed the answers."""
        return self._broken or (self._ended and not (self.has_line or self._backlog))

    @property
    def listens_to(self) -> bool:
        """Whether more may come: where a request waits already, none is taken in."""
        return not (self._ended or self._broken or self.has_line)

    @property
    def has_backlog(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._backlog)

    @property
    def has_line(self) -> bool:
        """Whether a whole line waits to be met."""
        found = self._incoming.find(b"\n", self._no_line_before)
        self._no_line_before = len(self._incoming) if found < 0 else found
        return found >= 0

    def read(self) -> None:
        """Take in what has come, at most a chunk of it."""
        try:
            chunk = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        self._ended = not chunk
        self._incoming += chunk
        if len(self._incoming) > LONGEST_LINE and not self.has_line:
            self.write(requests.refusal(RequestError(f"a line of more than {LONGEST_LINE} bytes")))
            self._broken = True

    def take_line(self) -> bytes:
        """The first whole line; there must be one."""
        line, _, rest = bytes(self._incoming).partition(b"\n")
        self._incoming = bytearray(rest)
        self._no_line_before = 0
        return line

    def write(self, line: bytes) -> None:
        """Write, or as much of it as goes now; the rest waits for `flush`."""
        if len(self._backlog) + len(line) > LARGEST_BACKLOG:
            self._broken = True
            return
        waited = bool(self._backlog)
        self._backlog += line
        if not waited:
            self.flush()

    def flush(self) -> None:
        """Write what waits, as far as that goes without waiting."""
        while self._backlog:
            try:
                del self._backlog[: self._socket.send(self._backlog)]
            except BlockingIOError:
                return
            except OSError:
                self._broken = True
                return

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


class Server:
    """Lets clients in, has their requests met by ``meet``, and tells them what they watch. One thread's.

    ``meet`` returns the value of the answer, or `LATER`, or raises `RequestError`; it may not block. ``left`` is told
    of each client that is gone.
    """

    def __init__(
        self,
        listening: socket.socket,
        meet: Callable[[Client, Request], object],
        left: Callable[[Client], None],
    ) -> None:
        self._listening: socket.socket | None = listening
        self._full_until: Seconds | None = None  # there were no more files to let anybody in with
        self._meet = meet
        self._left = left
        self._clients: deque[Client] = deque()  # whose turn is first

    @property
    def count(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def reading(self) -> Iterable[socket.socket | Client]:
        """What to select on for reading."""
        if self._listening is not None and self._full_until is None:
            yield self._listening
        yield from (client for client in self._clients if client.listens_to)

    def writing(self) -> Iterable[Client]:
        """What to select on for writing."""
        return (client for client in self._clients if client.has_backlog)

    @property
    def busy(self) -> bool:
        """Whether a request waits already, so that nobody should wait for more."""
        return any(client.has_line for client in self._clients)

    @property
    def deadline(self) -> Seconds | None:
        """When somebody may be let in again; None where nothing stands against it."""
        return self._full_until

    def serve(self, readable: AbstractSet[object], writable: AbstractSet[object], at: Seconds) -> None:
        """Do what select found to be possible, and meet one request."""
        if self._full_until is not None and self._full_until <= at:
            self._full_until = None
        if self._listening in readable:
            self._let_in(at)
        for client in self._clients:
            if client in writable:
                client.flush()
            if client in readable:
                client.read()
        self._meet_one()
        self._let_go()

    def tell(self, kind: str, line: Callable[[], bytes]) -> None:
        """Tell those who watch that kind; the line is only made where somebody does."""
        watching = [client for client in self._clients if kind in client.watches]
        if watching:
            told = line()
            for client in watching:
                client.write(told)

    def answer(self, client: Client, id_: int, value: object) -> None:
        """Meet a request that was left for later."""
        client.write(requests.answer(id_, value))

    def close(self) -> None:
        """Let everybody go."""
        for client in self._clients:
            client.flush()
            client.close()
        self._clients.clear()
        self._listening = None

    def _let_in(self, at: Seconds) -> None:
        if self._listening is None:
            return
        try:
            client = Client(self._listening.accept()[0])
        except (BlockingIOError, ConnectionError):
            return  # it has left again
        except OSError:
            self._full_until = Seconds(at + FULL)  # no more files to be had: who is in stays, and the music goes on
            return
        if len(self._clients) < MOST_CLIENTS:
            self._clients.append(client)
        else:
            client.write(requests.refusal(RequestError(f"{MOST_CLIENTS} clients are connected already")))
            client.close()

    def _meet_one(self) -> None:
        """The first request there is, and its client to the end of the queue."""
        for client in self._clients:
            if client.has_line and not client.gone:
                self._clients.remove(client)
                self._clients.append(client)
                try:
                    request = requests.decode(client.take_line())
                    value = self._meet(client, request)
                except RequestError as error:
                    client.write(requests.refusal(error))
                else:
                    if value is not LATER:
                        client.write(requests.answer(request.id, value))
                return

    def _let_go(self) -> None:
        for client in [client for client in self._clients if client.gone]:
            self._clients.remove(client)
            with suppress(OSError):
                client.close()
            self._left(client)
