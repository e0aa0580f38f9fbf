"""Questions for what isn't known yet: each waits for it, a little while.

So who asks in the moment in which OSC's process has started afresh, and has not found the session yet, is answered all
the same. Runs on the event loop of OSC's process; nothing blocks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from improvd.osc.packets import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from improvd.osc.ear import Sender
    from improvd.osc.packets import Value

PATIENCE: Final = 2.0
"""Seconds: more than it takes to find a session that is there, on a busy machine too."""
MOST_WAITING: Final = 64
"""Questions that wait; to more there is no answer but that nobody is there."""


class Questions:
    """``answer`` is given who asked and what stands there, ``give_up`` whom nobody could answer in time."""

    def __init__(self, answer: Callable[[Sender, Message], None], give_up: Callable[[Sender], None]) -> None:
        self._answer = answer
        self._give_up = give_up
        self._waiting: list[tuple[str, Sender, asyncio.TimerHandle]] = []

    def ask(self, address: str, sender: Sender) -> None:
        """What stands at an address, by and by."""
        if len(self._waiting) >= MOST_WAITING:
            self._give_up(sender)
            return
        timer = asyncio.get_running_loop().call_later(PATIENCE, self._on_time)
        self._waiting.append((address, sender, timer))

    def settle(self, told: Mapping[str, tuple[Value, ...]]) -> None:
        """Answer those that can be by what is ``told`` now."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            address, sender, timer = one
            if address in told:
                timer.cancel()
                self._answer(sender, Message(address, told[address]))
            else:
                self._waiting.append(one)

    def close(self) -> None:
        """Nobody waits any more."""
        while self._waiting:
            self._waiting.pop()[2].cancel()

    def _on_time(self) -> None:
        """The one that waits longest has waited long enough: all wait for the same time."""
        self._give_up(self._waiting.pop(0)[1])
