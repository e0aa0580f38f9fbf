"""A room to play in by virtual time: an engine, a partner that answers at once, a sender, and perhaps a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.engine import Engine
from improvd.core.events import Continuation, Generate, MidiEvent, Pace, Play, Release, Seconds, Sent, TurnEnded
from improvd.core.schedule import Schedule
from improvd.core.settings import EngineSettings
from tests.partners import Steady, hanging

if TYPE_CHECKING:
    from improvd.core.cues import Cue
    from improvd.core.events import Effect, LinkState
    from tests.core.clocks import VirtualClock


class Room:
    """What happens there is played to an end by `close`, after which nothing may sound."""

    def __init__(self, **settings: object) -> None:
        self.engine = Engine(EngineSettings(**settings))
        self.schedule = Schedule()
        self.partner = Steady()
        self.now = Seconds(0.0)
        self.sent: list[Sent] = []
        self.turns: list[TurnEnded] = []
        self.paces: list[Pace] = []
        self.moved = 0
        self._arrivals: list[tuple[Seconds, Continuation]] = []
        self._planned: set[int] = set()
        self._do(self.engine.begin(self.now))

    def play(self, until: float, clock: VirtualClock | None = None, *messages: tuple[float, bytes]) -> None:
        """Let time pass with a clock's ticks, heard up to six at a time, and with messages."""
        heard = [(at, data) for at, data in messages]
        heard += [(at, b"") for at in (clock.ticks(until) if clock else [])]
        ticks: list[Seconds] = []
        for at, data in sorted(heard):
            self.pass_time(at)
            ticks += [] if data else [Seconds(at)]
            if ticks and (data or len(ticks) == 6):
                self._do(self.engine.on_ticks(self.now, tuple(ticks)))
                ticks.clear()
            if data:
                self._do(self.engine.on_midi(MidiEvent(Seconds(at), data)))
        self._do(self.engine.on_ticks(self.now, tuple(ticks)))
        self.pass_time(until)

    def pass_time(self, until: float) -> None:
        while True:
            waits = [self.engine.next_deadline(), self.schedule.next_deadline(), *(at for at, _ in self._arrivals)]
            at = min((wait for wait in waits if wait is not None), default=None)
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            for arrival in [one for one in self._arrivals if one[0] <= self.now]:
                self._arrivals.remove(arrival)
                self._do(self.engine.on_continuation(self.now, arrival[1]))
            self._send()
            self._do(self.engine.on_time(self.now))
        self.now = Seconds(max(self.now, until))

    def link(self, state: LinkState) -> None:
        """A Link session is read: at the time of the state, no earlier than all before."""
        self.pass_time(state.at)
        self._do(self.engine.on_link(self.now, state))

    def cue(self, cue: Cue) -> None:
        self._do(self.engine.on_cue(self.now, cue))

    def set(self, **settings: object) -> None:
        self._do(self.engine.on_settings(self.now, EngineSettings(**settings)))

    def close(self) -> None:
        self._do(self.engine.close(self.now))
        self.sent += [Sent(event.at, self.now, event.data) for event in self.schedule.close(self.now)]
        assert hanging(self.sent) == set()

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Generate):
                self._arrivals.append(self.partner.answer(self.now, effect))
            elif isinstance(effect, Play):
                self.moved += sum(note.key in self._planned for note in effect.notes)
                self._planned |= {note.key for note in effect.notes}
                self.schedule.play(effect.notes)
            elif isinstance(effect, Release):
                self.schedule.release(self.now)
            elif isinstance(effect, Pace):
                self.paces.append(effect)
            else:
                self.turns.append(effect)
        self._send()

    def _send(self) -> None:
        self.sent += [Sent(event.at, self.now, event.data) for event in self.schedule.due(self.now)]
