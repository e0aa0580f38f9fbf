"""A daemon for the page's tests: a control socket that hears, thinks for a moment and answers, and no process beside.

It answers each phrase with the same phrase, an octave higher, at 120 beats a minute. It is as strict about requests as
the real one, whose own reader it uses.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

from improvd.control.requests import Request, RequestError, answer, decode, event, refusal
from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SILENCE = 1.0  # seconds after which a phrase is over
LEAD = 0.3  # seconds from then to the answer's first note
PERIOD = 0.5
LENGTH = 0.2


class Daemon:
    """Runs on a thread of its own; ``heard`` are the messages that were played to it, ``planned`` what it answered.

    ``muted``, it answers nothing; an answer takes ``slowness`` times as long as what it answers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[float, list[int]]] = []
        self.arrived: list[float] = []
        self.planned: list[list[float]] = []
        self.asked: list[str] = []
        self.muted = False
        self.slowness = 1.0
        self.values: dict[str, Any] = {
            "in": "Keys",
            "out": "",
            "bpm": "auto",
            "model": "default",
            "temperature": 1.0,
            "style": "",
        }
        self._clients: set[asyncio.StreamWriter] = set()
        self._phrase: list[tuple[float, int, int]] = []
        self._held: set[int] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._keys = 0
        self._turns = 0
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> Daemon:
        self._thread.start()
        assert self._up.wait(PATIENCE)
        return self

    def stop(self) -> None:
        """The end of it; the same again is no harm."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join(PATIENCE)
            self._loop.close()

    def send(self, line: bytes) -> None:
        """Tell all who watch, from any thread."""
        self._loop.call_soon_threadsafe(self._tell, line)

    # -- on the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        server = await asyncio.start_unix_server(self._client, self.path, limit=1 << 16)
        self._up.set()
        await self._ending.wait()
        server.close()
        for timer in self._timers:
            timer.cancel()
        for client in self._clients:
            client.close()
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                request = decode(line)  # the page sends nothing else
                self.asked.append(request.do)
                try:
                    writer.write(answer(request.id, self._do(request)))
                except ValueError as wrong:
                    writer.write(refusal(RequestError(str(wrong), request.id)))
        except ConnectionError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    def _do(self, request: Request) -> object:
        doing: dict[str, Callable[..., object]] = {
            "status": self._status,
            "settings": self._settings,
            "set": self._set,
            "panic": self._release,
            "mute": self._mute,
            "play": self._play,
            "watch": lambda **_: self._greet(),
        }
        return doing[request.do](**request.more)

    def _greet(self) -> None:
        self._state("listening")
        self._tell(event("ports", ports=self._ports()))

    def _status(self) -> dict[str, Any]:
        return {"ports": {"api": "null"}}

    def _settings(self) -> list[dict[str, Any]]:
        number = {"kind": "number", "whole": False, "word": "", "unit": ""}
        ports = {"kind": "port", "group": "Ports"}
        return [
            ports
            | {"name": "in", "text": "The keyboards.", "value": self.values["in"]}
            | {"direction": "input", "several": True},
            ports
            | {"name": "out", "text": "The synth.", "value": self.values["out"]}
            | {"direction": "output", "several": False},
            {"name": "model", "text": "The model.", "group": "What it plays", "kind": "text"}
            | {"value": self.values["model"]},
            {"name": "bpm", "text": "The tempo.", "group": "Time", "value": self.values["bpm"]}
            | number
            | {"low": 20, "high": 400, "word": "auto"},
            {"name": "temperature", "text": "How daring it is.", "group": "What it plays"}
            | number
            | {"low": 0.05, "high": 4, "value": self.values["temperature"]},
            {"name": "style", "text": "A style.", "group": "What it plays", "kind": "choice", "value": ""}
            | {"choices": ["", "polka", f"{self.values['model']} style"]},
        ]

    def _set(self, name: str, value: object) -> None:
        if name not in self.values:
            raise ValueError(f"there is no option '{name}'")
        if name == "style":
            raise ValueError(f"there is no style '{value}'")
        if value == "broken":
            raise ValueError(f"no model can be made of this; {self.values['model']} plays on")
        self.values[name] = value
        self._tell(event("settings", values=self.values))
        if name in ("in", "out"):
            self._tell(event("ports", ports=self._ports()))

    def _ports(self) -> dict[str, Any]:
        """The first input of all that are wanted is there."""
        there = ["Keys", "Organ"]
        wanted = [name for name in self.values["in"].split("; ") if name] or [""]
        return {
            "api": "alsa",
            "inputs": [{"wanted": name, "name": name if name in there else ""} for name in wanted],
            "output": {"wanted": self.values["out"], "name": self.values["out"] or "improvd out"},
            "waiting": [],
            "available": {"inputs": there, "outputs": ["Synth"]},
        }

    def _mute(self, *, on: bool) -> None:
        self.muted = on
        self._state("listening")

    def _play(self, events: tuple[tuple[float | None, bytes], ...]) -> None:
        now = time.monotonic()
        for told, data in events:
            at = now if told is None else told
            self.arrived.append(now)
            self.heard.append((at, list(data)))
            self._tell(event("heard", at=at, data=list(data), echo=False))
            if data[0] & 0xF0 == 0x90 and data[2]:
                if self._timers:
                    self._release()
                self._held.add(data[1])
                self._phrase.append((at, data[1], data[2]))
                self._state("call")
            elif data[0] & 0xF0 in (0x80, 0x90):
                self._held.discard(data[1])
        for timer in self._timers:
            timer.cancel()
        self._timers = [] if self._held else [self._loop.call_later(SILENCE, self._decide)]

    def _decide(self) -> None:
        phrase, self._phrase = self._phrase, []
        if not phrase or self.muted:
            return
        start = time.monotonic() + LEAD
        first = phrase[0][0]
        notes = []
        for at, pitch, velocity in phrase:
            self._keys += 1
            onset = start + self.slowness * (at - first)
            notes.append([self._keys, onset, onset + LENGTH, min(127, pitch + 12), velocity, 0])
        self.planned += notes
        self._state("thinking", origin=start)
        self._tell(event("planned", turn=self._turns, notes=notes))
        at = self._loop.call_at
        shift = self._loop.time() - time.monotonic()
        self._timers = [at(start + shift, self._state, "answering", start)]
        for _, onset, offset, pitch, velocity, _ in notes:
            self._timers += [
                at(onset + shift, self._sent, onset, [0x90, pitch, velocity]),
                at(offset + shift, self._sent, offset, [0x80, pitch, 64]),
            ]
        self._timers.append(at(notes[-1][2] + shift, self._end, len(notes)))

    def _sent(self, planned: float, data: list[int]) -> None:
        self._tell(event("sent", planned=planned, actual=time.monotonic(), data=data))

    def _end(self, notes: int) -> None:
        self._turns += 1
        self._timers = []
        self._tell(event("turn", turn=self._turns, response_notes=notes, bpm=120.0, reason="finished"))
        self._state("listening")

    def _release(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        self._tell(event("released", at=time.monotonic()))

    def _state(self, state: str, origin: float | None = None) -> None:
        beat = {"origin": origin, "period": PERIOD, "bar": 4, "downbeat": 0} if origin else None
        now = time.monotonic()
        key = None if state == "listening" and not self._turns else "D minor"  # until the first answer nobody knows
        more = {"bpm": 120.0, "confidence": 0.8, "key": key, "leader": "clock", "stopped": False, "beat": beat}
        self._tell(event("state", state=state, at=now, muted=self.muted, **more))

    def _tell(self, line: bytes) -> None:
        for client in self._clients:
            client.write(line)
