"""Whose turn it is, from one moment to the next: the rules at the top of `turns`, carried out.

When to decide and what to play is the mode's to say, what is planned is `OurTurn`'s; here a turn is taken, asked for,
cut short and ended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.answer import Answer
from improvd.core.cues import Cue
from improvd.core.encore import encore
from improvd.core.events import CONTEXT_NOTES, Beats, Release, Seconds
from improvd.core.mode_duet import locked
from improvd.core.modes import Part
from improvd.core.our_turn import OurTurn
from improvd.core.settings import SWIFT, Sync
from improvd.core.turns import TOO_SOON, State

if TYPE_CHECKING:
    from improvd.core.arrangement import Arrangement
    from improvd.core.events import Continuation, Effect, Note
    from improvd.core.pace import PaceKeeper
    from improvd.core.settings import EngineSettings
    from improvd.core.tempo import Pulse

PRIMING_STEPS: Final = 1.5 * (CONTEXT_NOTES + 16)
"""Steps of the model until the first notes of an answer are there: its context and some notes, half as many again."""
SETTLING: Final = Seconds(0.020)
"""What else lies between a question and its answer: finding the beat, two wires, a busy processor."""
ACCOMPANIED: Final = Beats(16.0)
"""An accompaniment is heard so far back."""


class TurnTaking:
    """The state that the duet is in, and how it leaves it. One thread owns it, the engine's; nothing here blocks.

    Whatever returns effects changes the state at once and may leave something due: `on_time` does that.
    """

    def __init__(self, arrangement: Arrangement, pace: PaceKeeper) -> None:
        self._arrangement = arrangement
        self._pace = pace
        self._ours = OurTurn()
        self._priming = Seconds(0.0)  # what the model takes to the first notes of an answer
        self._call_ends_at: Seconds | None = None
        self._watched: tuple[State, int] = (State.LISTENING, 0)  # what that was worked out from
        self._last_struck = Seconds(0.0)
        self._silenced = False
        self.state = State.LISTENING
        """Whose turn it is."""

    @property
    def pulse(self) -> Pulse | None:
        """The beat that our answer goes by, while there is one."""
        return self._ours.answer.pulse if self._ours.answer else None

    def deadline(self) -> Seconds | None:
        """When ``on_time`` is next due; None: only an event can change anything."""
        if self._ours.answer is None:
            return self._call_ends_at
        return self._ours.deadline(sounds=self.state is State.ANSWERING)

    def on_time(self, now: Seconds) -> list[Effect]:
        """Do what is due by ``now``, and let new settings hold as soon as they may."""
        effects: list[Effect] = []
        self._take_up(now)
        while (deadline := self.deadline()) is not None and deadline <= now:
            asks_at = self._ours.answer.asks_at if self._ours.answer else None
            if self.state is State.CALL:
                effects += self._decide(now)
            elif asks_at is not None and asks_at <= now:
                effects += self._ask(now)
            elif self.state is State.THINKING:
                effects += self._begin_or_give_up()
            else:
                effects += self.end("finished", None)
            self._take_up(now)
        return effects

    # -- what the player does

    def played(self, at: Seconds) -> list[Effect]:
        """A key that counts went down."""
        self._last_struck = at
        effects: list[Effect] = []
        if self._ours.answer is not None:
            if not self._arrangement.mode.yields:
                return []
            first = self._ours.first
            if self.state is State.ANSWERING and first is not None and at - first > TOO_SOON:
                effects += self.cut(at)
            else:
                # Nobody could have heard the answer yet, let alone have replied to it: the call was not over, and
                # goes on.
                effects.append(Release())
                self._ours.drop()
        self.state = State.CALL
        return effects

    def watch(self) -> None:
        """Work out anew when to decide, where what was heard can have changed it."""
        hands = (self.state, self._arrangement.listener.changes)
        if hands == self._watched:
            return
        self._watched = hands
        self._call_ends_at = None
        if self.state is State.CALL:
            self._call_ends_at = self._arrangement.mode.watch(Seconds(60.0 / self._pace.bpm), self._ahead)

    def cue(self, now: Seconds, cue: Cue) -> list[Effect]:
        """The player asks for something now; it is as if they hadn't where there is nothing to do it with."""
        effects: list[Effect] = []
        over = cue is Cue.TAKE_OVER
        if over and self._ours.answer is None and self.state is State.CALL and self._arrangement.listener.notes(now):
            effects += self._play(now, self._arrangement.mode.take_over(now, self._ahead))
        elif not over or self._ours.answer is None:
            effects += self.cut(now)
            self._hear_no_more(now)
            if cue is not Cue.STOP:
                effects += self._encore(now, Cue.AGAIN if over else cue)
        return effects

    def adjust(self, settings: EngineSettings) -> None:
        """Settings were wished for: what is still to be asked for goes by the `SWIFT` among them.

        Where others differ too, what would go on and on comes to an end, so that they can hold.
        """
        if self._ours.answer is None:
            return
        self._ours.answer.adjust(settings)
        held = self._arrangement.settings
        if replace(settings, **{name: getattr(held, name) for name in SWIFT}) != held:
            self._ours.answer.finish()

    # -- what the model and the beat do

    def model_ready(self, now: Seconds, step: Seconds) -> list[Effect]:
        """The model takes ``step`` seconds a step; what an old process owed is asked for again."""
        self._priming = Seconds(PRIMING_STEPS * step + SETTLING)
        if self._ours.answer is not None and self._ours.answer.outstanding is not None:
            return self._ask(now)
        return []

    def answered(self, now: Seconds, continuation: Continuation) -> list[Effect] | None:
        """What the model answered; None where it is not what is waited for."""
        answer = self._ours.answer
        notes = answer.take(now, continuation) if answer is not None else None
        if answer is None or notes is None:
            return None
        effects: list[Effect] = []
        if notes:
            effects.append(self._ours.plan(now, answer, notes, self._arrangement.settings.channel))
        if not answer.complete and not answer.part.repeats:
            effects += self._ask(now)
        return effects

    def follow(self, now: Seconds) -> list[Effect]:
        """The beat was heard of: what of an answer does not sound yet moves with it."""
        return [*self._ours.follow(now, self._arrangement.source)]

    # -- how a turn of ours ends before its time

    def cut(self, at: Seconds) -> list[Effect]:
        """End the turn, if there is one of ours, in the middle."""
        return [] if self._ours.answer is None else [Release(), *self.end("interrupted", at)]

    def silence(self, now: Seconds, *, silenced: bool) -> list[Effect]:
        """Listen on and play nothing from now on, or play again, beginning with a call that is not over yet."""
        self._silenced = silenced
        return self.cut(now) if silenced else []

    def end(self, reason: str, at: Seconds | None) -> list[Effect]:
        """The turn of ours, if there is one, is over: cut short ``at`` a time, or None where it was played out."""
        answer = self._ours.answer
        if answer is None:
            return []
        ended = self._ours.end(answer, reason, at)
        over = answer.timeline.time_at(answer.end) if at is None else at
        self._arrangement.listener.forget(self._arrangement.mode.next_call(ended.decided_at, over, answer.pulse))
        self.state = State.LISTENING if self._arrangement.listener.first_struck is None else State.CALL
        self.watch()
        return [ended]

    def begin_anew(self, now: Seconds) -> list[Effect]:
        """Whatever was under way is over, theirs and ours: nobody plays."""
        self._call_ends_at = None
        effects = self.end("interrupted", now)
        self.state = State.LISTENING
        self._take_up(now)
        return effects

    def _take_up(self, now: Seconds) -> None:
        """Let new settings hold, unless something is under way that began by the present ones."""
        if self._ours.answer is None and self._arrangement.renew(now):
            self._watched = (State.LISTENING, -1)  # in another tempo the call may be over at another time
            self.watch()

    # -- a turn of ours

    @property
    def _lead(self) -> Seconds:
        """How long before its first note an answer is asked for."""
        return Seconds(max(self._arrangement.settings.lead, self._priming))

    @property
    def _ahead(self) -> Seconds:
        """The same where its first note is to be heard, not sent."""
        return Seconds(self._lead + self._arrangement.settings.output_latency)

    @property
    def _silent(self) -> bool:
        """Whether nothing may be played."""
        return self._silenced or self._arrangement.source.stopped()

    def _decide(self, now: Seconds) -> list[Effect]:
        """It may be our turn."""
        found = self._arrangement.mode.decide(now, self._ahead)
        if isinstance(found, Part):
            return self._play(now, found)
        if found is None:
            self._hear_no_more(now)
        self._call_ends_at = found
        return []

    def _play(self, now: Seconds, part: Part) -> list[Effect]:
        """It is our turn: ask for what we play, unless nothing may be played."""
        self._arrangement.source.decided(part.pulse)
        if self._silent:
            self._hear_no_more(now)
            return []
        ours, settings = self._ours, self._arrangement.settings
        self._begin(now, Answer(ours.next_number, part, lead=self._lead, settings=settings, earlier=ours.earlier))
        return self._ask(now)

    def _encore(self, now: Seconds, cue: Cue) -> list[Effect]:
        """What was played last, once more."""
        last, known = self._ours.last, self._arrangement.source.known(now)
        if last is None or self._silent:
            return []
        pulse = known if known is not None and known.sync is not Sync.PLAYER else last.pulse
        start = pulse.start(Seconds(now + self._ahead))
        settings = self._arrangement.settings
        answer = encore(cue, last, self._ours.next_number, pulse, start, lead=self._lead, settings=settings)
        if answer is None:
            return []
        self._begin(now, answer)
        if not answer.complete:
            return self._ask(now)
        return [self._ours.plan(now, answer, answer.notes, settings.channel)]

    def _begin(self, now: Seconds, answer: Answer) -> None:
        self._ours.begin(now, answer)
        self._call_ends_at = None
        self.state = State.THINKING

    def _ask(self, now: Seconds) -> list[Effect]:
        """Ask for the next segment, if there is to be one."""
        answer = self._ours.answer
        if answer is None:
            return []
        listener, mode = self._arrangement.listener, self._arrangement.mode
        period = answer.timeline.period
        if answer.part.repeats and not mode.goes_on(now, self._last_struck, period):
            answer.finish()
            if answer.complete:
                return []
        theirs: list[Note] = []
        accompaniment = [note for note in listener.accompaniment(now) if note.onset > now - ACCOMPANIED * period]
        if answer.part.beside:
            answer.pulse = locked(answer.pulse, self._arrangement.source.known(now))
            theirs = listener.notes(now)[-CONTEXT_NOTES:]
        elif not mode.yields:
            accompaniment += [note for note in listener.notes(now) if note.onset >= self._ours.decided_at]
            accompaniment.sort(key=lambda note: (note.onset, note.pitch))
        asked = answer.ask(now, theirs, accompaniment)
        return [] if asked is None else [asked]

    def _begin_or_give_up(self) -> list[Effect]:
        """The answer's first note sounds now, or no answer came in all the time it had."""
        if self._ours.first is None:
            return [Release(), *self.end("abandoned", None)]
        self.state = State.ANSWERING
        return []

    def _hear_no_more(self, now: Seconds) -> None:
        """What was heard so far is not to be answered."""
        self._arrangement.listener.forget(now)
        self._call_ends_at = None
        self.state = State.LISTENING
