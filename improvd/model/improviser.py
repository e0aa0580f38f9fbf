"""Answers: a `Generate` in, a `Continuation` out, keeping every promise that the two make.

The network is primed from nothing with the context at each answer, so an answer is a function of the request
alone. What may be sampled is decided before each draw: how late the next onset may come so that enough notes
still fit, which pitches lie near the call, how loud it may be.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import CONTEXT_NOTES, TICKS_PER_BEAT, BeatNote, Beats, Continuation
from improvd.model.hearing import FARTHEST, hear, metre
from improvd.model.limits import Limits
from improvd.model.sampling import draw
from improvd.model.tokens import (
    BEAT,
    COLUMNS,
    DURATION,
    DURATIONS,
    INTERVAL,
    INTERVALS,
    NOTHING_HEARD,
    PITCH,
    SIZES,
    VELOCITY,
    VELOCITY_BIN,
    interval_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.events import Generate, Seconds
    from improvd.model.bundle import Bundle

STEPS: Final = INTERVALS.tolist()
LENGTHS: Final = DURATIONS.tolist()
MOST_NOTES: Final = 1024
"""No answer to one request has more notes than this."""


class Improviser:
    """A model that answers. For one thread.

    ``now`` reads the clock in which requests state their deadlines; it is asked before each step.
    """

    def __init__(self, bundle: Bundle, now: Callable[[], Seconds]) -> None:
        self._network = bundle.network()
        self._vocabulary = bundle.vocabulary
        self._now = now

    def answer(self, request: Generate) -> Continuation:
        """Go on from the request's context, as its docstring and that of ``Continuation`` promise.

        ``complete`` is False where the deadline, or a bound of 1,024 notes, came before ``until``. Never raises
        for a valid request.
        """
        answer = _Answer(request)
        if answer.impossible:
            return Continuation(request.turn, request.segment, ())
        style = self._vocabulary.style_id(request.style)
        complete = self._prime(answer, style) and self._go_on(answer, style)
        return Continuation(request.turn, request.segment, answer.finished(), complete)

    def _prime(self, answer: _Answer, style: int) -> bool:
        network = self._network
        rows = self._vocabulary.encode(answer.context, answer.metre).tolist()
        network.reset()
        network.hear((*NOTHING_HEARD, style))
        for row in rows:
            if self._now() >= answer.request.deadline:
                return False
            network.hear((*row, style))
        return True

    def _go_on(self, answer: _Answer, style: int) -> bool:
        before = self._now()
        while len(answer.notes) < MOST_NOTES:
            now = self._now()
            # The next step will take about as long as the last.
            if now + (now - before) >= answer.request.deadline:
                return False
            before = now
            row = [0] * COLUMNS
            onset = answer.first_onset()
            if onset is None:
                onset, row[INTERVAL] = self._next_onset(answer)
                if onset > answer.last:
                    return True
            else:
                row[INTERVAL] = answer.interval_to(onset)
            row[BEAT:] = self._vocabulary.place(onset, answer.metre)
            row[PITCH] = self._draw(answer, PITCH, row, *answer.pitches(onset))
            row[DURATION] = self._draw(answer, DURATION, row, 0, answer.durations(onset))
            row[VELOCITY] = self._draw(answer, VELOCITY, row, *answer.limits.velocities)
            answer.add(onset, row)
            self._network.hear((*row, style))
        return False

    def _next_onset(self, answer: _Answer) -> tuple[int, int]:
        """When the next note falls, in ticks, and the id of the interval to it."""
        earliest, latest = answer.onset_range()
        low = bisect_left(STEPS, earliest - answer.previous)
        high = bisect_right(STEPS, latest - answer.previous)
        if low >= high:
            # No value of the vocabulary falls between: the latest onset that keeps the promises.
            return latest, interval_id(latest - answer.previous)
        chosen = self._draw(answer, INTERVAL, [0] * COLUMNS, low, high)
        return answer.previous + STEPS[chosen], chosen

    def _draw(self, answer: _Answer, head: int, row: list[int], low: int, high: int) -> int:
        """One of the ids from ``low`` to before ``high``."""
        logits = self._network.logits(head, row)
        if head == PITCH and answer.worn >= 0:
            logits[answer.worn] = -np.inf
        request = answer.request
        return low + draw(logits[low:high], answer.rng, temperature=request.temperature, top_p=request.top_p)


class _Answer:
    """One answer in the making: what was asked, in ticks, and the notes so far."""

    def __init__(self, request: Generate) -> None:
        self.request = request
        self.rng = np.random.Generator(np.random.PCG64(request.seed % 2**64))
        self.notes: list[tuple[int, int, int, int]] = []
        times = (request.start, request.until, request.end)
        self.impossible = not all(abs(time) < FARTHEST for time in times)
        if self.impossible:
            return
        heard = request.context[-CONTEXT_NOTES:]
        played = max(0, request.call - (len(request.context) - len(heard)))
        self.context = hear(heard, played)
        self.metre = metre(request.downbeat, request.beats_per_bar)
        largest = int(np.unique(self.context.onset, return_counts=True)[1].max()) if len(self.context) else 1
        self.limits = Limits.of(heard, played, largest)
        self.start = _first_tick(request.start) if request.segment else round(request.start * TICKS_PER_BEAT)
        self.last = _last_tick(min(request.until, request.end))
        if request.segment == 0:
            self.last = max(self.last, self.start)  # the first note is on `start` itself, wherever its tick lies
        self.impossible = self.last < self.start or request.start >= min(request.until, request.end)
        self.previous = int(self.context.onset[-1]) if len(self.context) else self.start
        # How a run of one pitch and a chord stand at the end of what was heard.
        self._run = self.limits.run_at_end(self.context.pitch)
        self._chord = int((self.context.onset == self.previous).sum()) if len(self.context) else 0
        self._top = int(self.context.pitch[-1]) if len(self.context) else -1

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

    @property
    def worn(self) -> int:
        """The pitch that has stood in a row as often as it may, or -1."""
        pitch, length = self._run
        return pitch if length >= self.limits.run else -1

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
        self._run = (pitch, self._run[1] + 1 if self._run[0] == pitch else 1)
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
