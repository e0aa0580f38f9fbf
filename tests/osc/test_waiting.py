"""What is asked by OSC before its process has found the session: it waits for that, a little while."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from improvd.osc import asking, questions
from improvd.osc.asking import NOBODY
from improvd.osc.bridge import Bridge
from improvd.osc.questions import MOST_WAITING
from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

STATE = {
    "event": "state", "state": "listening", "muted": False, "bpm": 97.5, "confidence": 0.5, "leader": "player",
    "key": None,
}  # fmt: skip
SETTINGS = {"event": "settings", "values": {"temperature": 0.75, "mode": "call"}}


class Session:
    """A session's end of its control socket; ``asked`` is what others wish of it."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            request = json.loads(line)
            news = [STATE, SETTINGS] if request["do"] == "watch" else []
            for said in (*news, {"id": request["id"], "ok": True, "value": {}}):
                writer.write(json.dumps(said).encode() + b"\n")
            if not news:
                self.asked.put_nowait(request)
        writer.close()


class Room:
    """OSC's side of a session that is not there until it ``opens``, and a surface."""

    def __init__(self, folder: Path, port: int) -> None:
        self.session = Session()
        self._path = folder / "control.sock"
        self._surface = SimpleUDPClient("127.0.0.1", port)

    @asynccontextmanager
    async def opens(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self.session.meet, self._path)
        yield
        server.close()

    def send(self, name: str, *values: object) -> None:
        self._surface.send_message(f"/improvd/{name}", values)

    async def hear(self) -> tuple[str, tuple[Any, ...]]:
        """The next answer, while others go on."""
        answer = OscMessage(await asyncio.to_thread(self._surface.receive, PATIENCE))
        return answer.address.removeprefix("/improvd/"), tuple(answer.params)

    def close(self) -> None:
        self._surface.close()


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    """One with OSC's side at work."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setblocking(False)
    ear.bind(("127.0.0.1", 0))
    made, end = Room(folder, ear.getsockname()[1]), asyncio.Event()
    at_work = asyncio.ensure_future(Bridge(folder / "control.sock", ear, []).run(end))
    try:
        yield made
    finally:
        end.set()
        await at_work
        made.close()
        ear.close()


def test_what_holds_waits_for_the_session_and_what_counts_at_its_moment_does_not(tmp_path: Path) -> None:
    async def play() -> None:
        async with room(tmp_path) as here:
            for name in ("temperature", "tempo"):
                here.send(name)
            for value in ("trade", "duet"):
                here.send("mode", value)
            here.send("tap")
            assert await here.hear() == ("error", (NOBODY,))  # and all that came before it is known
            async with here.opens():
                assert await here.hear() == ("tempo", (97.5,))
                assert await here.hear() == ("temperature", (0.75,))
                asked = await asyncio.wait_for(here.session.asked.get(), PATIENCE)
                assert (asked["do"], asked["name"], asked["value"]) == ("set", "mode", "duet")
                assert here.session.asked.empty()

    asyncio.run(play())


def test_nobody_is_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asking, questions):
        monkeypatch.setattr(module, "PATIENCE", 0.05)

    async def play() -> None:
        async with room(tmp_path) as here:
            for words in (("temperature",), ("mode", "duet"), ("state",)):
                here.send(*words)
                assert await here.hear() == ("error", (NOBODY,))

    asyncio.run(play())


def test_no_more_wait_than_may(tmp_path: Path) -> None:
    async def play() -> None:
        async with room(tmp_path) as here:
            for _ in range(MOST_WAITING + 1):
                here.send("temperature")
            assert await here.hear() == ("error", (NOBODY,))
            async with here.opens():
                for _ in range(MOST_WAITING):
                    assert await here.hear() == ("temperature", (0.75,))

    asyncio.run(play())


def test_what_nobody_ever_says_is_not_waited_for(tmp_path: Path) -> None:
    async def play() -> None:
        async with room(tmp_path) as here:
            here.send("temprature")
            _, (line,) = await here.hear()
            assert "did you mean 'temperature'?" in line

    asyncio.run(play())
