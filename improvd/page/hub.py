"""The visitors: each open page, what it asks, and what all of them are told.

Runs on the event loop of the page's process. A page that doesn't read, asks too much or talks nonsense is hung up; the
others don't notice.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from improvd.control.bucket import Bucket
from improvd.control.link import Link, UnreachableError
from improvd.control.requests import RequestError, decode, refusal
from improvd.core.events import MidiEvent
from improvd.core.hands import Hands
from improvd.daemon.clock import now
from improvd.page.limits import BURST, MAX_VISITORS, MOST_PENDING, MOST_UNREAD, PER_SECOND
from improvd.page.models import is_name

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection

    from improvd.control.requests import Request

ASKS = ("clock", "status", "settings", "set", "panic", "mute", "play", "ports")
"""What a page may ask for. To stop the daemon, or to have it read its files, is not for a page."""
KEPT = ("state", "settings", "ports")
"""Events of which the last is told to a page that has just come."""
PLANS = 64
"""At most so many parts of what is being played are told to it as well."""


class Hub:
    """``control`` is the path of the daemon's control socket."""

    def __init__(self, control: Path) -> None:
        self.link = Link(control, self._on_event, self._on_link)
        self._visitors: set[Visitor] = set()
        self._last: dict[str, str] = {}
        self._playing: deque[str] = deque(maxlen=PLANS)

    async def welcome(self, connection: ServerConnection) -> None:
        """Serve one page until it leaves."""
        if len(self._visitors) >= MAX_VISITORS:
            await connection.close(CloseCode.TRY_AGAIN_LATER, "too many pages are open")
            return
        visitor = Visitor(connection, self.link)
        self._visitors.add(visitor)
        try:
            for line in (_link_event(self.link.is_up), *self._last.values(), *self._playing):
                visitor.tell(line)
            await visitor.serve()
        finally:
            self._visitors.discard(visitor)
            await visitor.let_go()

    def _on_event(self, event: dict[str, Any], line: str) -> None:
        if event["event"] in KEPT:
            self._last[event["event"]] = line
        elif event["event"] == "planned":
            self._playing.append(line)
        elif event["event"] in ("released", "turn"):
            self._playing.clear()
        self._tell_all(line)

    def _on_link(self, is_up: bool) -> None:
        self._last.clear()
        self._playing.clear()
        self._tell_all(_link_event(is_up))

    def _tell_all(self, line: str) -> None:
        for visitor in self._visitors:
            visitor.tell(line)


def read(message: str) -> Request:
    """What a page asks by a frame of text. Raises `RequestError`."""
    request = decode(message.encode(errors="replace"))
    if request.do not in ASKS:
        raise RequestError(f"a page may ask for {', '.join(ASKS)}", request.id)
    if request.do == "set" and request.more["name"] == "model" and not is_name(request.more["value"]):
        raise RequestError("on a page, a model is chosen by its name", request.id)
    return request


def _link_event(is_up: bool) -> str:
    return json.dumps({"event": "link", "up": is_up})


class Visitor:
    """One open page."""

    def __init__(self, connection: ServerConnection, link: Link) -> None:
        self._connection = connection
        self._link = link
        self._unread: deque[str] = deque()
        self._unread_size = 0
        self._told = asyncio.Event()
        self._bucket = Bucket(PER_SECOND, BURST, now())
        self._hands = Hands()
        self._answering: set[asyncio.Task[None]] = set()
        self._closing: tuple[CloseCode, str] | None = None
        self._lost = asyncio.Event()

    def tell(self, line: str) -> None:
        """Have ``line`` sent; never waits."""
        if self._unread_size + len(line) > MOST_UNREAD:
            self._hang_up(CloseCode.TRY_AGAIN_LATER, "this page does not read what it is told")
            return
        self._unread.append(line)
        self._unread_size += len(line)
        self._told.set()

    async def serve(self) -> None:
        """Until the page leaves or is hung up."""
        doing = [asyncio.ensure_future(work) for work in (self._listen(), self._talk(), self._lost.wait())]
        try:
            await asyncio.wait(doing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*doing, *self._answering):
                task.cancel()
            await asyncio.gather(*doing, *self._answering, return_exceptions=True)
        if self._closing:
            await self._connection.close(*self._closing)

    async def let_go(self) -> None:
        """Lift what this page held: to the daemon all pages are one player, who stays."""
        releases = [[None, list(data)] for data in self._hands.releases()]
        if releases:
            with suppress(UnreachableError):
                await self._link.ask("play", events=releases)

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._connection:
                if not isinstance(message, str):
                    self._hang_up(CloseCode.UNSUPPORTED_DATA, "a page speaks text")
                    return
                self._take(message)

    def _take(self, message: str) -> None:
        at = now()
        if not self._bucket.takes(1, at):
            self._hang_up(CloseCode.POLICY_VIOLATION, "too many messages")
            return
        try:
            request = read(message)
        except RequestError as error:
            if error.id is None:
                self._hang_up(CloseCode.POLICY_VIOLATION, str(error))
            else:
                self.tell(refusal(error).decode())
            return
        if request.do == "clock":  # one clock for all processes of this machine
            self._answer(request.id, {"ok": True, "value": {"now": at}})
            return
        values = {name: value for name, value in json.loads(message).items() if name not in ("id", "do")}
        if not self._bucket.takes(len(values.get("events", ())), at) or len(self._answering) >= MOST_PENDING:
            self._hang_up(CloseCode.POLICY_VIOLATION, "too many requests")
            return
        if request.do == "play":
            for told, data in request.more["events"]:
                self._hands.hear(MidiEvent(at if told is None else told, data))
        task = asyncio.ensure_future(self._pass_on(request.id, request.do, values))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _pass_on(self, number: int, do: str, values: dict[str, Any]) -> None:
        try:
            answer = await self._link.ask(do, **values)
        except UnreachableError:
            answer = {"ok": False, "error": "improvd is not there at the moment"}
        self._answer(number, answer)

    def _answer(self, number: int, answer: dict[str, Any]) -> None:
        self.tell(json.dumps({**answer, "id": number}))

    async def _talk(self) -> None:
        with suppress(ConnectionClosed):
            while await self._told.wait():
                while self._unread:
                    line = self._unread.popleft()
                    self._unread_size -= len(line)
                    await self._connection.send(line)
                self._told.clear()

    def _hang_up(self, code: CloseCode, why: str) -> None:
        self._closing = self._closing or (code, why)
        self._lost.set()
