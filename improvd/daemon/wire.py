"""Lines of messages over a socket, neither end ever waiting for the other."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from improvd.daemon.codec import WireError, decode, encode
from improvd.daemon.messages import Failed
from improvd.errors import UserError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from improvd.daemon.messages import Message

LONGEST_LINE = 1 << 20
LARGEST_BACKLOG = 8 << 20
CHUNK = 1 << 16


class Peer:
    """One end of a wire. Single-threaded; no call blocks and none raises for what the other end does.

    Once the other end is gone, or has sent what is no message, or has not read for `LARGEST_BACKLOG` bytes,
    ``lost`` says so in words and the peer is of no more use.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._incoming = bytearray()
        self._backlog = bytearray()
        # One that can't be written to may still have last words, and one that talks nonsense may still listen.
        self._deaf = self._mute = False
        self.lost: str | None = None

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    @property
    def has_backlog(self) -> bool:
        """Whether something still waits to be written: select for writing, then `flush`."""
        return bool(self._backlog) and not self._mute

    def send(self, *messages: Message) -> None:
        """Write ``messages``, or as much of them as the other end takes now; the rest is kept for `flush`."""
        self._backlog += b"".join(map(encode, messages))
        if len(self._backlog) > LARGEST_BACKLOG:
            self._mute = True
            self.lost = self.lost or "does not read"
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as that goes without waiting."""
        while self._backlog and not self._mute:
            try:
                del self._backlog[: self._socket.send(self._backlog)]
            except BlockingIOError:
                return
            except OSError as error:
                self._mute = True
                self.lost = self.lost or f"is gone ({error.strerror})"

    def receive(self) -> list[Message]:
        """All that has come in. What came before the end or the fault is still returned."""
        messages: list[Message] = []
        while not self._deaf:
            try:
                chunk = self._socket.recv(CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                self._give_up(f"is gone ({error.strerror})")
                break
            if not chunk:
                self._give_up("is gone")
            self._incoming += chunk
            if b"\n" in chunk:
                *lines, rest = bytes(self._incoming).split(b"\n")
                self._incoming = bytearray(rest)
                self._decode(lines, messages)
            if len(self._incoming) > LONGEST_LINE:
                self._give_up("sent a line without end")
            if len(chunk) < CHUNK:
                break
        return messages

    def close(self) -> None:
        """Let go of the socket; the other end sees it."""
        self._mute = True
        self._give_up("is closed")
        self._socket.close()

    def _decode(self, lines: list[bytes], messages: list[Message]) -> None:
        for line in lines:
            try:
                messages.append(decode(line))
            except WireError as error:
                self._give_up(f"sent what is {error}")
                return

    def _give_up(self, why: str) -> None:
        self._deaf = True
        self.lost = self.lost or why


@contextmanager
def last_words(engine: Peer) -> Iterator[None]:
    """Tell the engine why a child ends: what the user can mend ends it quietly, a mistake of ours is raised on."""
    try:
        yield
    except UserError as error:
        engine.send(Failed(str(error), theirs=True))
    except Exception as error:  # whatever it is, the engine is told before we end
        engine.send(Failed(f"{type(error).__name__}: {error}", theirs=False))
        raise
