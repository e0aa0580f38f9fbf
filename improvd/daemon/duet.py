"""The engine, and what is done with what it decides: sent to the processes that do it, and seen by all who watch.

On the engine's thread; nothing here blocks.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from improvd.config.settings import schedule_limits
from improvd.core.engine import Engine
from improvd.core.events import Effect, Generate, LinkState, Pace, Play, Release, Seconds, Sent, TurnEnded
from improvd.core.hands import Hands
from improvd.daemon import status
from improvd.daemon.clock import now
from improvd.daemon.happenings import (
    Began,
    Closing,
    Cued,
    ModelBack,
    ModelChanged,
    Muted,
    Panicked,
    PortsBack,
    PortsChanged,
    PortsLost,
    Renewed,
    Woke,
)
from improvd.daemon.messages import Heard, Panic, TicksHeard
from improvd.daemon.mirror import Mirror
from improvd.ear.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.cues import Cue
    from improvd.core.events import Continuation, MidiEvent
    from improvd.core.view import View
    from improvd.daemon.family import Family
    from improvd.daemon.handles import Handles
    from improvd.daemon.happenings import Happening, Witness
    from improvd.daemon.held import Held
    from improvd.daemon.log import Say
    from improvd.daemon.messages import ModelReady, PortsOpen

STUCK_AFTER = Seconds(2.0)
"""A model whose answer is this much overdue is stuck."""


class Duet:
    """The duet of one session. It is ``on`` once there have been ports, or none to be had, and a model.

    ``handles`` are told what the player does that is no music.
    ``mirror`` is what may sound at the synth, ``hands`` is what the player holds: a fresh ports process has seen
    neither.
    """

    def __init__(self, held: Held, family: Family, witnesses: Sequence[Witness], handles: Handles, say: Say) -> None:
        self._held = held
        self._family = family
        self._witnesses = witnesses
        self._handles = handles
        self._say = say
        self._engine = Engine(held.settings, Hearing)
        self.mirror = Mirror()
        self.hands = Hands()
        self.on = False
        self._early: deque[Heard | TicksHeard | LinkState | Sent] = deque(maxlen=4096)  # what came and went before that
        self._pace: Pace | None = None  # as told at last
        self._owed: dict[tuple[int, int], Generate] = {}
        self._turns = 0
        self._shown: View | None = None

    @property
    def view(self) -> View:
        """What the engine knows."""
        return self._engine.view

    def deadline(self) -> Seconds | None:
        """When there is something to do although nothing was heard."""
        if not self.on:
            return None
        deadlines = (self._engine.next_deadline(), self._stuck_at())
        return min((at for at in deadlines if at is not None), default=None)

    def on_time(self, at: Seconds) -> None:
        """Do what is due."""
        deadline = self._engine.next_deadline()
        if self.on and deadline is not None and deadline <= at:
            self.see(at, Woke())
            self._do(self._engine.on_time(at), at)

    def model_is_stuck(self, at: Seconds) -> bool:
        """Whether an answer of the model's is overdue by so much that it must be stuck."""
        stuck_at = self._stuck_at()
        return stuck_at is not None and stuck_at <= at

    # -- what it is told

    def begin(self, ports: PortsOpen, model: ModelReady) -> None:
        """It is on: all that was heard before is heard now."""
        self.on = True
        at = now()
        self.see(at, Began(self._held.settings, schedule_limits(self._held.options), ports, model))
        self._do(self._engine.begin(at), at)
        self._say(status.ready(ports, model, self._held.settings))
        while self._early:
            early = self._early.popleft()
            if isinstance(early, Heard):
                self.hear(early, now())
            elif isinstance(early, TicksHeard):
                self.hear_ticks(early, now())
            elif isinstance(early, LinkState):
                self.hear_link(early, now())
            else:
                self.see(now(), early)

    def hear(self, heard: Heard, at: Seconds) -> None:
        """A message came in."""
        if not self.on:
            self._early.append(heard)
            return
        self.see(at, heard)
        if heard.control:
            self._handles.hear(heard.event)
        elif not heard.echo:
            self.hands.hear(heard.event)
            self._do(self._engine.on_midi(heard.event), at)

    def hear_ticks(self, ticks: TicksHeard, at: Seconds) -> None:
        """A MIDI clock ticked."""
        if not self.on:
            self._early.append(ticks)
            return
        self.see(at, ticks)
        self._do(self._engine.on_ticks(at, ticks.at), at)

    def hear_link(self, state: LinkState, at: Seconds) -> None:
        """The Link session was read."""
        if not self.on:
            self._early.append(state)
            return
        self.see(at, state)
        self._do(self._engine.on_link(at, state), at)

    def hear_client(self, event: MidiEvent, at: Seconds) -> None:
        """Somebody plays from outside, by no cable: the ports' process knows nothing of these keys."""
        control = self._handles.binds(event)
        self.see(event.at, Heard(event, echo=False, control=control))
        if control:
            self._handles.hear(event)
        else:
            self._do(self._engine.on_midi(event), at)

    def sent(self, sent: Sent, at: Seconds) -> None:
        """A message went out."""
        self.mirror.sent(sent)
        if self.on:
            self.see(at, sent)
        else:
            self._early.append(sent)

    def answered(self, answer: Continuation, at: Seconds) -> None:
        """The model answered."""
        self._owed.pop((answer.turn, answer.segment), None)
        self.see(at, answer)
        self._do(self._engine.on_continuation(at, answer), at)

    def model_ready(self, step: Seconds, at: Seconds) -> None:
        """A model's process serves, the first or a fresh one."""
        if self.on:
            self._say("the model is back")
            self.see(at, ModelBack(step))
        self._do(self._engine.on_model_ready(at, step), at)

    def model_changed(self, model: ModelReady, at: Seconds) -> None:
        """Another model plays from now on: what the one before owed is asked of it."""
        self.model_lost()
        self._say(status.changed_to(model))
        self.see(at, ModelChanged(model))
        self._do(self._engine.on_model_ready(at, model.step), at)

    def model_lost(self) -> None:
        """Nothing that was asked of it will come."""
        self._owed.clear()

    def ports_stand(self, ports: PortsOpen, at: Seconds, *, fresh: bool = False) -> None:
        """Ports came or went; or, ``fresh``, a new process has them."""
        self.see(at, PortsBack(ports) if fresh else PortsChanged(ports))
        self._do(self._engine.on_ports(at, hears=ports.hears, plays=ports.plays), at)

    def ports_lost(self, at: Seconds) -> None:
        """The process that had them is no more."""
        self.see(at, PortsLost())
        self._do(self._engine.on_ports_lost(at), at)

    def settings_changed(self, at: Seconds) -> None:
        """Other settings are held by now."""
        self.see(at, Renewed(self._held.options, self._held.settings))
        self._do(self._engine.on_settings(at, self._held.settings), at)
        self.send_pace()  # who keeps time from now on may have been told nothing of it

    def mute(self, at: Seconds, *, muted: bool) -> None:
        """Listen without answering, or answer again."""
        self.see(at, Muted(muted))
        self._do(self._engine.on_mute(at, muted=muted), at)

    def cue(self, at: Seconds, cue: Cue) -> None:
        """The player asks for something now."""
        self.see(at, Cued(cue))
        self._do(self._engine.on_cue(at, cue), at)

    def panic(self, at: Seconds) -> None:
        """Silence everything, at the synth too, whatever is believed to sound there."""
        self.see(at, Panicked())
        self._do(self._engine.on_panic(at), at)
        self.hands.let_go()
        self._family.ports.send(Panic())

    def close(self, at: Seconds) -> None:
        """The end: release all that sounds."""
        if self.on:
            self.see(at, Closing())
            self._do(self._engine.close(at), at)

    # -- what goes out

    def see(self, at: Seconds, happening: Happening) -> None:
        """Let all witnesses see it."""
        for witness in self._witnesses:
            witness.see(at, happening)

    def show(self, at: Seconds) -> None:
        """Let all witnesses see what the engine knows, where that has changed."""
        if (view := self._engine.view) != self._shown:
            if line := status.leader(self._shown, view, self._held.settings.sync):
                self._say(line)
            self._shown = view
            self.see(at, view)

    def send_pace(self) -> None:
        """Let the ports' process know the beat, if it keeps time for others."""
        options = self._held.options
        if self._pace and (options.clock_out or options.click or options.state_channel is not None):
            self._family.ports.send(self._pace)

    def _do(self, effects: list[Effect], at: Seconds) -> None:
        for effect in effects:
            if isinstance(effect, Play):
                self.mirror.planned(effect.notes)
                self._family.ports.send(effect)
            elif isinstance(effect, Release):
                self.mirror.released(at)
                self._family.ports.send(effect)
            elif isinstance(effect, Generate):
                self._owed = {key: asked for key, asked in self._owed.items() if asked.turn == effect.turn}
                self._owed[effect.turn, effect.segment] = effect
                self._family.worker.send(effect)
            elif isinstance(effect, Pace):
                self._pace = effect
                self.send_pace()
            elif isinstance(effect, TurnEnded):
                self._turns += 1
                self._say(status.turn(self._turns, effect))
            self.see(at, effect)

    def _stuck_at(self) -> Seconds | None:
        if not self._family.worker.ready:
            return None
        return min((Seconds(asked.deadline + STUCK_AFTER) for asked in self._owed.values()), default=None)
