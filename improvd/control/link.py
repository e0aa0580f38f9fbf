"""A connection to the daemon's control socket on an event loop: made, watched, made again.

Only the daemon's own answers are awaited. However many are served by it, pages say, the daemon has one client to tell.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from improvd.control.requests import WATCHABLE, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LONGEST_LINE = 1 << 20
"""Bytes; a long answer's plan is one line."""
AGAIN = 0.25
"""Seconds between two tries to connect."""


class UnreachableError(Exception):
    """The daemon isn't there to answer."""


class Link:
    """``hear`` gets each event of the daemon's as it comes, and its line; ``changed`` is told whether it is there.

    ``watch`` are the kinds of event that are to be heard.
    """

    def __init__(
        self,
        path: Path,
        hear: Callable[[dict[str, Any], str], None],
        changed: Callable[[bool], None],
        watch: Sequence[str] = WATCHABLE,
    ) -> None:
        self._path = path
        self._watch = list(watch)
        self._hear = hear
        self._changed = changed
        self._numbers = count()
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._up = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether the daemon is there."""
        return self._writer is not None

    async def wait(self, patience: float) -> bool:
        """Whether the daemon is there, or comes to be within ``patience`` seconds."""
        if not self.is_up:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._up.wait(), patience)
        return self.is_up

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            with suppress(OSError):
                reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LONGEST_LINE)
                try:
                    await self._converse(reader)
                finally:
                    self._hang_up()
            await asyncio.sleep(AGAIN)

    async def ask(self, do: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401  whatever JSON can hold
        """The daemon's answer, ``ok`` and ``value`` or ``error``. Raises `UnreachableError`."""
        if self._writer is None:
            raise UnreachableError
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            self._writer.write(encode(number, do, **values))
            return await answer
        finally:
            self._pending.pop(number, None)

    async def _converse(self, reader: asyncio.StreamReader) -> None:
        watching = asyncio.ensure_future(self.ask("watch", what=self._watch))
        self._up.set()
        self._changed(True)
        try:
            while line := await reader.readline():
                self._take(line)
        except ValueError:  # a line without end
            return
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError, UnreachableError):
                await watching

    def _take(self, line: bytes) -> None:
        said: dict[str, Any] = json.loads(line)
        if "event" in said:
            self._hear(said, line.decode().rstrip())
        elif (answer := self._pending.get(said.get("id", -1))) and not answer.done():
            answer.set_result(said)

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._up.clear()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(UnreachableError())
        self._changed(False)
