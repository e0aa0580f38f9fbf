"""One answer in the making: what was asked, in ticks, the notes so far, and what may come next.

What it promises of an answer holds whatever is drawn: how late the next onset may come so that enough notes still
fit, which pitches lie near the call, how loud a note may be, how long it may last.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import CONTEXT_NOTES, TICKS_PER_BEAT, BeatNote, Beats
from improvd.model.hearing import FARTHEST, hear, metre
from improvd.model.limits import Limits
from improvd.model.sampling import draw
from improvd.model.tokens import DURATION, DURATIONS, INTERVAL, PITCH, SIZES, VELOCITY, VELOCITY_BIN, interval_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.core.events import Generate

LENGTHS: Final = DURATIONS.tolist()
SHORTEST_CALL: Final = 0.5
"""Beats below which a call's density would say nothing."""


class Draft:
    """An answer to a request, note after note. For one thread.

    ``impossible`` where the request lies beyond all music or has no time in it: then nothing else of it may be used.
    ``context`` is what was heard, on the grid; ``previous`` the tick of the last onset, ``start`` and ``last`` the
    first and the last at which a note may fall. ``bounds`` hold instead of those that the call sets.
    """

    def __init__(self, request: Generate, bounds: Limits | None = None) -> None:
        self.request = request
        self.rng = np.random.Generator(np.random.PCG64(request.seed % 2**64))
        self.notes: list[tuple[int, int, int, int]] = []
        times = (request.start, request.until, request.end)
        self.impossible = not all(abs(time) < FARTHEST for time in times)
        if self.impossible:
            return
        heard = request.context[-CONTEXT_NOTES:]
        played = max(0, request.call - (len(request.context) - len(heard)))
        self.call: Sequence[BeatNote] = heard[:played] or heard
        """The player's notes; where none of them is heard any more, all that is."""
        theirs = (*heard[:played], *request.beside[-CONTEXT_NOTES:])
        self.context = hear((*theirs, *heard[played:]), len(theirs))
        self.metre = metre(request.downbeat, request.beats_per_bar)
        melody = hear(heard, played) if request.beside else self.context  # no chord of an accompaniment's
        largest = int(np.unique(melody.onset, return_counts=True)[1].max()) if len(melody) else 1
        self.manner = request.manner
        self._tempers = [
            (request.temperature if hot is None else hot, request.top_p if top is None else top)
            for hot, top in zip(self.manner.temperature_each, self.manner.top_p_each, strict=True)
        ]
        self.limits = bounds or Limits.of(self.call, largest, self.manner, request.niche)
        self.start = _first_tick(request.start) if request.segment else round(request.start * TICKS_PER_BEAT)
        self.last = _last_tick(min(request.until, request.end))
        if request.segment == 0:
            self.last = max(self.last, self.start)  # the first note is on `start` itself, wherever its tick lies
        self.impossible = self.last < self.start or request.start >= min(request.until, request.end)
        self.previous = int(self.context.onset[-1]) if len(self.context) else self.start
        ours = heard[played:] if request.segment else ()
        self.begin = round(min(ours[0].onset, request.start) * TICKS_PER_BEAT) if ours else self.start
        """The tick of the answer's first note, as far back as it is heard."""
        # How a chord stands at the end of what was heard.
        self._chord = int((self.context.onset == self.previous).sum()) if len(self.context) else 0
        self._top = int(self.context.pitch[-1]) if len(self.context) else -1

    def draw(self, head: int, logits: NDArray[np.float32]) -> int:
        """Which of some ids of an attribute, by their logits (ids,), it is to be: by chance."""
        temperature, top_p = self._tempers[head]
        return draw(logits, self.rng, temperature=temperature, top_p=top_p)

    def call_density(self) -> float:
        """How many notes a beat the call has, up to where it is answered; 0 where nothing was heard."""
        if not self.call:
            return 0.0
        begin = min(note.onset for note in self.call)
        end = min(self.request.start, max(note.onset + note.duration for note in self.call))
        return len(self.call) / max(SHORTEST_CALL, end - begin)

    def first_onset(self) -> int | None:
        """The onset that the next note must have, if it is not to be sampled."""
        if self.notes:
            return None
        if self.request.segment == 0 or len(self.context) == 0:
            return self.start
        return None

    def interval_to(self, onset: int) -> int:
        """The id of the interval to an onset that was not sampled; "none" where nothing was heard."""
        if len(self.context) == 0:
            return SIZES[INTERVAL]
        # The answer opens anew: it is no chord with the call's last note, even where the call ends late.
        return interval_id(max(1, onset - self.previous))

    def onset_range(self) -> tuple[int, int]:
        """The first and the last tick at which the next note may fall; past ``last`` means: none here."""
        low = max(self.previous, self.start)
        if self.previous >= self.start and (
            self._chord >= self.limits.chord or self._top + 1 >= self.limits.pitches[1]
        ):
            low = self.previous + 1
        high = self.previous + max(1, math.floor(min(self.request.longest_gap, FARTHEST) * TICKS_PER_BEAT + 1e-6))
        owed = self.request.least_notes - len(self.notes)
        if owed > 0:
            high = min(high, self.previous + max(0, self.last - self.previous) // owed, self.last)
        return low, max(low, high)

    def pitches(self, onset: int) -> tuple[int, int]:
        """The lowest pitch that the note at an onset may have, and the one above the highest."""
        low, high = self.limits.pitches
        return (max(low, self._top + 1) if self._in_chord(onset) else low), high

    def durations(self, onset: int) -> int:
        """How many durations, from the shortest, end in time; at least one, which is then cut."""
        room = math.floor(self.request.end * TICKS_PER_BEAT + 1e-6) - onset
        return max(1, bisect_right(LENGTHS, room))

    def _in_chord(self, onset: int) -> bool:
        return onset == self.previous and (bool(self.notes) or self.request.segment > 0) and self._chord > 0

    def add(self, onset: int, row: list[int]) -> None:
        """Take a note in."""
        pitch = row[PITCH]
        low = row[VELOCITY] * VELOCITY_BIN
        # Anywhere in its bin, so that loudness does not go in stairs.
        velocity = int(self.rng.integers(max(1, low), low + VELOCITY_BIN))
        self._chord = self._chord + 1 if self._in_chord(onset) else 1
        self._top, self.previous = pitch, onset
        self.notes.append((onset, pitch, LENGTHS[row[DURATION]], velocity))

    def finished(self) -> tuple[BeatNote, ...]:
        """The notes in beats: a key struck again ends the note before, and none lasts past the answer's end."""
        again: dict[int, int] = {}
        out = []
        for onset, pitch, duration, velocity in reversed(self.notes):
            length = min(duration, again.get(pitch, onset + duration) - onset)
            again[pitch] = onset
            begin = self._beat(onset)
            out.append(BeatNote(begin, Beats(min(length / TICKS_PER_BEAT, self.request.end - begin)), pitch, velocity))
        return tuple(reversed(out))

    def _beat(self, tick: int) -> Beats:
        # The answer's first tick is `start` itself, even where that lies between ticks.
        if tick == self.start:
            return Beats(max(self.request.start, tick / TICKS_PER_BEAT) if self.request.segment else self.request.start)
        return Beats(tick / TICKS_PER_BEAT)


def _first_tick(beat: float) -> int:
    """The first tick at or after a beat."""
    tick = math.ceil(beat * TICKS_PER_BEAT)
    return tick + 1 if tick / TICKS_PER_BEAT < beat else tick


def _last_tick(beat: float) -> int:
    """The last tick before a beat."""
    tick = math.ceil(beat * TICKS_PER_BEAT) - 1
    return tick - 1 if tick / TICKS_PER_BEAT >= beat else tick
