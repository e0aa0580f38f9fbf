"""A turn of ours: the answer under way, what of it is planned, and its books when it is over.

One thread owns it, the engine's; nothing here blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import Beats, PlannedNote, Play, Seconds, TurnEnded
from improvd.core.phrases import remember
from improvd.core.planned import Planned
from improvd.core.tempo import call_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.answer import Answer
    from improvd.core.beat import BeatSource
    from improvd.core.events import BeatNote
    from improvd.core.phrases import Phrases


class OurTurn:
    """The answer under way, if there is one, and what is remembered of those before."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.last: Answer | None = None
        """The one that ended last, for cues to come back to."""
        self.earlier: Phrases = ()
        """The calls that were answered, for later answers to take up."""
        self.decided_at = Seconds(0.0)
        """When the turn was taken; the last one, where none is under way."""
        self._planned = Planned()
        self._number = -1
        self._next_key = 0

    @property
    def next_number(self) -> int:
        """The next turn's: decisions are counted, so that one taken back is never mistaken for the next."""
        return self._number + 1

    @property
    def first(self) -> Seconds | None:
        """When its first note sounds, or sounded; None while none is planned."""
        return self._planned.first

    def begin(self, now: Seconds, answer: Answer) -> None:
        """It is our turn, with this answer."""
        self._number = answer.turn
        self.answer = answer
        self.decided_at = now

    def deadline(self, *, sounds: bool) -> Seconds | None:
        """When something is next to be done for the answer, which sounds already or not; None where there is none."""
        answer, first = self.answer, self._planned.first
        if answer is None:
            return None
        asks_at = answer.asks_at
        if not sounds:
            due = answer.gives_up_at if first is None else first
            return due if asks_at is None else Seconds(min(due, asks_at))
        last = self._planned.end
        if answer.complete:
            return last
        return Seconds(max(last, answer.gives_up_at)) if asks_at is None else asks_at

    def plan(self, now: Seconds, answer: Answer, notes: Sequence[BeatNote], channel: int) -> Play:
        """Have these notes of the answer played, of later beats than all before."""
        planned = []
        for note, pedal in zip(notes, answer.pedals(notes), strict=True):
            self._next_key += 1
            onset, offset = answer.times(note, self._next_key)
            onset = max(onset, now)  # chance may have put it before
            planned.append(
                PlannedNote(
                    key=self._next_key,
                    onset=onset,
                    offset=max(offset, onset),
                    pitch=note.pitch,
                    velocity=note.velocity,
                    channel=channel,
                    pedal=pedal,
                )
            )
        self._planned.add(zip(notes, planned, strict=True))
        return Play(answer.turn, tuple(planned))

    def follow(self, now: Seconds, source: BeatSource) -> list[Play]:
        """The beats of the answer may fall elsewhere by now: plan those of its notes anew that don't sound yet."""
        answer = self.answer
        if answer is None or (pulse := source.follow(answer.pulse)) is answer.pulse:
            return []
        answer.pulse = pulse
        moved = self._planned.move(answer.times, now)
        return [Play(answer.turn, moved)] if moved else []

    def end(self, answer: Answer, reason: str, at: Seconds | None) -> TurnEnded:
        """Close the books on the turn: cut short ``at`` a time, or None where it was played to its end."""
        sounded = self._planned.sounded(at)
        call = () if answer.cue else answer.part.call
        period = answer.timeline.period
        ended = TurnEnded(
            turn=answer.turn,
            call_start=call[0].onset if call else self.decided_at,
            call_end=max((note.offset for note in call), default=self.decided_at),
            decided_at=self.decided_at,
            bpm=answer.timeline.bpm,
            confidence=answer.pulse.confidence,
            call_notes=len(call),
            call_beats=call_length(answer.part.pulse.timeline, call) if call else Beats(0.0),
            response_onset=sounded and sounded.onset,
            response_end=sounded and sounded.end,
            response_notes=sounded.notes if sounded else 0,
            response_beats=Beats((sounded.end - sounded.onset) / period if sounded else 0.0),
            lateness=Seconds((answer.start - answer.part.start) * period),
            reason=reason,
            cue=answer.cue,
        )
        if not answer.cue:
            self.earlier = remember(self.earlier, answer.part.phrase)
        self.last = answer
        self.drop()
        return ended

    def drop(self) -> None:
        """There was no turn: the answer is none, and leaves nothing behind."""
        self.answer = None
        self._planned = Planned()
