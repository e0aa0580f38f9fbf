"""`improvd run --trace FILE`: a line of JSON for everything that decides or shows how a session went.

``docs/trace.md`` describes the lines. They are made on the engine's thread and written on another, so that a slow
disk delays nothing; each is written by one call, so that what was traced survives the process.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from improvd import __version__
from improvd.core.events import Continuation, Generate, LinkState, Seconds, Sent, TurnEnded
from improvd.daemon.happenings import (
    Began,
    Closing,
    Cued,
    ModelBack,
    ModelChanged,
    Muted,
    Panicked,
    PortsBack,
    PortsChanged,
    PortsLost,
    Renewed,
    Woke,
)
from improvd.daemon.lines import LineWriter
from improvd.daemon.messages import Heard, TicksHeard, TicksSent
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from improvd.daemon.happenings import Happening
    from improvd.daemon.messages import ModelReady, PortsOpen

FORMAT = 1


class Trace:
    """One open trace, a witness of the session; times are monotonic seconds.

    Raises `UserError` where the file can't be written. An existing file is added to: each session has its header.
    """

    def __init__(self, path: Path, on_broken: Callable[[OSError], None]) -> None:
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise UserError(f"can't write the trace {path}: {error.strerror}") from error
        self._lines = LineWriter(self._fd, on_broken)
        self._writers: dict[type, Callable[[Seconds, Any], None]] = {
            Began: self._begin,
            Heard: self._heard,
            Sent: self._sent,
            TicksHeard: lambda at, heard: self._line("ticks", at=at, ticks=heard.at),
            LinkState: lambda at, state: self._line("link", **asdict(state) | {"at": at, "read": state.at}),
            TicksSent: lambda _, sent: self._line("clock", planned=sent.planned, actual=sent.actual),
            Woke: lambda at, _: self._line("time", at=at),
            Generate: self._generate,
            Continuation: self._continuation,
            TurnEnded: lambda _, ended: self._line("turn", **asdict(ended)),
            Renewed: lambda at, new: self._line("settings", at=at, settings=asdict(new.settings)),
            PortsLost: lambda at, _: self._event(at, "ports lost"),
            Muted: lambda at, mute: self._event(at, "mute" if mute.muted else "unmute"),
            Cued: lambda at, cued: self._event(at, "cue", cue=cued.cue.value),
            Panicked: lambda at, _: self._event(at, "panic"),
            PortsBack: lambda at, back: self._ports(at, back.ports),
            PortsChanged: lambda at, changed: self._ports(at, changed.ports),
            ModelBack: lambda at, model: self._event(at, "model ready", step=model.step),
            ModelChanged: lambda at, new: self._event(at, "model ready", **_which(new.model)),
            Closing: lambda at, _: self._event(at, "close"),
        }
        if _ends_in_mid_line(path):
            self._lines.write("")  # a session before this one was cut short

    def see(self, at: Seconds, happening: Happening) -> None:
        """A line for each happening that decides or shows something."""
        write = self._writers.get(type(happening))
        if write is not None:
            write(at, happening)

    def _begin(self, at: Seconds, began: Began) -> None:
        """What a replay needs to know, and when the monotonic clock was what by the wall's."""
        self._line(
            "header",
            at=at,
            format=FORMAT,
            version=__version__,
            clock={"monotonic": time.monotonic(), "epoch": time.time()},
            settings=asdict(began.settings),
            limits=asdict(began.limits),
            instrument=began.ports.instrument,
            model=_which(began.model),
        )

    def _heard(self, _at: Seconds, heard: Heard) -> None:
        """An echo was not given to the engine, nor was what a control sent."""
        more = {"control": True} if heard.control else {}
        self._line("in", at=heard.event.at, data=heard.event.data.hex(), echo=heard.echo, **more)

    def _sent(self, _at: Seconds, sent: Sent) -> None:
        self._line("out", planned=sent.planned, actual=sent.actual, data=sent.data.hex())

    def _generate(self, at: Seconds, asked: Generate) -> None:
        """The notes that the model was given follow from what was heard and answered before."""
        body = asdict(replace(asked, context=(), earlier=(), beside=()))
        body |= {"context": len(asked.context), "earlier": sum(map(len, asked.earlier)), "beside": len(asked.beside)}
        self._line("generate", at=at, **body)

    def _continuation(self, at: Seconds, answer: Continuation) -> None:
        notes = [[note.onset, note.duration, note.pitch, note.velocity] for note in answer.notes]
        self._line(
            "continuation", at=at, turn=answer.turn, segment=answer.segment, complete=answer.complete, notes=notes
        )

    def _ports(self, at: Seconds, ports: PortsOpen) -> None:
        inputs = [port.name for port in ports.inputs]
        self._event(at, "ports", inputs=inputs, output=ports.output.name, instrument=ports.instrument)

    def _event(self, at: Seconds, what: str, **more: float | str | list[str]) -> None:
        """Something else the engine was told."""
        self._line("event", at=at, what=what, **more)

    def close(self) -> None:
        """Write out what is queued; bounded."""
        self._lines.close(Seconds(2.0))
        os.close(self._fd)

    def _line(self, kind: str, **values: object) -> None:
        self._lines.write(json.dumps({"type": kind, **values}, separators=(",", ":"), default=_plain))


def _which(model: ModelReady) -> dict[str, float | str]:
    return {"name": model.name, "sha": model.sha, "step": model.step}


def _ends_in_mid_line(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    return False


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else str(value)
