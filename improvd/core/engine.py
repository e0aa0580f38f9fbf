"""The duet: what was played goes in, what is to be done comes out.

Pure: no clock, no thread, no port. Whoever holds an engine gives it the time with every event, does the effects it
returns, and calls ``on_time`` when ``next_deadline`` has come. Nothing in it blocks; one thread owns it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.arrangement import Arrangement
from improvd.core.events import NOTE_ON, Continuation, Effect, MidiEvent, Release, Seconds
from improvd.core.pace import PaceKeeper
from improvd.core.turn_taking import TurnTaking
from improvd.core.turns import State
from improvd.core.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.cues import Cue
    from improvd.core.ear import MakeEar
    from improvd.core.events import LinkState
    from improvd.core.key import Key
    from improvd.core.settings import EngineSettings


class Engine:
    """Listens, decides whose turn it is, and lets the model answer. ``ear`` makes what judges a player's beat.

    Every event first has done what was due before it, and then what is due by it.
    """

    def __init__(self, settings: EngineSettings, ear: MakeEar | None = None) -> None:
        self._arrangement = Arrangement(settings, ear)
        self._pace = PaceKeeper(self._arrangement)
        self._turns = TurnTaking(self._arrangement, self._pace)
        self._key: Key | None = None  # as the model heard it at last
        self._muted = False
        self._hears = self._plays = True  # whether there is a keyboard, and a synth

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._turns.state

    @property
    def bpm(self) -> float:
        """The tempo as last known."""
        return self._pace.bpm

    @property
    def view(self) -> View:
        """What others may see of all this."""
        settings, source = self._arrangement.settings, self._arrangement.source
        pulse = self._turns.pulse or self._pace.beat
        return View(
            state=self.state,
            muted=self._muted,
            bpm=self.bpm,
            confidence=pulse.confidence if pulse else 0.0,
            timeline=pulse.timeline if pulse else None,
            beats_per_bar=settings.beats_per_bar,
            downbeat=pulse.downbeat if pulse else None,
            leader=source.leader(),
            peers=source.peers,
            stopped=source.stopped(),
            key=self._key,
        )

    def next_deadline(self) -> Seconds | None:
        """When ``on_time`` is next due; None: only an event can change anything."""
        arrangement = self._arrangement
        deadlines = (
            arrangement.listener.next_deadline(),
            self._turns.deadline(),
            arrangement.source.next_deadline(),
        )
        return min((at for at in deadlines if at is not None), default=None)

    def begin(self, now: Seconds) -> list[Effect]:
        """The duet is on: to be told once, before all that is heard."""
        self._arrangement.source.begin(now)
        return self.on_time(now)

    def on_midi(self, event: MidiEvent) -> list[Effect]:
        """One message of the player's (echoes of ours are already taken out), at the time it was stamped."""
        effects = self.on_time(event.at)
        listener, source = self._arrangement.listener, self._arrangement.source
        if source.hear_transport(event):
            effects += self._stopped(event.at)
        if listener.hear(event, in_call=self.state is State.CALL):
            if event.kind == NOTE_ON:
                source.hear(event.at, event.data[1], event.data[2])
            effects += self._turns.played(event.at)
        elif event.kind == NOTE_ON and listener.accompanies(event):
            source.hear(event.at, event.data[1], event.data[2])
        self._turns.watch()
        return effects + self.on_time(event.at)

    def on_ticks(self, now: Seconds, ticks: Sequence[Seconds]) -> list[Effect]:
        """Ticks of a MIDI clock came at these times: what of an answer does not sound yet moves with its beats."""
        effects = self.on_time(now)
        self._arrangement.source.hear_ticks(ticks)
        return [*effects, *self._turns.follow(now), *self.on_time(now)]

    def on_link(self, now: Seconds, state: LinkState) -> list[Effect]:
        """A Link session was read: what of an answer does not sound yet moves with its beats."""
        effects = self.on_time(now)
        if self._arrangement.hear_link(state):
            effects += self._stopped(now)
        return [*effects, *self._turns.follow(now), *self.on_time(now)]

    def on_time(self, now: Seconds) -> list[Effect]:
        """Do what is due by ``now``."""
        effects: list[Effect] = []
        self._arrangement.source.on_time(now)
        if self._arrangement.listener.on_time(now):
            effects += self._turns.played(now)
        self._turns.watch()
        return [*effects, *self._turns.on_time(now), *self._pace.tell(now)]

    def on_continuation(self, now: Seconds, continuation: Continuation) -> list[Effect]:
        """What the model answered; thrown away unless it is what is waited for."""
        effects = self.on_time(now)
        taken = self._turns.answered(now, continuation)
        if taken is None:
            return effects
        self._key = continuation.key
        return [*effects, *taken, *self.on_time(now)]

    def on_model_ready(self, now: Seconds, step: Seconds) -> list[Effect]:
        """The model is there, at first or again after its process died, and takes ``step`` seconds a step.

        What an old process owed is asked for again; what it had answered is planned and goes on meanwhile.
        """
        return [*self.on_time(now), *self._turns.model_ready(now, step), *self.on_time(now)]

    def on_settings(self, now: Seconds, settings: EngineSettings) -> list[Effect]:
        """The player wishes other settings: nothing that sounds or is planned changes by them.

        The notes of an answer still to be asked for go by the `SWIFT` among them. All else holds as soon as no answer
        sounds or is being made and no key is held, so at the latest for the next call; what would go on and on comes to
        an end for that.
        """
        effects = self.on_time(now)
        self._arrangement.wish(settings)
        self._turns.adjust(settings)
        return effects + self.on_time(now)

    def on_cue(self, now: Seconds, cue: Cue) -> list[Effect]:
        """The player asks for something now; it is as if they hadn't where there is nothing to do it with."""
        return [*self.on_time(now), *self._turns.cue(now, cue), *self.on_time(now)]

    def on_mute(self, now: Seconds, *, muted: bool) -> list[Effect]:
        """Listen on and answer nothing from now on, or answer again, beginning with a call that is not over yet."""
        effects = self.on_time(now)
        self._muted = muted
        return [*effects, *self._silence(now), *self.on_time(now)]

    def on_ports(self, now: Seconds, *, hears: bool, plays: bool) -> list[Effect]:
        """Whether there is a keyboard, and a synth, by now: both may come and go, each for itself.

        Without a synth calls are heard and none is answered. A keyboard that goes takes with it what it held.
        """
        effects = self.on_time(now)
        lost_keyboard = self._hears and not hears
        self._hears, self._plays = hears, plays
        if lost_keyboard:
            effects += [Release(), *self.on_ports_lost(now)]
        return [*effects, *self._silence(now), *self.on_time(now)]

    def on_panic(self, now: Seconds) -> list[Effect]:
        """Something hangs: nothing of ours may sound, and no key counts as held."""
        return [Release(), *self.on_ports_lost(now)]

    def on_ports_lost(self, now: Seconds) -> list[Effect]:
        """The cable is out: nothing held will be seen to come up, nothing planned can sound."""
        self._arrangement.listener.let_go()
        return self._turns.begin_anew(now)

    def close(self, now: Seconds) -> list[Effect]:
        """The end: release all that sounds."""
        return [Release(), *self._turns.end("interrupted", now)]

    def _stopped(self, at: Seconds) -> list[Effect]:
        """Who leads has stopped, or begins anew: the beats that sound are no more."""
        return [Release(), *self._turns.end("stopped", at)]

    def _silence(self, now: Seconds) -> list[Effect]:
        """Play nothing while the player wishes so, or there is nothing to play on."""
        return self._turns.silence(now, silenced=self._muted or not self._plays)
