"""The terminal that improvd was started from, if any."""

from __future__ import annotations

import os


class Terminal:
    """Tells whether the terminal has gone, as when its window is closed.

    Both that and a wish to read the settings again come as SIGHUP.
    """

    def __init__(self) -> None:
        self._was_there = _is_there()

    def is_gone(self) -> bool:
        """Whether there was one and it hung up. Never blocks."""
        return self._was_there and not _is_there()


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True
