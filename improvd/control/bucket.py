"""How much somebody may ask: a bucket of tokens that fills again at a steady rate."""

from __future__ import annotations


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
