"""The desk: where those who talk to a session from outside are met (docs/control.md).

All on the engine's thread; nothing blocks. What they are told of is what the session's other witnesses see.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from improvd import __version__
from improvd.config import live
from improvd.config.option import Change
from improvd.control import place, requests
from improvd.control.requests import Request, RequestError
from improvd.core.events import Pace
from improvd.daemon import patchbay, watching
from improvd.daemon.clock import now
from improvd.daemon.control_server import LATER, Client, Server
from improvd.daemon.figures import Figures
from improvd.daemon.happenings import Began, ModelChanged, PortsBack, PortsChanged, PortsLost
from improvd.daemon.log import Level
from improvd.daemon.memory import resident
from improvd.daemon.messages import PortsThere
from improvd.daemon.played import Played
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from improvd.config.options import RunOptions
    from improvd.control.place import Claimed
    from improvd.core.events import MidiEvent, Seconds
    from improvd.core.view import View
    from improvd.daemon.happenings import Happening
    from improvd.daemon.log import Say
    from improvd.daemon.messages import ModelReady, PortsOpen


class Host(Protocol):
    """What the desk may have done to a session, and see of it. Nothing blocks.

    Told to change anything only once the duet is on.
    """

    @property
    def view(self) -> View:
        """What the engine knows."""

    @property
    def options(self) -> RunOptions:
        """What holds by now."""

    @property
    def recording(self) -> str | None:
        """What the recording that is on is called; None while there is none."""

    @property
    def processes(self) -> Mapping[str, int]:
        """The process id of each process there is, by what it does."""

    def wish(self, name: str, value: object) -> None:
        """Set a live option. Raises `UserError`."""

    def panic(self) -> None:
        """Silence everything."""

    def mute(self, *, muted: bool) -> None:
        """Listen without answering, or answer again."""

    def press(self, name: str) -> None:
        """Do one of the commands that controls can be bound to. Raises `UserError`."""

    def reload(self) -> None:
        """Read the configuration again; `Desk.reloaded` is told what came of it."""

    def stop(self) -> None:
        """End."""


class Desk:
    """Meets requests, tells watchers, and keeps what is played from outside until its time. A witness.

    ``wake`` cuts the session's wait short, from any thread.
    """

    def __init__(self, host: Host, wake: Callable[[], None]) -> None:
        self._host = host
        self._wake = wake
        self._began_at = now()
        self._place: Claimed | None = None
        self._server: Server | None = None
        self._figures = Figures()
        self._played = Played()
        self._ports: PortsOpen | None = None
        self._there = PortsThere()
        self._model: ModelReady | None = None
        self._pace: Pace | None = None  # as told last
        self._said: deque[str] = deque(maxlen=256)  # by any thread
        self._reloading: list[tuple[Client, int]] = []
        self._loading: list[tuple[Client, int]] = []  # who waits for another model
        self._deeds: dict[str, Callable[..., Any]] = {
            "status": self._status,
            "settings": self._settings,
            "ports": lambda: patchbay.told(self._ports, self._there),
            "panic": self._panic,
            "mute": self._mute,
            "press": self._press,
            "stop": self._stop,
            "clock": lambda: {"now": now()},
        }

    # -- the session's side

    @property
    def path(self) -> Path | None:
        """Where clients are let in; None where there is no socket."""
        return self._place and self._place.path

    def open(self) -> None:
        """Let clients in. Raises `UserError` where no socket can be had; the session goes on without one."""
        self._place = place.claim()
        self._server = Server(self._place.listening, self._meet, self._left)

    def overhear(self, say: Say) -> Say:
        """A `Say` whose lines those are told of as well who watch the log. From any thread."""

        def overheard(line: str, level: Level = Level.INFO, /) -> None:
            say(line, level)
            self._said.append(line)
            self._wake()

        return overheard

    def reading(self) -> Iterable[Any]:
        """What to select on for reading."""
        return () if self._server is None else self._server.reading()

    def writing(self) -> Iterable[Any]:
        """What to select on for writing."""
        return () if self._server is None else self._server.writing()

    def deadline(self, at: Seconds) -> Seconds | None:
        """When there is next something to do without anybody saying anything."""
        if self._server is None:
            return self._played.next_deadline()
        deadlines = (at if self._server.busy else None, self._server.deadline, self._played.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def heard(self, at: Seconds) -> list[MidiEvent]:
        """What clients have played by ``at``."""
        return self._played.due(at)

    def serve(self, readable: AbstractSet[object], writable: AbstractSet[object]) -> None:
        """Do what select found to be possible."""
        if self._server is None:
            return
        self._server.serve(readable, writable, now())
        while self._said:
            self._tell("log", {"line": self._said.popleft()})

    def reloaded(self, line: str, *, taken: bool) -> None:
        """The configuration was read again, and ``taken``, or is as wrong as the ``line`` says."""
        if self._server is not None:
            for client, id_ in self._reloading:
                if taken:
                    self._server.answer(client, id_, {"line": line})
                else:
                    client.write(requests.refusal(RequestError(line, id_)))
        self._reloading.clear()

    def model_chosen(self, problem: UserError | None) -> None:
        """The model that was asked for last plays now, or is refused for a ``problem``."""
        waiting, self._loading = self._loading, []
        if self._server is not None:
            for client, id_ in waiting:
                if problem is None:
                    self._server.answer(client, id_, _set("model", self._host.options, Change.NOW))
                else:
                    client.write(requests.refusal(RequestError(str(problem), id_)))

    def see(self, at: Seconds, happening: Happening) -> None:
        """Count it, and tell those who watch it."""
        self._figures.see(at, happening)
        if isinstance(happening, Began):
            self._ports, self._model = happening.ports, happening.model
        elif isinstance(happening, ModelChanged):
            self._model = happening.model
        elif isinstance(happening, (PortsBack, PortsChanged)):
            self._ports = happening.ports
        elif isinstance(happening, PortsLost):
            self._ports = None
        elif isinstance(happening, Pace):
            self._pace = happening
        if isinstance(happening, PortsThere):
            self._there = happening
        if isinstance(happening, (Began, PortsBack, PortsChanged, PortsLost, PortsThere)):
            self._tell("ports", {"ports": patchbay.told(self._ports, self._there)})
        event = watching.event_of(at, happening)
        if event is not None:
            self._tell(*event)

    def close(self) -> None:
        """Let everybody go, and the place."""
        if self._server is not None and self._place is not None:
            self._server.close()
            self._place.give_up()
            self._server = None

    def _tell(self, kind: str, said: dict[str, Any]) -> None:
        if self._server is not None:
            self._server.tell(kind, lambda: watching.line_of(kind, said))

    # -- the clients' side

    def _meet(self, client: Client, request: Request) -> object:
        if self._model is None and request.do in ("set", "panic", "mute", "press", "play"):
            raise RequestError("improvd is still starting; ask again in a moment", request.id)
        try:
            if request.do == "watch":
                return self._watch(client, **request.more)
            if request.do == "play":
                return self._play(client, **request.more)
            if request.do == "set":
                return self._set(client, request.id, **request.more)
            if request.do == "reload":
                self._reloading.append((client, request.id))
                self._host.reload()
                return LATER
            return self._deeds[request.do](**request.more)
        except (UserError, RequestError) as error:
            raise RequestError(str(error), request.id) from None

    def _left(self, client: Client) -> None:
        self._played.leave(client, now())
        self._reloading = [waiting for waiting in self._reloading if waiting[0] is not client]
        self._loading = [waiting for waiting in self._loading if waiting[0] is not client]

    def _watch(self, client: Client, what: frozenset[str]) -> dict[str, Any]:
        """From now on; what has a present state is told at once."""
        fresh, client.watches = what - client.watches, what
        if "state" in fresh:
            client.write(watching.line_of(*watching.state(now(), self._host.view)))
        if "settings" in fresh:
            client.write(watching.line_of("settings", {"values": live.values(self._host.options)}))
        if "ports" in fresh:
            client.write(watching.line_of("ports", {"ports": patchbay.told(self._ports, self._there)}))
        if "pace" in fresh and self._pace is not None:
            client.write(watching.line_of(*watching.pace(now(), self._pace)))
        return {}

    def _play(self, client: Client, events: tuple[tuple[Seconds | None, bytes], ...]) -> dict[str, Any]:
        self._played.add(client, events, now())
        return {}

    def _settings(self) -> list[dict[str, Any]]:
        return live.described(self._host.options, self._model.styles if self._model else ())

    def _set(self, client: Client, id_: int, name: str, value: object) -> object:
        self._host.wish(name, value)
        if live.live_option(name).change is Change.LOADED:
            self._loading.append((client, id_))
            return LATER
        return _set(name, self._host.options, live.live_option(name).change)

    def _panic(self) -> dict[str, Any]:
        self._host.panic()
        return {}

    def _mute(self, *, on: bool) -> dict[str, Any]:
        self._host.mute(muted=on)
        return {}

    def _press(self, name: str) -> dict[str, Any]:
        self._host.press(name)
        return {}

    def _stop(self) -> dict[str, Any]:
        self._host.stop()
        return {}

    def _status(self) -> dict[str, Any]:
        view, ports, model = self._host.view, self._ports, self._model
        memory = {name: resident(pid) for name, pid in self._host.processes.items()}
        return {
            "version": __version__,
            "pid": os.getpid(),
            "uptime": now() - self._began_at,
            "state": view.state.value if model else "starting",
            "muted": view.muted,
            "ports": ports
            and {
                **(patchbay.told(ports, self._there) or {}),
                "instrument": ports.instrument,
                "grants": ports.grants,
            },
            "model": model and {"name": model.name, "sha": model.sha, "step": model.step},
            "tempo": {"bpm": view.bpm, "confidence": view.confidence, "leader": view.leader.value, "peers": view.peers},
            "recording": self._host.recording,
            **self._figures.as_json(),
            "memory": {name: size for name, size in memory.items() if size is not None},
            "clients": self._server.count if self._server else 0,
            "settings": live.values(self._host.options),
        }


def _set(name: str, options: RunOptions, holds: Change) -> dict[str, Any]:
    """The answer to whoever set an option."""
    return {"value": live.value(options, name), "holds": holds.value}
