"""What a piece begins with: a MIDI file, in its own beats or, where it was played freely, in those of the playing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.compose.freely import in_own_beats, is_free
from improvd.core.events import BeatNote, Beats
from improvd.core.meter import Meter
from improvd.errors import UserError
from improvd.files import midi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import mido

DRUMS: Final = 9
LONGEST: Final = 100_000.0
"""Beats; a file that claims to last longer is damaged."""
SHORTEST_UNIT: Final = 64
"""A metre in shorter notes than sixty-fourths is none."""
LATE: Final = 1 / 8
"""Beats by which a last note may overlap the bar line at which the piece goes on."""


@dataclass(frozen=True, slots=True)
class Seed:
    """The beginning of a piece, as its file has it; all times in beats, from 0.

    ``played`` are the channel messages but drums', ``told`` the tempos and metres, both in order of time. ``notes`` are
    in order of (onset, pitch), at least one; how long a pedal held them is left out, as in a duet.
    """

    played: tuple[tuple[Beats, mido.Message], ...]
    told: tuple[tuple[Beats, mido.MetaMessage], ...]
    notes: tuple[BeatNote, ...]

    @property
    def meter(self) -> Meter:
        """The metre at its end; 4/4 where it tells none."""
        return self._signature[1]

    @property
    def end(self) -> Beats:
        """When its last note has ended."""
        return Beats(max(note.onset + note.duration for note in self.notes))

    @property
    def channel(self) -> int:
        """Where its last note was played, 0–15."""
        return next(int(one.channel) for _, one in reversed(self.played) if one.type == "note_on" and one.velocity)

    def tells(self, what: str) -> bool:
        """Whether it has any "set_tempo" or "time_signature" of its own."""
        return any(one.type == what for _, one in self.told)

    def next_bar(self, meter: Meter) -> Beats:
        """The first bar line after it, its last metre counted as ``meter``."""
        downbeat, last = self._signature[0], max(note.onset for note in self.notes)
        ended = math.ceil((self.end - LATE - downbeat) / meter.bar)
        return Beats(downbeat + meter.bar * max(ended, math.floor((last - downbeat) / meter.bar) + 1))

    @property
    def _signature(self) -> tuple[Beats, Meter]:
        signatures = [
            (at, Meter(one.numerator, one.denominator)) for at, one in self.told if one.type == "time_signature"
        ]
        return signatures[-1] if signatures else (Beats(0.0), Meter())


def read(path: Path) -> Seed:
    """Read a seed. UserError, in a line that names the file, where it can't be one. May wait for a disk."""
    file = midi.read(path)
    if file.ticks_per_beat <= 0 or file.ticks_per_beat & 0x8000:
        raise UserError(f"{path}: counts in time code, not in beats: it can't be gone on with bar by bar")
    timed = _in_beats(file)
    if timed and timed[-1][0] > LONGEST:
        raise UserError(f"{path}: lasts longer than {LONGEST:,.0f} beats: the file is damaged")
    seed = _seed(timed)
    if not seed.notes:
        raise UserError(f"{path}: holds no note to go on from (drums are left out)")
    return _seed(in_own_beats(timed, seed.notes)) if is_free(seed.notes) else seed


def _seed(timed: Sequence[tuple[Beats, mido.Message]]) -> Seed:
    played = tuple((at, one) for at, one in timed if not one.is_meta and getattr(one, "channel", DRUMS) != DRUMS)
    notes = tuple(sorted(_notes(played), key=lambda note: (note.onset, note.pitch)))
    return Seed(played, tuple((at, one) for at, one in timed if _tells(one)), notes)


def _in_beats(file: mido.MidiFile) -> list[tuple[Beats, mido.Message]]:
    """All messages in order of time; of those at one time, ends of notes come first."""
    timed = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            timed.append((Beats(tick / file.ticks_per_beat), message))
    return sorted(timed, key=lambda one: (one[0], not _ends(one[1])))


def _tells(message: mido.Message) -> bool:
    """Whether a message tells a tempo or a metre that there can be."""
    if message.type == "time_signature":
        return bool(message.numerator > 0 and message.denominator <= SHORTEST_UNIT)
    return bool(message.type == "set_tempo" and message.tempo > 0)


def _ends(message: mido.Message) -> bool:
    return bool(message.type == "note_off" or (message.type == "note_on" and not message.velocity))


def _notes(played: Sequence[tuple[Beats, mido.Message]]) -> Iterator[BeatNote]:
    """The notes that messages make; one that is never ended ends with the last message."""
    down: dict[tuple[int, int], tuple[Beats, int]] = {}
    for at, message in played:
        if message.type not in ("note_on", "note_off"):
            continue
        struck = down.pop((message.channel, message.note), None)
        if struck is not None:
            yield BeatNote(struck[0], Beats(at - struck[0]), message.note, struck[1])
        if not _ends(message):
            down[message.channel, message.note] = (at, message.velocity)
    for (_, pitch), (at, velocity) in down.items():
        yield BeatNote(at, Beats(played[-1][0] - at), pitch, velocity)
