"""A bad network between browser and page: each piece waits for up to so long, and none overtakes another."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Way:
    """One direction of one connection, on two threads that end with it."""

    def __init__(self, source: socket.socket, sink: socket.socket, most: float, chance: random.Random) -> None:
        self._source, self._sink, self._most, self._chance = source, sink, most, chance
        self._pieces: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        self.threads = [threading.Thread(target=run) for run in (self._take, self._deliver)]
        for thread in self.threads:
            thread.start()

    def _take(self) -> None:
        with suppress(OSError):
            while piece := self._source.recv(1 << 16):
                self._pieces.put((time.monotonic() + self._chance.uniform(0, self._most), piece))
        self._pieces.put((0.0, b""))

    def _deliver(self) -> None:
        with suppress(OSError):
            while (due_piece := self._pieces.get())[1]:
                time.sleep(max(0.0, due_piece[0] - time.monotonic()))  # this delay is what is tested
                self._sink.sendall(due_piece[1])
        with suppress(OSError):
            self._sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def jittering(port: int, most: float, seed: int) -> Iterator[int]:
    """The port at which what is served at ``port`` can be had worse: up to ``most`` seconds late each way."""
    chance = random.Random(seed)  # noqa: S311  no secret
    listening = socket.create_server(("127.0.0.1", 0))
    ends: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def meet() -> None:
        with suppress(OSError):  # closed: the end
            while True:
                there, back = listening.accept()[0], socket.create_connection(("127.0.0.1", port))
                for end in (there, back):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ends.extend((there, back))
                threads.extend(_Way(there, back, most, chance).threads + _Way(back, there, most, chance).threads)

    meeting = threading.Thread(target=meet)
    meeting.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        meeting.join(PATIENCE)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(PATIENCE)
        for end in (*ends, listening):
            end.close()
