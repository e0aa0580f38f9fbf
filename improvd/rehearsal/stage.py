"""The virtual clock: the same engine, schedule and model as on stage, with time that moves from event to event."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from improvd.core.engine import Engine
from improvd.core.events import Continuation, Effect, Generate, Seconds
from improvd.core.schedule import Instrument, Schedule, ScheduleLimits
from improvd.core.turns import State
from improvd.ear.hearing import Hearing
from improvd.rehearsal.performance import Performance, do

if TYPE_CHECKING:
    from improvd.core.settings import EngineSettings
    from improvd.rehearsal.player import Player


class Partner(Protocol):
    """The model as a stage sees it; ``step`` is what one step of it takes."""

    step: Seconds

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        """When the answer to a request made at ``asked_at`` comes, and the answer."""


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
        self._engine = Engine(settings, Hearing)
        self._schedule = Schedule(Instrument.SEPARATE, limits)
        self._hold = hold
        self._arrivals: list[tuple[Seconds, Continuation]] = []
        self._performance = Performance()

    def perform(self) -> Performance:
        """Play to the end of the player's part and of the last answer."""
        now = Seconds(0.0)
        self._engine.on_model_ready(now, self._partner.step)
        self._do(now, self._engine.begin(now))
        while (now := self._next(now)) < math.inf:
            self._step(now)
        end = self._performance.end
        self._do(end, self._engine.close(end))
        self._performance.finish(self._schedule, end)
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
        """Whether the player holds the next key back because an answer sounds: that it is being made, nobody hears."""
        return self._hold and self._player.strikes_next and self._engine.state is State.ANSWERING

    def _step(self, now: Seconds) -> None:
        """All that happens at ``now``, in the order in which it would be seen on stage."""
        for arrived in [arrival for arrival in self._arrivals if arrival[0] <= now]:
            self._arrivals.remove(arrived)
            self._do(now, self._engine.on_continuation(now, arrived[1]))
        self._performance.send_until(self._schedule, now)
        self._do(now, self._engine.on_time(now))
        while not self._player.done and not self._waits and self._player.next.at <= now:
            event = self._player.next
            self._player.step()
            self._performance.heard.append(event)
            if self._schedule.hear(event):
                self._do(now, self._engine.on_midi(event))
        self._performance.send_until(self._schedule, now)

    def _do(self, now: Seconds, effects: list[Effect]) -> None:
        turns = len(self._performance.turns)
        do(effects, now, self._schedule, self._performance, self._ask)
        for turn in self._performance.turns[turns:]:
            if self._hold and not self._player.done and turn.reason != "interrupted":
                self._player.wait(now, Seconds(60.0 / turn.bpm))

    def _ask(self, now: Seconds, request: Generate) -> None:
        self._arrivals.append(self._partner.answer(now, request))
