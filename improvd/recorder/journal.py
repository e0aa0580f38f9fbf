"""A recording while it is made: lines of JSON, only ever added to. Whatever cuts it off leaves what came before.

The first line is an object, the header: when it began by the wall's clock (``epoch``) and by the session's monotonic
one (``at``), and what played. Each other is an array, a letter first, all times in seconds of the monotonic clock:

    ["h", at, "903c50"]                      heard from the player
    ["s", at, "903c50"]                      sent to the synth
    ["b", origin, period, bar, downbeat]     the beat that the next turn went by, bar and downbeat in beats
    ["t", {...}]                             a turn ended, with its figures
    ["m", at, name]                          another model plays from then on
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from improvd.core.events import Beats, MidiEvent, Seconds
from improvd.core.meter import meter_named

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1
LONGEST = Seconds(6 * 3600.0)
"""A recording that goes on for longer is ended, and another begun."""
LATEST = 2.0**36
"""Seconds: what is later lies beyond the calendars of computers."""
ABOUT = Seconds(60.0)
"""What lies this much before its beginning, or after its longest, is no time in a recording."""


class DamagedError(Exception):
    """A journal of which nothing can be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Beat 0 falls at ``origin``, one lasts ``period``; bars of ``bar`` beats begin at ``downbeat``, where known."""

    origin: Seconds
    period: Seconds
    bar: Beats
    downbeat: Beats | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn: the call, the answer where one sounded, and the beat that it went by, where that is known."""

    call_start: Seconds
    call_end: Seconds
    response_onset: Seconds | None
    response_end: Seconds | None
    response_notes: int
    bpm: float
    reason: str
    beat: Beat | None


@dataclass(slots=True)
class Recording:
    """What a journal holds; ``heard`` and ``sent`` are channel messages in order of time."""

    epoch: float
    """When it began, as a wall's clock has it."""
    at: Seconds
    """The same moment by the session's own clock, which all other times are of."""
    model: str
    """That played at the beginning."""
    meter: str
    heard: list[MidiEvent] = field(default_factory=list)
    sent: list[MidiEvent] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    models: list[tuple[Seconds, str]] = field(default_factory=list)
    """Those that took over, and when."""
    damaged: int = 0
    """Lines that could not be read."""


def header(epoch: float, at: Seconds, *, version: str, model: str, meter: str) -> str:
    """The first line."""
    return _line({"improvd": version, "format": FORMAT, "epoch": epoch, "at": at, "model": model, "meter": meter})


def heard(event: MidiEvent) -> str:
    """The line of a message that came in."""
    return _line(["h", event.at, event.data.hex()])


def sent(at: Seconds, data: bytes) -> str:
    """The line of a message that went out."""
    return _line(["s", at, data.hex()])


def beat(found: Beat) -> str:
    """The line of a beat."""
    return _line(["b", found.origin, found.period, found.bar, found.downbeat])


def turn(figures: dict[str, Any]) -> str:
    """The line of a turn, its figures by their names in `TurnEnded`."""
    return _line(["t", figures])


def model(at: Seconds, name: str) -> str:
    """The line of another model."""
    return _line(["m", at, name])


def read(data: bytes) -> Recording:
    """What a journal holds, however it was cut off. Raises `DamagedError` where not even its header can be read.

    A line that can't be read is left out and counted; the last one, where it has no end, was never written.
    """
    first, *lines = data.split(b"\n")
    recording = _read_header(first)
    last: Beat | None = None
    readers: dict[str, Callable[[Any], None]] = {
        "h": lambda values: recording.heard.append(_message(recording, *values)),
        "s": lambda values: recording.sent.append(_message(recording, *values)),
        "t": lambda values: recording.turns.append(_turn(recording, last, *values)),
        "m": lambda values: recording.models.append(_model(recording, *values)),
    }
    for line in lines[:-1]:
        try:
            kind, *values = json.loads(line)
            if kind == "b":
                last = _beat(*values)
            else:
                readers[kind](values)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            recording.damaged += 1
    for part in (recording.heard, recording.sent):
        part.sort(key=lambda event: event.at)  # a stable order: what was stamped alike stays as it came
    return recording


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _read_header(line: bytes) -> Recording:
    try:
        found = dict(json.loads(line))
        if found["format"] != FORMAT:
            raise DamagedError("it is of another format than this improvd reads")
        meter = meter_named(str(found["meter"])).name
        return Recording(_clock(found["epoch"]), Seconds(_clock(found["at"])), str(found["model"]), meter)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise DamagedError("it has no header that can be read") from None


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _clock(value: object) -> float:
    at = _number(value)
    if not 0 <= at < LATEST:
        raise ValueError("no time that a clock shows")
    return at


def _time(recording: Recording, value: object) -> Seconds:
    at = _number(value)
    if not -ABOUT <= at - recording.at <= LONGEST + ABOUT:
        raise ValueError("no time of this recording")
    return Seconds(at)


def _message(recording: Recording, at: object, data: str) -> MidiEvent:
    event = MidiEvent(_time(recording, at), bytes.fromhex(data))
    program_or_pressure = event.kind in (0xC0, 0xD0)
    if not event.kind or len(event.data) != (2 if program_or_pressure else 3) or max(event.data[1:]) > 127:
        raise ValueError("no channel message")
    return event


def _model(recording: Recording, at: object, name: object) -> tuple[Seconds, str]:
    if not isinstance(name, str):
        raise TypeError("no name")
    return _time(recording, at), name


def _beat(origin: object, period: object, bar: object, downbeat: object) -> Beat:
    length, measure = _number(period), _number(bar)
    if not (0.05 < length < 10.0 and 0 < measure < 1000):
        raise ValueError("no beat")
    place = None if downbeat is None else Beats(_number(downbeat))
    return Beat(Seconds(_number(origin)), Seconds(length), Beats(measure), place)


def _turn(recording: Recording, last: Beat | None, figures: dict[str, Any]) -> Turn:
    onset, end = figures["response_onset"], figures["response_end"]
    reason = str(figures["reason"])
    if not (reason.isascii() and reason.isalpha()):
        raise ValueError("no reason")
    return Turn(
        call_start=_time(recording, figures["call_start"]),
        call_end=_time(recording, figures["call_end"]),
        response_onset=None if onset is None else _time(recording, onset),
        response_end=None if end is None else _time(recording, end),
        response_notes=int(figures["response_notes"]),
        bpm=_number(figures["bpm"]),
        reason=reason,
        beat=last,
    )
