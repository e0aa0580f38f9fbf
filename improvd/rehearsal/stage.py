"""The virtual clock: the same engine, schedule and model as on stage, with time that moves from event to event."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from improvd.core.engine import Engine
from improvd.core.events import Continuation, Effect, Generate, MidiEvent, Play, Release, Seconds, Sent, TurnEnded
from improvd.core.schedule import Instrument, Schedule, ScheduleLimits
from improvd.core.turns import State

if TYPE_CHECKING:
    from improvd.core.settings import EngineSettings
    from improvd.rehearsal.player import Player


class Partner(Protocol):
    """The model as a stage sees it."""

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        """When the answer to a request made at ``asked_at`` comes, and the answer."""


@dataclass
class Performance:
    """What was played in a rehearsal; times in seconds."""

    heard: list[MidiEvent] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    turns: list[TurnEnded] = field(default_factory=list)
    end: Seconds = Seconds(0.0)


class Stage:
    """One rehearsal of ``player`` with ``partner``; ``hold`` makes the player wait for each answer."""

    def __init__(
        self,
        player: Player,
        partner: Partner,
        settings: EngineSettings,
        *,
        hold: bool = False,
        limits: ScheduleLimits | None = None,
    ) -> None:
        self._player = player
        self._partner = partner
        self._engine = Engine(settings)
        self._schedule = Schedule(Instrument.SEPARATE, limits)
        self._hold = hold
        self._arrivals: list[tuple[Seconds, Continuation]] = []
        self._performance = Performance()

    def perform(self) -> Performance:
        """Play to the end of the player's part and of the last answer."""
        now = Seconds(0.0)
        while (now := self._next(now)) < math.inf:
            self._step(now)
            self._performance.end = now
        self._do(self._performance.end, self._engine.close(self._performance.end))
        self._send(self._performance.end)
        for event in self._schedule.close(self._performance.end):
            self._performance.sent.append(Sent(event.at, self._performance.end, event.data))
        return self._performance

    def _next(self, now: Seconds) -> Seconds:
        """When something next happens, never before ``now``; infinity at the end."""
        times: list[float] = [arrival for arrival, _ in self._arrivals]
        times += [at for at in (self._schedule.next_deadline(), self._engine.next_deadline()) if at is not None]
        if not self._player.done and not self._waits:
            times.append(self._player.next.at)
        return Seconds(max(now, min(times, default=math.inf)))

    @property
    def _waits(self) -> bool:
        """Whether the player holds the next key back because it is not their turn."""
        return self._hold and self._player.strikes_next and self._engine.state in (State.THINKING, State.ANSWERING)

    def _step(self, now: Seconds) -> None:
        """All that happens at ``now``, in the order in which it would be seen on stage."""
        for arrived in [arrival for arrival in self._arrivals if arrival[0] <= now]:
            self._arrivals.remove(arrived)
            self._do(now, self._engine.on_continuation(now, arrived[1]))
        self._send(now)
        self._do(now, self._engine.on_time(now))
        while not self._player.done and not self._waits and self._player.next.at <= now:
            event = self._player.next
            self._player.step()
            self._performance.heard.append(event)
            if self._schedule.hear(event):
                self._do(now, self._engine.on_midi(event))
        self._send(now)

    def _send(self, now: Seconds) -> None:
        self._performance.sent += [Sent(event.at, now, event.data) for event in self._schedule.due(now)]

    def _do(self, now: Seconds, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Generate):
                arrival, continuation = self._partner.answer(now, effect)
                self._arrivals.append((arrival, continuation))
            elif isinstance(effect, Play):
                self._schedule.play(effect.notes)
            elif isinstance(effect, Release):
                self._schedule.release(now)
            else:
                self._performance.turns.append(effect)
                if self._hold and not self._player.done and effect.reason != "interrupted":
                    self._player.wait(now, Seconds(60.0 / effect.bpm))
