"""What of an answer is planned: its notes with the times they are to sound at."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.events import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from improvd.core.events import BeatNote, PlannedNote

SEND_AHEAD: Final = Seconds(0.005)
"""A note is given to the sender at least this long before it sounds."""
NOTICED: Final = Seconds(0.001)
"""A note that would move by less stays where it was planned."""
KEPT: Final = 1024
"""Notes that are kept; of those before them only the figures."""


class Sounded(NamedTuple):
    """How many notes have begun, when the first did, and when the last ended."""

    notes: int
    onset: Seconds
    end: Seconds


class Planned:
    """The notes of one answer, by their beats; what is over of a long one is only counted."""

    def __init__(self) -> None:
        self._notes: deque[tuple[BeatNote, PlannedNote]] = deque()
        self._gone = 0
        self._gone_end = Seconds(0.0)
        self._first: Seconds | None = None

    @property
    def first(self) -> Seconds | None:
        """When the first note sounds, or sounded; None while there is none."""
        return self._first

    @property
    def end(self) -> Seconds:
        """When the last note will have ended; there is one."""
        return max((self._gone_end, *(planned.offset for _, planned in self._notes)))

    def add(self, notes: Iterable[tuple[BeatNote, PlannedNote]]) -> None:
        """More notes, of later beats than all before."""
        self._notes.extend(notes)
        while len(self._notes) > KEPT:
            _, planned = self._notes.popleft()
            self._gone += 1
            self._gone_end = max(self._gone_end, planned.offset)
        self._find_first()

    def move(self, times: Callable[[BeatNote, int], tuple[Seconds, Seconds]], now: Seconds) -> tuple[PlannedNote, ...]:
        """Plan those that don't sound yet for the ``times`` of each, given its key: the notes that moved."""
        soonest = Seconds(now + SEND_AHEAD)
        moved: list[PlannedNote] = []
        for index, (note, planned) in enumerate(self._notes):
            onset, offset = times(note, planned.key)
            if planned.onset > soonest and abs(onset - planned.onset) > NOTICED:
                onset = Seconds(max(onset, soonest))
                moved.append(replace(planned, onset=onset, offset=Seconds(max(offset, onset))))
                self._notes[index] = (note, moved[-1])
        self._find_first()
        return tuple(moved)

    def sounded(self, until: Seconds | None) -> Sounded | None:
        """What has begun by ``until``, at which it ends at the latest; None being the end of all."""
        begun = [planned for _, planned in self._notes if until is None or planned.onset <= until]
        if self._first is None or not begun:
            return None
        ends = [note.offset if until is None else Seconds(min(note.offset, until)) for note in begun]
        return Sounded(self._gone + len(begun), self._first, Seconds(max(self._gone_end, *ends)))

    def _find_first(self) -> None:
        if not self._gone:
            self._first = min((planned.onset for _, planned in self._notes), default=None)
