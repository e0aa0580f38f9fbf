"""A session played again from its trace: the engine is told the same things at the same times.

The model's answers are taken from the trace too, so that what happened on stage happens again, whatever model is at
hand and however slow it was that evening.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from improvd.config.kinds import cut
from improvd.core.cues import Cue
from improvd.core.engine import Engine
from improvd.core.events import BeatNote, Beats, Continuation, Generate, LinkState, MidiEvent, Seconds, Sent
from improvd.core.schedule import Instrument, Schedule, ScheduleLimits
from improvd.core.settings import EngineSettings
from improvd.ear.hearing import Hearing
from improvd.errors import UserError
from improvd.rehearsal.performance import Performance, do

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.core.events import Effect

FORMAT = 1
"""The newest format of a trace that is understood."""


@dataclass(frozen=True)
class Session:
    """One session of a trace: its header and the lines after it, in order."""

    header: dict[str, Any]
    lines: list[dict[str, Any]]


def is_trace(path: Path) -> bool:
    """Whether a file looks like a trace: MIDI files begin with other bytes."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def read_trace(path: Path) -> Session:
    """The last session of a trace; a session's last line, cut short by a crash, is left out. Raises UserError."""
    session: Session | None = None
    damaged: int | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            entry = dict(json.loads(line))
            kind = entry["type"]
        except (ValueError, KeyError, TypeError):
            damaged = damaged or number
            continue
        if damaged and (kind != "header" or session is None):
            raise UserError(f"{path}, line {damaged}: not a line of an improvd trace")
        damaged = None
        if kind == "header":
            session = Session(entry, [])
        elif session is not None:
            session.lines.append(entry)
    if session is None and damaged:
        raise UserError(f"{path}, line {damaged}: not a line of an improvd trace")
    if session is None:
        raise UserError(f"{path}: no header line; is it a trace of `improvd run --trace`?")
    if session.header.get("format") != FORMAT:
        raise UserError(f"{path}: a trace of another format than this improvd reads: use the improvd that wrote it")
    return session


class Replay:
    """Tells an engine what a trace says, and lets a schedule of its own send in virtual time."""

    def __init__(self, session: Session) -> None:
        try:
            limits = ScheduleLimits(**_known(ScheduleLimits, session.header["limits"]))
            instrument = Instrument(session.header["instrument"])
            self._engine = Engine(_settings(session.header["settings"]), Hearing)
            self._engine.on_model_ready(Seconds(0.0), Seconds(float(session.header["model"]["step"])))
            # A header of before there was a beat of our own has no time.
            self._engine.begin(Seconds(float(session.header.get("at", 0.0))))
        except Exception as error:  # noqa: BLE001  what improvd never wrote may make anything of an engine
            raise UserError(f"the trace's header is damaged: {_told(error)}") from None
        self._schedule = Schedule(instrument, limits)
        self._lines = session.lines
        self._performance = Performance()
        self.asked: list[Generate] = []
        """What the engine asked of the model, for comparison with the trace."""

    def perform(self) -> Performance:
        """Play the session through. Raises UserError at a damaged line."""
        for number, line in enumerate(self._lines, 2):
            try:
                self._tell(line)
            except Exception as error:  # noqa: BLE001  as above
                raise UserError(f"the trace's line {number} of its last session is damaged: {_told(error)}") from None
        end = self._performance.end
        do(self._engine.close(end), end, self._schedule, self._performance, self._ask)
        self._performance.finish(self._schedule, end)
        return self._performance

    def _tell(self, line: dict[str, Any]) -> None:
        kind = line["type"]
        if kind not in ("in", "ticks", "link", "time", "continuation", "settings", "event"):
            return
        at = Seconds(float(line["at"]))
        if not isfinite(at):
            raise ValueError("a time without end")
        self._performance.send_until(self._schedule, at)
        if kind == "in":
            effects = self._hear(MidiEvent(at, bytes.fromhex(line["data"])), line)
        elif kind == "ticks":
            effects = self._engine.on_ticks(at, tuple(Seconds(float(tick)) for tick in line["ticks"]))
        elif kind == "link":
            effects = self._engine.on_link(at, _link(line))
        elif kind == "time":
            effects = self._engine.on_time(at)
        elif kind == "continuation":
            notes = tuple(BeatNote(*note) for note in line["notes"])
            answer = Continuation(line["turn"], line["segment"], notes, line["complete"])
            effects = self._engine.on_continuation(at, answer)
        elif kind == "settings":
            effects = self._engine.on_settings(at, _settings(line["settings"]))
        elif line["what"] == "cue":
            effects = self._engine.on_cue(at, Cue(line["cue"]))
        else:
            effects = self._tell_event(at, line["what"], line)
        do(effects, at, self._schedule, self._performance, self._ask)
        self._performance.send_until(self._schedule, at)

    def _hear(self, event: MidiEvent, line: dict[str, Any]) -> list[Effect]:
        """A message came in; what a control sent, and what came back of ours, is no music."""
        if line.get("control"):
            return []
        self._schedule.hear(event)
        if line["echo"]:
            return []
        self._performance.heard.append(event)
        return self._engine.on_midi(event)

    def _tell_event(self, at: Seconds, what: str, line: dict[str, Any]) -> list[Effect]:
        if what == "ports lost":
            return self._engine.on_ports_lost(at)
        if what == "ports":
            self._plug(at, Instrument(line["instrument"]), there=bool(line["output"]))
            return self._engine.on_ports(at, hears=any(line["inputs"]), plays=bool(line["output"]))
        if what in ("mute", "unmute"):
            return self._engine.on_mute(at, muted=what == "mute")
        if what == "panic":
            return self._engine.on_panic(at)
        if what == "model ready":
            return self._engine.on_model_ready(at, Seconds(float(line["step"])))
        return self._engine.close(at)

    def _plug(self, at: Seconds, instrument: Instrument, *, there: bool) -> None:
        self._schedule.know(instrument)
        if there and not self._schedule.plugged:
            self._performance.sent += [Sent(at, at, event.data) for event in self._schedule.plug(at, instrument)]
        elif not there:
            self._schedule.unplug(at)

    def _ask(self, _at: Seconds, request: Generate) -> None:
        self.asked.append(request)


def _told(error: Exception) -> str:
    return cut(str(error) or type(error).__name__)


def _settings(values: dict[str, Any]) -> EngineSettings:
    """The settings of a line. Those of before several channels could be heard have one, or null for all."""
    listen = values.get("listen", ())
    channels = () if listen is None else (listen,) if isinstance(listen, int) else tuple(listen)
    return EngineSettings(**_known(EngineSettings, {**values, "listen": channels}))


def _link(line: dict[str, Any]) -> LinkState:
    """The reading of a Link session in a line, which was told somewhat later."""
    bpm = float(line["bpm"])
    if not bpm > 0.0:
        raise ValueError("a tempo of nothing")
    return LinkState(Seconds(float(line["read"])), Beats(float(line["beat"])), bpm, line["playing"], int(line["peers"]))


def _known(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    """The values that this improvd knows: settings that came since have their defaults."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
