"""Lines of text that a slow or vanished reader can't hold up: the screen and the trace."""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.events import Seconds


class LineWriter:
    """Writes lines to a file descriptor from a thread of its own, each in one call, as soon as it can.

    ``fd`` is the descriptor. ``write`` never blocks and may be called from any thread. Where the descriptor can't be
    written to any more, the rest is thrown away and ``on_broken`` is called once, on the writing thread, with why.
    """

    def __init__(self, fd: int, on_broken: Callable[[OSError], None]) -> None:
        self.fd = fd
        self._on_broken = on_broken
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        # A daemon: a reader that never reads must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"lines-{fd}", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Queue one line; its newline is added."""
        self._queue.put(line)

    def close(self, patience: Seconds) -> None:
        """Write out what is queued, for at most ``patience`` seconds."""
        self._queue.put(None)
        self._thread.join(patience)

    def _run(self) -> None:
        broken = False
        while (line := self._queue.get()) is not None:
            rest = b"" if broken else (line + "\n").encode(errors="replace")
            while rest:
                try:
                    rest = rest[os.write(self.fd, rest) :]
                except OSError as error:
                    broken, rest = True, b""
                    self._on_broken(error)
