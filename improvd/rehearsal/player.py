"""The player of a rehearsal: a MIDI file that plays on or waits for its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import NOTE_ON, MidiEvent, Seconds
from improvd.errors import UserError
from improvd.files import midi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import mido

LONGEST_FILE = 24 * 3600.0
"""Seconds; a file that claims to last longer has a broken tempo."""
DRUMS = 9


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
    file = midi.read(path)
    try:
        events = list(_played(file))
    except (ValueError, LookupError, TypeError, ZeroDivisionError) as error:
        raise midi.damaged(path, error) from None
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
