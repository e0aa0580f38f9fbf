"""Whether a child still answers."""

from __future__ import annotations

from improvd.core.events import Seconds
from improvd.daemon.messages import Ping, Pong

EVERY = Seconds(1.0)
PATIENCE = Seconds(2.0)
"""Long enough for a machine that is very busy or was stopped for a moment; the watchdog of the ports process itself
is quicker where one of its calls hangs."""


class Heartbeat:
    """Asks now and then, and says when there was no answer for too long. Pure: it is given the time."""

    def __init__(self) -> None:
        self._number = 0
        self._next = Seconds(0.0)
        self._unanswered_since: Seconds | None = None

    @property
    def deadline(self) -> Seconds:
        """When ``ask`` next has something to say."""
        return self._next

    def restart(self, now: Seconds) -> None:
        """A fresh child: what the one before owed is forgotten."""
        self._unanswered_since = None
        self._next = Seconds(now + EVERY)

    def ask(self, now: Seconds) -> Ping | None:
        """The next question where it is time for one."""
        if now < self._next:
            return None
        self._next = Seconds(now + EVERY)
        self._number += 1
        if self._unanswered_since is None:
            self._unanswered_since = now
        return Ping(self._number)

    def answered(self, pong: Pong) -> None:
        """The child answered; only the newest question counts."""
        if pong.number == self._number:
            self._unanswered_since = None

    def is_silent(self, now: Seconds) -> bool:
        """Whether no question was answered for too long."""
        return self._unanswered_since is not None and now - self._unanswered_since > PATIENCE
