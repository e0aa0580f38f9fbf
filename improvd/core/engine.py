"""The duet: what was played goes in, what is to be done comes out.

Pure: no clock, no thread, no port. Whoever holds an engine gives it the time with every event, does the effects it
returns, and calls ``on_time`` when ``next_deadline`` has come. Nothing in it blocks; one thread owns it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from improvd.core.answer import SEND_AHEAD, Answer
from improvd.core.beat_clock import ClockBeat
from improvd.core.beat_ours import OurBeat
from improvd.core.beat_player import PlayerBeat
from improvd.core.events import (
    CONTEXT_NOTES,
    NOTE_ON,
    BeatNote,
    Beats,
    Continuation,
    Effect,
    MidiEvent,
    Pace,
    PlannedNote,
    Play,
    Release,
    Seconds,
    TurnEnded,
)
from improvd.core.listener import Listener
from improvd.core.phrases import remember
from improvd.core.settings import Sync
from improvd.core.tempo import DEFAULT_BPM
from improvd.core.turns import RECENT, TOO_SOON, State, beat_is_missed_at, call_ends_at
from improvd.core.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.core.beat import BeatSource
    from improvd.core.key import Key
    from improvd.core.phrases import Phrases
    from improvd.core.settings import EngineSettings
    from improvd.core.tempo import Pulse

SOURCES: dict[Sync, Callable[[EngineSettings], BeatSource]] = {
    Sync.PLAYER: PlayerBeat,
    Sync.CLOCK: ClockBeat,
    Sync.INTERNAL: OurBeat,
}
PRIMING_STEPS = 1.5 * (CONTEXT_NOTES + 16)
"""Steps of the model until the first notes of an answer are there: its context and some notes, half as many again."""
NOTICED = Seconds(0.001)
"""A note that would move by less stays where it was planned."""
SETTLING = Seconds(0.020)
"""What else lies between a question and its answer: finding the beat, two wires, a busy processor."""


class Engine:
    """Listens, decides whose turn it is, and lets the model answer."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._coming: EngineSettings | None = None  # to hold once nothing is under way by the present ones
        self._priming = Seconds(0.0)  # what the model takes to the first notes of an answer
        self._listener = Listener(settings)
        self._state = State.LISTENING
        self._source = SOURCES[Sync(settings.sync)](settings)
        self._beat: Pulse | None = None  # as it was known at last
        self._pace: Pace | None = None  # as it was told at last
        self._call_ends_at: Seconds | None = None
        self._pulse: Pulse | None = None  # of the call as it stands, where it was found already
        self._key: Key | None = None  # as the model heard it at last
        self._muted = False
        self._hears = self._plays = True  # whether there is a keyboard, and a synth
        self._watched: tuple[State, int] = (State.LISTENING, 0)  # what that was worked out from
        self._decided_at = Seconds(0.0)
        self._turn = -1  # counts decisions: one that was taken back is never mistaken for the next
        self._answer: Answer | None = None
        self._earlier: Phrases = ()  # the calls that were answered, for later answers to take up
        self._planned: list[PlannedNote] = []  # of this answer, as its notes come
        self._next_key = 0

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._state

    @property
    def bpm(self) -> float:
        """The tempo as last known."""
        return self._beat.timeline.bpm if self._beat else self._settings.bpm or DEFAULT_BPM

    @property
    def view(self) -> View:
        """What others may see of all this."""
        pulse = self._answer.pulse if self._answer else self._beat
        return View(
            state=self._state,
            muted=self._muted,
            bpm=self.bpm,
            confidence=pulse.confidence if pulse else 0.0,
            timeline=pulse.timeline if pulse else None,
            beats_per_bar=self._settings.beats_per_bar,
            downbeat=pulse.downbeat if pulse else None,
            leader=self._source.leader(),
            stopped=self._source.stopped(),
            key=self._key,
        )

    @property
    def _lead(self) -> Seconds:
        return Seconds(max(self._settings.lead, self._priming))

    def next_deadline(self) -> Seconds | None:
        """When ``on_time`` is next due; None: only an event can change anything."""
        deadlines = (self._listener.next_deadline(), self._turn_deadline(), self._source.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def begin(self, now: Seconds) -> list[Effect]:
        """The duet is on: to be told once, before all that is heard."""
        self._source.begin(now)
        return self.on_time(now)

    def on_midi(self, event: MidiEvent) -> list[Effect]:
        """One message of the player's (echoes of ours are already taken out), at the time it was stamped."""
        effects = self.on_time(event.at)
        if self._source.hear_transport(event):
            effects += [Release(), *self._end_turn("stopped", event.at)]
        if self._listener.hear(event, in_call=self._state is State.CALL):
            if event.kind == NOTE_ON:
                self._source.hear(event.at, event.data[1], event.data[2])
            effects += self._on_played(event.at)
        self._watch_call()
        return effects + self.on_time(event.at)

    def on_ticks(self, now: Seconds, ticks: Sequence[Seconds]) -> list[Effect]:
        """Ticks of a MIDI clock came at these times: what of an answer does not sound yet moves with its beats."""
        effects = self.on_time(now)
        self._source.hear_ticks(ticks)
        return effects + self._follow(now) + self.on_time(now)

    def on_time(self, now: Seconds) -> list[Effect]:
        """Do what is due by ``now``."""
        effects: list[Effect] = []
        self._source.on_time(now)
        if self._listener.on_time(now):
            effects += self._on_played(now)
            self._watch_call()
        self._take_up(now)
        while (deadline := self._turn_deadline()) is not None and deadline <= now:
            if self._state is State.CALL:
                effects += self._decide(now)
            elif self._state is State.THINKING:
                effects += self._begin_or_give_up()
            else:
                effects += self._end_turn("finished", None)
            self._take_up(now)
        return effects + self._keep_pace(now)

    def on_continuation(self, now: Seconds, continuation: Continuation) -> list[Effect]:
        """What the model answered; thrown away unless it is what is waited for."""
        effects = self.on_time(now)
        answer = self._answer
        notes = answer.take(now, continuation) if answer is not None else None
        if answer is None or notes is None:
            return effects
        if notes:
            planned = tuple(self._plan(now, answer, note) for note in notes)
            self._planned.extend(planned)
            effects.append(Play(answer.turn, planned))
        self._key = continuation.key
        if not answer.complete:
            effects.append(answer.ask(now))
        return effects

    def on_model_ready(self, now: Seconds, step: Seconds) -> list[Effect]:
        """The model is there, at first or again after its process died, and takes ``step`` seconds a step.

        What an old process owed is asked for again; what it had answered is planned and goes on meanwhile.
        """
        self._priming = Seconds(PRIMING_STEPS * step + SETTLING)
        effects = self.on_time(now)
        if self._answer is not None and not self._answer.complete:
            effects.append(self._answer.ask(now))
        return effects

    def on_settings(self, now: Seconds, settings: EngineSettings) -> list[Effect]:
        """The player wishes other settings: nothing that sounds or is planned changes by them.

        The notes of an answer still to be asked for go by the `SWIFT` among them. All else holds as soon as no answer
        sounds or is being made and no key is held, so at the latest for the next call.
        """
        effects = self.on_time(now)
        self._coming = settings
        if self._answer is not None:
            self._answer.adjust(settings)
        return effects + self.on_time(now)

    def on_mute(self, now: Seconds, *, muted: bool) -> list[Effect]:
        """Listen on and answer nothing from now on, or answer again, beginning with a call that is not over yet."""
        effects = self.on_time(now)
        self._muted = muted
        if muted and self._answer is not None:
            effects += [Release(), *self._end_turn("interrupted", now)]
            self._take_up(now)
        return effects

    def on_ports(self, now: Seconds, *, hears: bool, plays: bool) -> list[Effect]:
        """Whether there is a keyboard, and a synth, by now: both may come and go, each for itself.

        Without a synth calls are heard and none is answered. A keyboard that goes takes with it what it held.
        """
        effects = self.on_time(now)
        lost_keyboard, lost_synth = self._hears and not hears, self._plays and not plays
        self._hears, self._plays = hears, plays
        if lost_keyboard:
            effects += [Release(), *self.on_ports_lost(now)]
        elif lost_synth and self._answer is not None:
            effects += [Release(), *self._end_turn("interrupted", now)]
            self._take_up(now)
        return effects

    def on_panic(self, now: Seconds) -> list[Effect]:
        """Something hangs: nothing of ours may sound, and no key counts as held."""
        return [Release(), *self.on_ports_lost(now)]

    def on_ports_lost(self, now: Seconds) -> list[Effect]:
        """The cable is out: nothing held will be seen to come up, nothing planned can sound."""
        self._listener.let_go()
        self._call_ends_at = None
        effects = self._end_turn("interrupted", now)
        self._state = State.LISTENING
        self._take_up(now)
        return effects

    def close(self, now: Seconds) -> list[Effect]:
        """The end: release all that sounds."""
        return [Release(), *self._end_turn("interrupted", now)]

    def _turn_deadline(self) -> Seconds | None:
        answer = self._answer
        if answer is None:
            return self._call_ends_at
        if self._state is State.THINKING and self._planned:
            return self._begins_at
        if self._state is State.THINKING:
            return answer.gives_up_at
        last = max(note.offset for note in self._planned)
        return last if answer.complete else max(last, answer.gives_up_at)

    def _on_played(self, at: Seconds) -> list[Effect]:
        """A key that counts went down."""
        effects: list[Effect] = []
        if self._answer is not None:
            effects = [Release()]
            if self._state is State.ANSWERING and at - self._begins_at > TOO_SOON:
                effects += self._end_turn("interrupted", at)
            else:
                # Nobody could have heard the answer yet, let alone have replied to it: the call was not over, and
                # goes on.
                self._drop_answer()
        self._state = State.CALL
        return effects

    def _take_up(self, now: Seconds) -> None:
        """Let new settings hold, unless something is under way that began by the present ones."""
        if self._coming is None or self._answer is not None or self._listener.held:
            return
        self._settings, self._coming = self._coming, None
        self._listener.adopt(self._settings)
        self._source.adopt(self._settings, now)
        self._watched = (State.LISTENING, -1)  # in another tempo the call may be over at another time
        self._watch_call()

    def _watch_call(self) -> None:
        """Work out anew when the call will be over, where what was heard can have changed it."""
        hands = (self._state, self._listener.changes)
        if hands == self._watched:
            return
        self._watched = hands
        self._call_ends_at = self._pulse = None
        if self._state is not State.CALL or self._listener.held:
            return
        notes = self._listener.recent(RECENT + 1)
        if notes:
            self._call_ends_at = call_ends_at(
                notes,
                pedal=self._listener.pedal,
                period=Seconds(60.0 / self.bpm),
                settings=self._settings,
            )

    def _decide(self, now: Seconds) -> list[Effect]:
        """The call seems to be over: find its beat, and once a beat was missed too, ask for an answer."""
        call = self._listener.notes()
        if self._pulse is None:
            self._pulse = self._source.pulse(call, now)
            missed = beat_is_missed_at(call, self._pulse.timeline, self._settings)
            if missed > now:
                self._call_ends_at = missed
                return []
        pulse = self._source.follow(self._pulse)
        self._source.decided(pulse)
        if self._muted or self._source.stopped() or not self._plays:
            self._listener.forget(now)
            self._call_ends_at = None
            self._state = State.LISTENING
            return []
        start = pulse.start(Seconds(now + self._lead + self._settings.output_latency))
        self._turn += 1
        self._answer = Answer(
            self._turn, call, pulse, start, lead=self._lead, settings=self._settings, earlier=self._earlier
        )
        self._decided_at = now
        self._call_ends_at = None
        self._state = State.THINKING
        return [self._answer.ask(now)]

    def _begin_or_give_up(self) -> list[Effect]:
        """The answer's first note sounds now, or no answer came in all the time it had."""
        if not self._planned:
            return [Release(), *self._end_turn("abandoned", None)]
        self._state = State.ANSWERING
        return []

    def _times(self, answer: Answer, note: BeatNote, key: int) -> tuple[Seconds, Seconds]:
        """When a note of an answer, and so of its beats, begins and ends; what chance does to it depends on ``key``."""
        feel = answer.feel
        place = feel.place(note.onset)
        astray = feel.astray(key) if feel.humanise else 0.0
        onset = Seconds(answer.timeline.time_at(place) + astray)
        return onset, Seconds(onset + note.duration * answer.timeline.period)

    @property
    def _begins_at(self) -> Seconds:
        """When the first of the notes planned sounds."""
        return min(note.onset for note in self._planned)

    def _plan(self, now: Seconds, answer: Answer, note: BeatNote) -> PlannedNote:
        self._next_key += 1
        onset, offset = self._times(answer, note, self._next_key)
        onset = max(onset, now)  # chance may have put it before
        return PlannedNote(
            key=self._next_key,
            onset=onset,
            offset=max(offset, onset),
            pitch=note.pitch,
            velocity=note.velocity,
            channel=self._settings.channel,
        )

    def _follow(self, now: Seconds) -> list[Effect]:
        """The beats of the answer may fall elsewhere by now: plan those of its notes anew that don't sound yet."""
        answer = self._answer
        if answer is None or (pulse := self._source.follow(answer.pulse)) is answer.pulse:
            return []
        answer.pulse = pulse
        soonest = Seconds(now + SEND_AHEAD)
        moved: list[PlannedNote] = []
        for index, (note, planned) in enumerate(zip(answer.notes, self._planned, strict=True)):
            onset, offset = self._times(answer, note, planned.key)
            if planned.onset > soonest and abs(onset - planned.onset) > NOTICED:
                onset = Seconds(max(onset, soonest))
                self._planned[index] = replace(planned, onset=onset, offset=Seconds(max(offset, onset)))
                moved.append(self._planned[index])
        return [Play(answer.turn, tuple(moved))] if moved else []

    def _keep_pace(self, now: Seconds) -> list[Effect]:
        """Tell where the beat is, where that is known otherwise than before."""
        self._beat = self._source.known(now) or self._beat
        beat = self._beat
        if beat is None:
            return []
        pace = Pace(
            origin=beat.timeline.origin,
            period=beat.timeline.period,
            bar=self._settings.beats_per_bar,
            tap=self._settings.tap,
            downbeat=beat.downbeat,
            first=self._source.first,
            running=not self._source.stopped(),
        )
        if pace == self._pace:
            return []
        self._pace = pace
        return [pace]

    def _end_turn(self, reason: str, at: Seconds | None) -> list[Effect]:
        """Close the books on a turn: cut short ``at`` a time, or None where it was played to its end."""
        answer = self._answer
        if answer is None:
            return []
        sounded = [note for note in self._planned if at is None or note.onset <= at]
        onset = min((note.onset for note in sounded), default=None)
        end = max((note.offset if at is None else Seconds(min(note.offset, at)) for note in sounded), default=None)
        ended = TurnEnded(
            turn=answer.turn,
            call_start=answer.call[0].onset,
            call_end=max(note.offset for note in answer.call),
            decided_at=self._decided_at,
            bpm=answer.timeline.bpm,
            confidence=answer.pulse.confidence,
            call_notes=len(answer.call),
            call_beats=answer.call_beats,
            response_onset=onset,
            response_end=end,
            response_notes=len(sounded),
            response_beats=Beats(
                (end - onset) / answer.timeline.period if onset is not None and end is not None else 0.0
            ),
            lateness=Seconds((answer.start - answer.meant) * answer.timeline.period),
            reason=reason,
        )
        self._listener.forget(self._decided_at)
        self._earlier = remember(self._earlier, answer.phrase)
        self._drop_answer()
        self._state = State.LISTENING
        return [ended]

    def _drop_answer(self) -> None:
        self._answer = None
        self._planned = []
