"""Reading the options again while improvd plays, without the loop that plays ever waiting for a disk."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions


class Reread:
    """Calls ``read`` on a thread of its own, once for all that ask meanwhile, and ``wake`` when that is done.

    ``wake`` is called on that thread. All else is one thread's, and nothing of it blocks.
    """

    def __init__(self, read: Callable[[], RunOptions], wake: Callable[[], None]) -> None:
        self._read = read
        self._wake = wake
        self._results: SimpleQueue[RunOptions | UserError] = SimpleQueue()
        self._busy = self._asked_again = False

    def ask(self) -> None:
        """Read; where that is under way already, read once more after it."""
        self._asked_again = self._busy
        if not self._busy:
            self._busy = True
            # A daemon: a disk that never answers must not keep the process from ending.
            Thread(target=self._run, name="reread", daemon=True).start()

    def take(self) -> RunOptions | UserError | None:
        """What was read, or why it can't be; None where there is nothing new."""
        try:
            result = self._results.get_nowait()
        except Empty:
            return None
        self._busy = False
        if self._asked_again:
            self.ask()
            return None
        return result

    def _run(self) -> None:
        try:
            self._results.put(self._read())
        except UserError as error:
            self._results.put(error)
        except Exception as error:  # noqa: BLE001  whatever it is, the music goes on
            self._results.put(UserError(f"the settings can't be read: unexpected {type(error).__name__}: {error}"))
        self._wake()
