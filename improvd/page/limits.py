"""How much one visitor may ask: a bucket of tokens that fills again at a steady rate."""

from __future__ import annotations

MAX_CONNECTIONS = 96
"""Open connections of all kinds; more are hung up at once."""

MAX_VISITORS = 16
"""Open pages. Each costs the daemon nothing, but somebody must draw the line."""

LARGEST_MESSAGE = 16 << 10
"""Bytes in one message of a page; the longest it has reason to send is a chord."""

HANDSHAKE = 5.0
"""Seconds for a whole request: one that dawdles is hung up."""

PER_SECOND, BURST = 500.0, 1000.0
"""Messages and MIDI messages a second, and at a stroke: twice what two hands and a wheel can do."""

MOST_PENDING = 64
"""Questions that a page may have open."""

MOST_UNREAD = 1 << 20
"""Characters that wait for a page that doesn't read; then it is hung up."""


class Bucket:
    """Whether one more is within the limits. Pure: the time, in seconds, is passed in."""

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._rate = per_second
        self._burst = burst
        self._level = burst
        self._at = now

    def takes(self, cost: float, now: float) -> bool:
        """Take ``cost`` where there is as much."""
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if cost > self._level:
            return False
        self._level -= cost
        return True
