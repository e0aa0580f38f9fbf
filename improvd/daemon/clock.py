"""The one clock of a session: monotonic, and the same for all its processes."""

from __future__ import annotations

import time

from improvd.core.events import Seconds


def now() -> Seconds:
    """Seconds since some fixed moment; never set back. From any thread; does not block."""
    return Seconds(time.monotonic())
