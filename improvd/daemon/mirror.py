"""What the synth may be sounding, as seen from outside the process that plays it.

When the ports process dies, its reports end an instant before its last message may have left. So beside what it
reported as sounding, everything whose onset has come since and whose end was not reported counts too: an off too
many harms nobody, a note that hangs does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, PlannedNote, Seconds, Sent

if TYPE_CHECKING:
    from collections.abc import Iterable

REPORTED_WITHIN = Seconds(1.0)
"""A ports process that is heard of so long after a note's onset, and has not reported it, has dropped it."""


class Mirror:
    """Follows plans and reports. Single-threaded; nothing blocks."""

    def __init__(self) -> None:
        self._planned: dict[int, PlannedNote] = {}
        self._sounding: set[tuple[int, int]] = set()

    def planned(self, notes: Iterable[PlannedNote]) -> None:
        """These were handed to the ports process."""
        self._planned.update((note.key, note) for note in notes)

    def released(self, now: Seconds) -> None:
        """The ports process was told to drop what it had planned."""
        self._planned = {key: note for key, note in self._planned.items() if note.onset <= now}

    def heard_of(self, now: Seconds) -> None:
        """The ports process is alive."""
        limit = now - REPORTED_WITHIN
        self._planned = {key: note for key, note in self._planned.items() if note.onset > limit}

    def sent(self, report: Sent) -> None:
        """The ports process sent this."""
        event = MidiEvent(report.actual, report.data)
        if event.kind not in (NOTE_ON, NOTE_OFF):
            return
        place = (event.channel, event.data[1])
        (self._sounding.add if event.kind == NOTE_ON else self._sounding.discard)(place)
        if event.kind == NOTE_OFF:
            self.heard_of(report.actual)
            self._planned = {
                key: note
                for key, note in self._planned.items()
                if (note.channel, note.pitch) != place or note.onset > report.planned
            }

    def left_behind(self, now: Seconds) -> tuple[tuple[int, int], ...]:
        """The (channel, pitch) pairs that may sound now."""
        begun = {(note.channel, note.pitch) for note in self._planned.values() if note.onset <= now + 0.01}
        return tuple(sorted(self._sounding | begun))

    def cleared(self) -> None:
        """A fresh ports process has ended all of it."""
        self._planned.clear()
        self._sounding.clear()
