"""The duet: what was played goes in, what is to be done comes out.

Pure: no clock, no thread, no port. Whoever holds an engine gives it the time with every event, does the effects it
returns, and calls ``on_time`` when ``next_deadline`` has come. Nothing in it blocks; one thread owns it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from improvd.core.answer import Answer
from improvd.core.beat_clock import ClockBeat
from improvd.core.beat_link import LinkBeat
from improvd.core.beat_ours import OurBeat
from improvd.core.beat_player import PlayerBeat
from improvd.core.cues import Cue
from improvd.core.encore import encore
from improvd.core.events import (
    CONTEXT_NOTES,
    NOTE_ON,
    Beats,
    Continuation,
    Effect,
    MidiEvent,
    Release,
    Seconds,
)
from improvd.core.listener import Listener
from improvd.core.mode_call import CallTurns, ContinueTurns
from improvd.core.mode_duet import DuetTurns, locked
from improvd.core.mode_trade import TradeTurns
from improvd.core.modes import Part, Turns
from improvd.core.our_turn import OurTurn
from improvd.core.pace import PaceKeeper
from improvd.core.settings import SWIFT, Mode, Sync
from improvd.core.turns import TOO_SOON, State
from improvd.core.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.core.beat import BeatSource
    from improvd.core.ear import MakeEar
    from improvd.core.events import LinkState, Note
    from improvd.core.key import Key
    from improvd.core.settings import EngineSettings

SOURCES: dict[Sync, Callable[[EngineSettings, MakeEar | None], BeatSource]] = {
    Sync.PLAYER: PlayerBeat,
    Sync.CLOCK: ClockBeat,
    Sync.INTERNAL: OurBeat,
    Sync.LINK: LinkBeat,
}
MODES: dict[Mode, type[Turns]] = {
    Mode.CALL: CallTurns,
    Mode.TRADE: TradeTurns,
    Mode.CONTINUE: ContinueTurns,
    Mode.DUET: DuetTurns,
}
PRIMING_STEPS = 1.5 * (CONTEXT_NOTES + 16)
"""Steps of the model until the first notes of an answer are there: its context and some notes, half as many again."""
SETTLING = Seconds(0.020)
"""What else lies between a question and its answer: finding the beat, two wires, a busy processor."""
ACCOMPANIED = Beats(16.0)
"""An accompaniment is heard so far back."""


class Engine:
    """Listens, decides whose turn it is, and lets the model answer. ``ear`` makes what judges a player's beat."""

    def __init__(self, settings: EngineSettings, ear: MakeEar | None = None) -> None:
        self._settings = settings
        self._ear = ear
        self._coming: EngineSettings | None = None  # to hold once nothing is under way by the present ones
        self._priming = Seconds(0.0)  # what the model takes to the first notes of an answer
        self._listener = Listener(settings)
        self._state = State.LISTENING
        self._source = SOURCES[Sync(settings.sync)](settings, ear)
        self._turns = MODES[Mode(settings.mode)](settings, self._listener, self._source)
        self._pace = PaceKeeper()
        self._call_ends_at: Seconds | None = None
        self._last_struck = Seconds(0.0)
        self._key: Key | None = None  # as the model heard it at last
        self._muted = False
        self._hears = self._plays = True  # whether there is a keyboard, and a synth
        self._watched: tuple[State, int] = (State.LISTENING, 0)  # what that was worked out from
        self._ours = OurTurn()

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._state

    @property
    def bpm(self) -> float:
        """The tempo as last known."""
        return self._pace.bpm(self._settings)

    @property
    def view(self) -> View:
        """What others may see of all this."""
        pulse = self._ours.answer.pulse if self._ours.answer else self._pace.beat
        return View(
            state=self._state,
            muted=self._muted,
            bpm=self.bpm,
            confidence=pulse.confidence if pulse else 0.0,
            timeline=pulse.timeline if pulse else None,
            beats_per_bar=self._settings.beats_per_bar,
            downbeat=pulse.downbeat if pulse else None,
            leader=self._source.leader(),
            peers=self._source.peers,
            stopped=self._source.stopped(),
            key=self._key,
        )

    @property
    def _lead(self) -> Seconds:
        """How long before its first note an answer is asked for."""
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
        elif event.kind == NOTE_ON and self._listener.accompanies(event):
            self._source.hear(event.at, event.data[1], event.data[2])
        self._watch_call()
        return effects + self.on_time(event.at)

    def on_ticks(self, now: Seconds, ticks: Sequence[Seconds]) -> list[Effect]:
        """Ticks of a MIDI clock came at these times: what of an answer does not sound yet moves with its beats."""
        effects = self.on_time(now)
        self._source.hear_ticks(ticks)
        return [*effects, *self._ours.follow(now, self._source), *self.on_time(now)]

    def on_link(self, now: Seconds, state: LinkState) -> list[Effect]:
        """A Link session was read: what of an answer does not sound yet moves with its beats."""
        effects = self.on_time(now)
        if self._source.hear_link(state):
            effects += [Release(), *self._end_turn("stopped", now)]
        return [*effects, *self._ours.follow(now, self._source), *self.on_time(now)]

    def on_time(self, now: Seconds) -> list[Effect]:
        """Do what is due by ``now``."""
        effects: list[Effect] = []
        self._source.on_time(now)
        if self._listener.on_time(now):
            effects += self._on_played(now)
            self._watch_call()
        self._take_up(now)
        while (deadline := self._turn_deadline()) is not None and deadline <= now:
            asks_at = self._ours.answer.asks_at if self._ours.answer else None
            if self._state is State.CALL:
                effects += self._decide(now)
            elif asks_at is not None and asks_at <= now:
                effects += self._ask(now)
            elif self._state is State.THINKING:
                effects += self._begin_or_give_up()
            else:
                effects += self._end_turn("finished", None)
            self._take_up(now)
        return [*effects, *self._pace.tell(now, self._source, self._settings)]

    def on_continuation(self, now: Seconds, continuation: Continuation) -> list[Effect]:
        """What the model answered; thrown away unless it is what is waited for."""
        effects = self.on_time(now)
        answer = self._ours.answer
        notes = answer.take(now, continuation) if answer is not None else None
        if answer is None or notes is None:
            return effects
        if notes:
            effects.append(self._ours.plan(now, answer, notes, self._settings.channel))
        self._key = continuation.key
        if not answer.complete and not answer.part.repeats:
            effects += self._ask(now)
        return effects + self.on_time(now)

    def on_model_ready(self, now: Seconds, step: Seconds) -> list[Effect]:
        """The model is there, at first or again after its process died, and takes ``step`` seconds a step.

        What an old process owed is asked for again; what it had answered is planned and goes on meanwhile.
        """
        self._priming = Seconds(PRIMING_STEPS * step + SETTLING)
        effects = self.on_time(now)
        if self._ours.answer is not None and self._ours.answer.outstanding is not None:
            effects += self._ask(now)
        return effects + self.on_time(now)

    def on_settings(self, now: Seconds, settings: EngineSettings) -> list[Effect]:
        """The player wishes other settings: nothing that sounds or is planned changes by them.

        The notes of an answer still to be asked for go by the `SWIFT` among them. All else holds as soon as no answer
        sounds or is being made and no key is held, so at the latest for the next call; what would go on and on comes to
        an end for that.
        """
        effects = self.on_time(now)
        self._coming = settings
        if self._ours.answer is not None:
            self._ours.answer.adjust(settings)
            if replace(settings, **{name: getattr(self._settings, name) for name in SWIFT}) != self._settings:
                self._ours.answer.finish()
        return effects + self.on_time(now)

    def on_cue(self, now: Seconds, cue: Cue) -> list[Effect]:
        """The player asks for something now; it is as if they hadn't where there is nothing to do it with."""
        effects = self.on_time(now)
        over = cue is Cue.TAKE_OVER
        if over and self._ours.answer is None and self._state is State.CALL and self._listener.notes(now):
            effects += self._play(now, self._turns.take_over(now, self._ahead))
        elif not over or self._ours.answer is None:
            effects += self._cut(now)
            self._hear_no_more(now)
            if cue is not Cue.STOP:
                effects += self._encore(now, Cue.AGAIN if over else cue)
        self._take_up(now)
        return effects + self.on_time(now)

    def on_mute(self, now: Seconds, *, muted: bool) -> list[Effect]:
        """Listen on and answer nothing from now on, or answer again, beginning with a call that is not over yet."""
        effects = self.on_time(now)
        self._muted = muted
        if muted and self._ours.answer is not None:
            effects += self._cut(now)
            self._take_up(now)
        return effects + self.on_time(now)

    def on_ports(self, now: Seconds, *, hears: bool, plays: bool) -> list[Effect]:
        """Whether there is a keyboard, and a synth, by now: both may come and go, each for itself.

        Without a synth calls are heard and none is answered. A keyboard that goes takes with it what it held.
        """
        effects = self.on_time(now)
        lost_keyboard, lost_synth = self._hears and not hears, self._plays and not plays
        self._hears, self._plays = hears, plays
        if lost_keyboard:
            effects += [Release(), *self.on_ports_lost(now)]
        elif lost_synth and self._ours.answer is not None:
            effects += self._cut(now)
            self._take_up(now)
        return effects + self.on_time(now)

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
        if self._ours.answer is None:
            return self._call_ends_at
        return self._ours.deadline(sounds=self._state is State.ANSWERING)

    def _on_played(self, at: Seconds) -> list[Effect]:
        """A key that counts went down."""
        self._last_struck = at
        effects: list[Effect] = []
        if self._ours.answer is not None:
            if not self._turns.yields:
                return []
            first = self._ours.first
            if self._state is State.ANSWERING and first is not None and at - first > TOO_SOON:
                effects += self._cut(at)
            else:
                # Nobody could have heard the answer yet, let alone have replied to it: the call was not over, and
                # goes on.
                effects.append(Release())
                self._ours.drop()
        self._state = State.CALL
        return effects

    def _take_up(self, now: Seconds) -> None:
        """Let new settings hold, unless something is under way that began by the present ones."""
        if self._coming is None or self._ours.answer is not None or self._listener.held:
            return
        before, self._settings, self._coming = self._settings, self._coming, None
        self._listener.adopt(self._settings)
        if self._settings.sync == before.sync:
            self._source.adopt(self._settings, now)
        else:  # the beat that is known goes on until the new source knows its own
            self._source = SOURCES[Sync(self._settings.sync)](self._settings, self._ear)
            self._source.begin(now)
        if (self._settings.mode, self._settings.sync) == (before.mode, before.sync):
            self._turns.adopt(self._settings)
        else:
            self._turns = MODES[Mode(self._settings.mode)](self._settings, self._listener, self._source)
        self._watched = (State.LISTENING, -1)  # in another tempo the call may be over at another time
        self._watch_call()

    def _watch_call(self) -> None:
        """Work out anew when to decide, where what was heard can have changed it."""
        hands = (self._state, self._listener.changes)
        if hands == self._watched:
            return
        self._watched = hands
        self._call_ends_at = None
        if self._state is State.CALL:
            self._call_ends_at = self._turns.watch(Seconds(60.0 / self.bpm), self._ahead)

    @property
    def _ahead(self) -> Seconds:
        """The same where its first note is to be heard, not sent."""
        return Seconds(self._lead + self._settings.output_latency)

    def _decide(self, now: Seconds) -> list[Effect]:
        """It may be our turn."""
        found = self._turns.decide(now, self._ahead)
        if isinstance(found, Part):
            return self._play(now, found)
        if found is None:
            self._hear_no_more(now)
        self._call_ends_at = found
        return []

    def _play(self, now: Seconds, part: Part) -> list[Effect]:
        """It is our turn: ask for what we play, unless nothing may be played."""
        self._source.decided(part.pulse)
        if self._silent:
            self._hear_no_more(now)
            return []
        self._begin_turn(
            now,
            Answer(self._ours.next_number, part, lead=self._lead, settings=self._settings, earlier=self._ours.earlier),
        )
        return self._ask(now)

    def _encore(self, now: Seconds, cue: Cue) -> list[Effect]:
        """What was played last, once more."""
        last, known = self._ours.last, self._source.known(now)
        if last is None or self._silent:
            return []
        pulse = known if known is not None and known.sync is not Sync.PLAYER else last.pulse
        start = pulse.start(Seconds(now + self._ahead))
        answer = encore(cue, last, self._ours.next_number, pulse, start, lead=self._lead, settings=self._settings)
        if answer is None:
            return []
        self._begin_turn(now, answer)
        if not answer.complete:
            return self._ask(now)
        return [self._ours.plan(now, answer, answer.notes, self._settings.channel)]

    @property
    def _silent(self) -> bool:
        """Whether nothing may be played."""
        return self._muted or self._source.stopped() or not self._plays

    def _begin_turn(self, now: Seconds, answer: Answer) -> None:
        self._ours.begin(now, answer)
        self._call_ends_at = None
        self._state = State.THINKING

    def _hear_no_more(self, now: Seconds) -> None:
        """What was heard so far is not to be answered."""
        self._listener.forget(now)
        self._call_ends_at = None
        self._state = State.LISTENING

    def _ask(self, now: Seconds) -> list[Effect]:
        """Ask for the next segment, if there is to be one."""
        answer = self._ours.answer
        if answer is None:
            return []
        period = answer.timeline.period
        if answer.part.repeats and not self._turns.goes_on(now, self._last_struck, period):
            answer.finish()
            if answer.complete:
                return []
        theirs: list[Note] = []
        accompaniment = [note for note in self._listener.accompaniment(now) if note.onset > now - ACCOMPANIED * period]
        if answer.part.beside:
            answer.pulse = locked(answer.pulse, self._source.known(now))
            theirs = self._listener.notes(now)[-CONTEXT_NOTES:]
        elif not self._turns.yields:
            accompaniment += [note for note in self._listener.notes(now) if note.onset >= self._ours.decided_at]
            accompaniment.sort(key=lambda note: (note.onset, note.pitch))
        asked = answer.ask(now, theirs, accompaniment)
        return [] if asked is None else [asked]

    def _begin_or_give_up(self) -> list[Effect]:
        """The answer's first note sounds now, or no answer came in all the time it had."""
        if self._ours.first is None:
            return [Release(), *self._end_turn("abandoned", None)]
        self._state = State.ANSWERING
        return []

    def _cut(self, at: Seconds) -> list[Effect]:
        """End the turn, if there is one of ours, in the middle."""
        return [] if self._ours.answer is None else [Release(), *self._end_turn("interrupted", at)]

    def _end_turn(self, reason: str, at: Seconds | None) -> list[Effect]:
        """The turn of ours is over: cut short ``at`` a time, or None where it was played to its end."""
        answer = self._ours.answer
        if answer is None:
            return []
        ended = self._ours.end(answer, reason, at)
        over = answer.timeline.time_at(answer.end) if at is None else at
        self._listener.forget(self._turns.next_call(ended.decided_at, over, answer.pulse))
        self._state = State.LISTENING if self._listener.first_struck is None else State.CALL
        self._watch_call()
        return [ended]
