"""Ctrl-C between two steps rather than within one, so that what is saved is whole."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@dataclass
class Interrupts:
    """Whether Ctrl-C ``asked`` to end."""

    asked: bool = False


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Until left, the first Ctrl-C is only noted, for whoever looks; a second one is a KeyboardInterrupt at once.

    Off the main thread, where no signals arrive, nothing is done.
    """
    noted = Interrupts()

    def note(_signal: int, _frame: FrameType | None) -> None:
        if noted.asked:
            raise KeyboardInterrupt
        noted.asked = True

    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
