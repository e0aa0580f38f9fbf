"""The player of a rehearsal: a MIDI file, or the messages of a trace, that plays on or waits for its answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mido

from improvd.core.events import NOTE_ON, MidiEvent, Seconds
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_FILE = 24 * 3600.0
"""Seconds; a file that claims to last longer has a broken tempo."""
DRUMS = 9
SEPARATE_PATTERNS = 2


class Player:
    """Plays ``events`` (in order of time) one after the other."""

    def __init__(self, events: list[MidiEvent]) -> None:
        self._events = events
        self._next = 0
        self._behind = Seconds(0.0)

    @property
    def done(self) -> bool:
        """Whether everything was played."""
        return self._next >= len(self._events)

    @property
    def next(self) -> MidiEvent:
        """The next message at the time it will be played, as things stand."""
        event = self._events[self._next]
        return MidiEvent(Seconds(event.at + self._behind), event.data)

    @property
    def strikes_next(self) -> bool:
        """Whether the next message is a key going down."""
        return self._events[self._next].kind == NOTE_ON

    def step(self) -> None:
        """The next message was played."""
        self._next += 1

    def wait(self, until: Seconds, period: Seconds) -> None:
        """Play on no sooner than ``until``, and later by whole beats of ``period``, as a person would."""
        late = until - self.next.at
        if late > 0:
            self._behind = Seconds(self._behind + period * -(-late // period))


def read_midi(path: Path) -> list[MidiEvent]:
    """All channel messages of a MIDI file but drums, in order of time in seconds from its start.

    Raises UserError where it can't be read or holds no note.
    """
    try:
        file = mido.MidiFile(path, clip=True)
        events = [] if file.type == SEPARATE_PATTERNS else list(_played(file))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, EOFError, ValueError, LookupError, TypeError, ZeroDivisionError) as error:
        raise UserError(f"{path}: not a MIDI file, or cut short ({error or 'it ends too early'})") from None
    if file.type == SEPARATE_PATTERNS:
        raise UserError(f"{path}: a MIDI file of format 2 (separate patterns) has no one order to be played in")
    if events and events[-1].at > LONGEST_FILE:
        raise UserError(f"{path}: lasts longer than a day by its own tempo: the file is damaged")
    if not any(event.kind == NOTE_ON for event in events):
        raise UserError(f"{path}: holds no note that a player could play (drums are left out)")
    return events


def _played(file: mido.MidiFile) -> Iterator[MidiEvent]:
    """The channel messages of a file, but for drums."""
    now = 0.0
    for message in file:
        now += message.time
        if not message.is_meta and getattr(message, "channel", DRUMS) != DRUMS:
            yield MidiEvent(Seconds(now), bytes(message.bytes()))


@dataclass(frozen=True)
class Trace:
    """What `improvd run --trace` wrote, as far as it is needed to play it again."""

    header: dict[str, Any]
    events: list[MidiEvent]
    latency: dict[tuple[int, int], Seconds]
    """How long the model took over each (turn, segment)."""


def is_trace(path: Path) -> bool:
    """Whether a file looks like a trace: MIDI files begin with other bytes."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def read_trace(path: Path) -> Trace:
    """Read a trace; a last line that was cut short by a crash is left out. Raises UserError."""
    header: dict[str, Any] = {}
    events: list[MidiEvent] = []
    asked: dict[tuple[int, int], float] = {}
    latency: dict[tuple[int, int], Seconds] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            kind = entry["type"]
            if kind == "header":
                header = entry
            elif kind == "in" and not entry.get("echo"):
                events.append(MidiEvent(Seconds(float(entry["at"])), bytes.fromhex(entry["data"])))
            elif kind == "generate":
                asked[entry["turn"], entry["segment"]] = float(entry["at"])
            elif kind == "continuation" and (entry["turn"], entry["segment"]) in asked:
                key = (entry["turn"], entry["segment"])
                latency[key] = Seconds(float(entry["at"]) - asked[key])
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                break
            raise UserError(f"{path}, line {number}: not a line of an improvd trace ({error!r})") from None
    if not header:
        raise UserError(f"{path}: no header line; is it a trace of `improvd run --trace`?")
    events.sort(key=lambda event: event.at)
    return Trace(header, events, latency)
