"""What OSC asks of the session: one thing after another of each kind, so that nobody's fader makes a queue.

Runs on the event loop of OSC's process; nothing blocks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from improvd.control.link import UnreachableError
from improvd.osc.questions import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from improvd.control.link import Link
    from improvd.osc.ear import Sender

MOST_PENDING: Final = 64
"""Commands that wait for the session's answer; more are too many."""
NOBODY = "improvd is not there at the moment"


class Asking:
    """Asks by ``link``; ``refused`` is told whose wish was refused, and why, in a line."""

    def __init__(self, link: Link, refused: Callable[[Sender, str], None]) -> None:
        self._link = link
        self._refused = refused
        self._pending: set[asyncio.Task[None]] = set()
        self._wanted: dict[str, tuple[float | str, Sender]] = {}
        self._setting: set[str] = set()

    def set(self, name: str, value: float | str, sender: Sender) -> None:
        """Have an option set. While the one before is being met, or nobody is there, of all that come the last counts.

        Nobody is waited for longer than questions are.
        """
        self._wanted[name] = value, sender
        if name not in self._setting:
            self._setting.add(name)
            self._start(self._settle(name))

    def do(self, sender: Sender, do: str, **more: object) -> None:
        """Have something done: now, or not at all. What is pressed counts at its moment."""
        if len(self._pending) >= MOST_PENDING:
            self._refused(sender, "too much is asked at once")
        else:
            self._start(self._ask(sender, do, **more))

    async def close(self) -> None:
        """Ask nothing more."""
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _settle(self, name: str) -> None:
        try:
            while name in self._wanted:
                await self._link.wait(PATIENCE)
                value, sender = self._wanted.pop(name)
                await self._ask(sender, "set", name=name, value=value)
        finally:
            self._setting.discard(name)

    async def _ask(self, sender: Sender, do: str, **more: object) -> None:
        try:
            answer = await self._link.ask(do, **more)
        except UnreachableError:
            answer = {"ok": False, "error": NOBODY}
        if not answer["ok"]:
            self._refused(sender, answer["error"])
