"""One answer in the making: what was asked of the model, what came, where it stands in time.

The answer is made in segments, the first short so that it is there in time, each later one asked for as soon as
the one before has come, or, where it has no end of its own, only shortly before it sounds. What comes too late moves,
whole, to the next beat that can be met.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from improvd.core.chords import chords_between, form_from
from improvd.core.events import CONTEXT_NOTES, TICKS_PER_BEAT, BeatNote, Beats, Continuation, Generate, Seconds
from improvd.core.feel import Feel
from improvd.core.key import key_named
from improvd.core.manner import manner_from
from improvd.core.modes import in_beats
from improvd.core.niche import niche
from improvd.core.pedalling import Pedal, is_pedalled, pedalling
from improvd.core.phrases import remember
from improvd.core.planned import SEND_AHEAD
from improvd.core.settings import SWIFT
from improvd.core.timeline import Timeline
from improvd.core.turns import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note
    from improvd.core.modes import Part
    from improvd.core.phrases import Phrases
    from improvd.core.settings import EngineSettings

FIRST_SEGMENT = Beats(2.0)
SEGMENT = Beats(4.0)
PIECE = Beats(1.0)
"""Beside somebody who plays on, as little is asked for at a time: what they do meanwhile is to be heard."""
LEAST_NOTES = 4
ACCOMPANIMENT = 32
"""Notes beside the call that are told of: what hands that accompany played lately."""
REMEMBERED = 1024
"""Notes of an answer that are kept."""


class Answer:
    """One part of ours, in beats. Where they fall changes only with the beat that is followed."""

    def __init__(
        self, turn: int, part: Part, *, lead: Seconds, settings: EngineSettings, earlier: Phrases = (), cue: str = ""
    ) -> None:
        self._settings = settings
        self.turn = turn
        self.part = part
        self.cue = cue
        """The cue that it was asked for by, if it was; nothing was heard for it then."""
        self.pulse = part.pulse
        """The beat that it goes by; who follows somebody gives it the same beats anew, where they fall by now."""
        self.start = part.start
        """The beat of its first note; later than first meant where the model was late."""
        self.gives_up_at = self.timeline.time_at(Beats(self.start + PATIENCE))
        """When to wait no longer for the segment that is asked for."""
        self.notes: list[BeatNote] = []
        self.complete = False
        self.outstanding: Generate | None = None
        self._lead = lead
        self._repeats = part.repeats
        self._pedals = settings.pedal is Pedal.ON or (settings.pedal is Pedal.AUTO and is_pedalled(part.call))
        self._call = part.phrase[-CONTEXT_NOTES:]
        self._earlier = remember(earlier, part.phrase[:-CONTEXT_NOTES])
        self._length = part.length
        gaps = [later.onset - note.onset for note, later in pairwise(part.phrase)]
        longest = max(gaps, default=0.0)
        self._longest_gap = Beats(max(0.5, min(self._length / LEAST_NOTES, max(2.0, 1.5 * longest))))
        self._segment = -1
        self._next = self.start

    @property
    def timeline(self) -> Timeline:
        """When its beats are played: early by what the synth takes to sound."""
        beats = self.pulse.timeline
        return Timeline(Seconds(beats.origin - self._settings.output_latency), beats.period)

    @property
    def feel(self) -> Feel:
        """How its notes lie on the beat."""
        return Feel(self._settings.swing, self._settings.quantise, self._settings.humanise)

    def times(self, note: BeatNote, key: int) -> tuple[Seconds, Seconds]:
        """When a note of its own beats begins and ends; what chance does to it depends on ``key``."""
        feel = self.feel
        place = feel.place(note.onset)
        astray = feel.astray(key) if feel.humanise else 0.0
        onset = Seconds(self.timeline.time_at(place) + astray)
        return onset, Seconds(onset + note.duration * self.timeline.period)

    def pedals(self, notes: Sequence[BeatNote]) -> list[bool | None]:
        """What the sustain pedal does at each of these notes of ours, of one segment, as in `pedalling`."""
        if not self._pedals:
            return [None] * len(notes)
        return pedalling(notes, self._settings.beats_per_bar)

    @property
    def end(self) -> Beats:
        """Where the answer, or its present phrase, ends, if nobody interrupts it."""
        return Beats(self.start + self._length)

    @property
    def asks_at(self) -> Seconds | None:
        """When the next segment is to be asked for; None where that is not waited for."""
        if self.complete or self.outstanding is not None:
            return None
        return Seconds(self.timeline.time_at(Beats(self._next - self.part.ahead)) - self._lead)

    def ask(self, now: Seconds, theirs: Sequence[Note] = (), accompaniment: Sequence[Note] = ()) -> Generate | None:
        """The request for the next segment (again for the same one, while it is outstanding); None where it is over.

        ``theirs`` is what the player plays in a duet, in place of the call, where they have; ``accompaniment`` what
        was heard beside either.
        """
        if self.outstanding is None:
            self._segment += 1
            self.gives_up_at = self.timeline.time_at(Beats(self._next + PATIENCE))
        start = self._reachable(self._next, Seconds(now + self._lead))
        self._move(start)
        if start >= self.end:
            self.outstanding, self.complete, self.gives_up_at = None, True, now
            return None
        piece = PIECE if self.part.beside else SEGMENT if self._segment else FIRST_SEGMENT
        until = Beats(min(start + piece, self.end))
        owed = max(0, LEAST_NOTES - len(self.notes))
        beside = in_beats(accompaniment[-ACCOMPANIMENT:], self.pulse.timeline)
        room = CONTEXT_NOTES - len(beside)
        call = in_beats(theirs, self.pulse.timeline) or self._call
        ours = self.notes[-room:]
        call = call[-(room // 2 if self.part.beside else room) :]
        ours = ours[max(0, len(ours) + len(call) - room) :] if self.part.beside else ours
        context = (*call, *ours)[-room:]
        manner = manner_from(self._settings)
        self.outstanding = Generate(
            turn=self.turn,
            segment=self._segment,
            context=context,
            call=max(0, len(context) - len(ours)),
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
            manner=manner,
            niche=niche(call, ours, start, manner) if self.part.beside else None,
            earlier=self._earlier if self._settings.similarity > 0 else (),
            beside=beside,
            chords=chords_between(
                form_from(self._settings.chords),
                self._settings.beats_per_bar,
                self.pulse.downbeat or Beats(0.0),
                start,
                until,
            ),
        )
        return self.outstanding

    def preset(self, notes: Sequence[BeatNote]) -> None:
        """These are its notes, and it is complete."""
        self.notes, self.complete = list(notes), True

    def adjust(self, settings: EngineSettings) -> None:
        """Ask for what is still to come by the `SWIFT` of these settings; all else stays as it began."""
        self._settings = replace(self._settings, **{name: getattr(settings, name) for name in SWIFT})

    def finish(self) -> None:
        """Come to the end with what is asked for, where it would go on and on."""
        if self._repeats:
            self._repeats = False
            self._length = Beats((self._next if self.outstanding is None else self.outstanding.until) - self.start)
            self.complete = self._next >= self.end

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
        self._pedals = self._pedals or (self._settings.pedal is Pedal.AUTO and continuation.pedalled)
        start = self._reachable(asked.start, Seconds(now + SEND_AHEAD))
        moved = Beats(start - asked.start)
        self._move(start)
        notes = [replace(note, onset=Beats(note.onset + moved)) for note in continuation.notes]
        if continuation.complete:
            self._next = Beats(asked.until + moved)
        else:
            self._next = Beats(notes[-1].onset + 1 / TICKS_PER_BEAT)
        if self.part.fixed:
            notes = [note for note in notes if note.onset < self.end]
        self.notes.extend(notes)
        del self.notes[:-REMEMBERED]
        if self._repeats and self._next >= self.end:
            self._length = Beats(self._length + self.part.length)
        self.complete = self._next >= self.end
        return notes

    def _reachable(self, start: Beats, earliest: Seconds) -> Beats:
        """``start``, or where it is too early for that: the first beat to begin on, or whole beats later to go on."""
        timeline = self.timeline
        if timeline.time_at(start) >= earliest:
            return start
        if not self.notes and not self.part.fixed:
            return self.pulse.start(Seconds(earliest + self._settings.output_latency))
        return timeline.next_beat(earliest, phase=start)

    def _move(self, start: Beats) -> None:
        """The next segment begins at ``start``; the answer begins there too where nothing of it sounds yet."""
        if not self.notes:
            if self.part.fixed:
                self._length = Beats(self._length + self.start - start)
            self.start = start
        elif not self.part.fixed:
            self._length = Beats(self._length + start - self._next)
        self._next = start


def one_seed(*numbers: int) -> int:
    """One non-negative seed out of several numbers, alike on every machine."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 1_000_003 + number + 1) & 0x7FFF_FFFF_FFFF_FFFF
    return mixed
