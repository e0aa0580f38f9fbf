"""Whether a child still answers."""

from __future__ import annotations

from collections import deque

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
        self._unanswered: deque[tuple[int, Seconds]] = deque()  # each question's number, and when it was asked

    @property
    def deadline(self) -> Seconds:
        """When ``ask`` next has something to say."""
        return self._next

    def restart(self, now: Seconds) -> None:
        """A fresh child: what the one before owed is forgotten."""
        self._unanswered.clear()
        self._next = Seconds(now + EVERY)

    def ask(self, now: Seconds) -> Ping | None:
        """The next question where it is time for one."""
        if now < self._next:
            return None
        self._next = Seconds(now + EVERY)
        self._number += 1
        self._unanswered.append((self._number, now))
        return Ping(self._number)

    def answered(self, pong: Pong) -> None:
        """The child answered this question, and so all that were asked before it."""
        while self._unanswered and self._unanswered[0][0] <= pong.number:
            self._unanswered.popleft()

    def is_silent(self, read: Seconds) -> bool:
        """Whether a question was not answered for too long, going by what had come when the wire was ``read`` last.

        Not by now: where whoever asks had to wait for the processor, the answer may lie there unread.
        """
        return bool(self._unanswered) and read - self._unanswered[0][1] > PATIENCE
