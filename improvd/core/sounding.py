"""The notes of ours that sound at a synth, as far as we can know."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.events import PlannedNote, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

REMEMBERED: Final = 512
"""Ends of notes that are kept, for a synth that may have gone before they came."""


class Sounding:
    """Notes whose on was sent and whose off was not, one a pitch. Owned by the schedule, on its thread; nothing blocks.

    A note is ``withheld`` whose end has come but not its off: it waits for the player's key of that pitch to come up.
    Places are (channel, pitch).
    """

    def __init__(self) -> None:
        self.notes: dict[int, PlannedNote] = {}
        """By their keys."""
        self.withheld: set[int] = set()
        """The keys of those that wait."""
        self.channels: set[int] = set()
        """All on which anything of ours ever sounded, or may have."""
        self._by_place: dict[tuple[int, int], int] = {}
        self._ended: deque[tuple[Seconds, tuple[int, int]]] = deque(maxlen=REMEMBERED)
        self._adopted = 0

    def at(self, channel: int, pitch: int) -> int | None:
        """The key of the note that sounds there."""
        return self._by_place.get((channel, pitch))

    def begin(self, note: PlannedNote) -> None:
        """Its on is sent; nothing sounds at its place."""
        self.notes[note.key] = note
        self._by_place[note.channel, note.pitch] = note.key
        self.channels.add(note.channel)

    def move_end(self, key: int, at: Seconds) -> None:
        """A note is to end ``at`` another time."""
        self.notes[key] = replace(self.notes[key], offset=at)

    def end(self, key: int, now: Seconds) -> PlannedNote:
        """Its off is sent."""
        note = self.notes.pop(key)
        self.withheld.discard(key)
        del self._by_place[note.channel, note.pitch]
        self._ended.append((now, (note.channel, note.pitch)))
        return note

    def ends_at(self, key: int, at: Seconds) -> bool:
        """Whether a note is to end then, and has not been told to wait."""
        return key in self.notes and key not in self.withheld and self.notes[key].offset == at

    def is_on(self, channel: int) -> bool:
        """Whether a note sounds there whose end has not come."""
        return any(note.channel == channel and key not in self.withheld for key, note in self.notes.items())

    def adopt(self, places: Iterable[tuple[int, int]]) -> None:
        """Count notes as sounding that were begun by others, or whose offs may not have arrived."""
        for channel, pitch in sorted(places):
            self._adopted += 1
            self.begin(PlannedNote(-self._adopted, Seconds(0.0), Seconds(0.0), pitch, 1, channel))

    def ended_since(self, seen: Seconds) -> set[tuple[int, int]]:
        """Where notes ended since then and nothing sounds by now."""
        return {place for at, place in self._ended if at >= seen} - self._by_place.keys()
