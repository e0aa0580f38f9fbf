"""One answer in the making: what was asked of the model, what came, where it stands in time.

The answer is made in segments, the first short so that it is there in time, each later one asked for as soon as
the one before has come. What comes too late moves, whole, to the next beat that can be met.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from improvd.core.events import CONTEXT_NOTES, TICKS_PER_BEAT, BeatNote, Beats, Continuation, Generate, Seconds
from improvd.core.feel import Feel
from improvd.core.key import key_named
from improvd.core.manner import manner_from
from improvd.core.phrases import remember
from improvd.core.settings import SWIFT
from improvd.core.tempo import call_length
from improvd.core.timeline import Timeline
from improvd.core.turns import PATIENCE, answer_length, intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note
    from improvd.core.phrases import Phrases
    from improvd.core.settings import EngineSettings
    from improvd.core.tempo import Pulse

FIRST_SEGMENT = Beats(2.0)
SEGMENT = Beats(4.0)
LEAST_NOTES = 4
SEND_AHEAD = Seconds(0.005)
"""A note is given to the sender at least this long before it sounds."""


class Answer:
    """The answer to one call, in beats. Where they fall changes only as a clock that is followed changes its tempo."""

    def __init__(
        self,
        turn: int,
        call: Sequence[Note],
        pulse: Pulse,
        start: Beats,
        *,
        lead: Seconds,
        settings: EngineSettings,
        earlier: Phrases = (),
    ) -> None:
        self.turn = turn
        self.call = call
        self.pulse = pulse
        """The beat that it goes by; who follows a clock gives it the same beats anew, where they fall by now."""
        timeline = pulse.timeline
        self.start = start
        """The beat of its first note; later than first meant where the model was late."""
        self.meant = start
        self.gives_up_at = timeline.time_at(Beats(start + PATIENCE))
        """When to wait no longer for the segment that is asked for."""
        self.call_beats = call_length(timeline, call)
        self.notes: list[BeatNote] = []
        self.complete = False
        self.outstanding: Generate | None = None
        self._lead = lead
        self._settings = settings
        self.phrase = tuple(
            BeatNote(
                timeline.beat_at(note.onset),
                Beats(max(note.offset - note.onset, 0.0) / timeline.period),
                note.pitch,
                note.velocity,
            )
            for note in call
        )
        """The call, in beats."""
        self._call = self.phrase[-CONTEXT_NOTES:]
        self._earlier = remember(earlier, self.phrase[:-CONTEXT_NOTES])
        self._length = answer_length(self.call_beats, settings)
        longest_interval = max(intervals(call), default=0.0) / timeline.period
        self._longest_gap = Beats(max(0.5, min(self._length / LEAST_NOTES, max(2.0, 1.5 * longest_interval))))
        self._segment = -1
        self._next = start

    @property
    def timeline(self) -> Timeline:
        """When its beats are played: early by what the synth takes to sound."""
        beats = self.pulse.timeline
        return Timeline(Seconds(beats.origin - self._settings.output_latency), beats.period)

    @property
    def feel(self) -> Feel:
        """How its notes lie on the beat."""
        return Feel(self._settings.swing, self._settings.quantise, self._settings.humanise)

    @property
    def end(self) -> Beats:
        """Where the answer ends, if nobody interrupts it."""
        return Beats(self.start + self._length)

    def ask(self, now: Seconds) -> Generate:
        """The request for the next segment (again for the same one, while it is outstanding)."""
        if self.outstanding is None:
            self._segment += 1
            self.gives_up_at = self.timeline.time_at(Beats(self._next + PATIENCE))
        start = self._reachable(self._next, Seconds(now + self._lead))
        self._move(start)
        until = Beats(min(start + (SEGMENT if self._segment else FIRST_SEGMENT), self.end))
        owed = max(0, LEAST_NOTES - len(self.notes))
        context = (self._call + tuple(self.notes))[-CONTEXT_NOTES:]
        self.outstanding = Generate(
            turn=self.turn,
            segment=self._segment,
            context=context,
            call=max(0, len(context) - len(self.notes)),
            start=start,
            until=until,
            end=self.end,
            least_notes=math.ceil(owed * (until - start) / (self.end - start)),
            longest_gap=self._longest_gap,
            deadline=Seconds(self.timeline.time_at(start) - SEND_AHEAD),
            seed=one_seed(self._settings.seed, self.turn, self._segment),
            temperature=self._settings.temperature,
            top_p=self._settings.top_p,
            style=self._settings.style,
            beats_per_bar=self._settings.beats_per_bar,
            downbeat=self.pulse.downbeat,
            key=key_named(self._settings.key) if self._settings.key else None,
            manner=manner_from(self._settings),
            earlier=self._earlier if self._settings.similarity > 0 else (),
        )
        return self.outstanding

    def adjust(self, settings: EngineSettings) -> None:
        """Ask for what is still to come by the `SWIFT` of these settings; all else stays as it began."""
        self._settings = replace(self._settings, **{name: getattr(settings, name) for name in SWIFT})

    def take(self, now: Seconds, continuation: Continuation) -> list[BeatNote] | None:
        """The notes of the awaited segment, in the beats they will have; None where it is not what is awaited."""
        asked = self.outstanding
        if asked is None or (continuation.turn, continuation.segment) != (asked.turn, asked.segment):
            return None
        if any(not asked.start <= note.onset < asked.until for note in continuation.notes):
            return None  # it answers an earlier asking for the same segment, from before it had to move
        if not continuation.notes and not continuation.complete:
            self._lead = Seconds(2 * self._lead)  # the time did not even do for a first note
            return []
        self.outstanding = None
        start = self._reachable(asked.start, Seconds(now + SEND_AHEAD))
        moved = Beats(start - asked.start)
        self._move(start)
        notes = [replace(note, onset=Beats(note.onset + moved)) for note in continuation.notes]
        self.notes.extend(notes)
        if continuation.complete:
            self._next = Beats(asked.until + moved)
        else:
            self._next = Beats(notes[-1].onset + 1 / TICKS_PER_BEAT)
        self.complete = self._next >= self.end
        return notes

    def _reachable(self, start: Beats, earliest: Seconds) -> Beats:
        """``start``, or where it is too early for that: the first beat to begin on, or whole beats later to go on."""
        timeline = self.timeline
        if timeline.time_at(start) >= earliest:
            return start
        if not self.notes:
            return self.pulse.start(Seconds(earliest + self._settings.output_latency))
        return timeline.next_beat(earliest, phase=start)

    def _move(self, start: Beats) -> None:
        """The next segment begins at ``start``; the answer begins there too where nothing of it sounds yet."""
        if not self.notes:
            self.start = start
        else:
            self._length = Beats(self._length + start - self._next)
        self._next = start


def one_seed(*numbers: int) -> int:
    """One non-negative seed out of several numbers, alike on every machine."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 1_000_003 + number + 1) & 0x7FFF_FFFF_FFFF_FFFF
    return mixed
