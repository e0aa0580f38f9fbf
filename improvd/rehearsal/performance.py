"""What was played in a rehearsal, and the virtual sender that plays it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from improvd.core.events import Effect, Generate, MidiEvent, Play, Release, Seconds, Sent, TurnEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.schedule import Schedule


@dataclass
class Performance:
    """Both parts and the turns; times in seconds."""

    heard: list[MidiEvent] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    turns: list[TurnEnded] = field(default_factory=list)
    end: Seconds = Seconds(0.0)

    def send_until(self, schedule: Schedule, now: Seconds) -> None:
        """Send what is due by ``now``, each message at its own time."""
        while (at := schedule.next_deadline()) is not None and at <= now:
            at = max(at, self.end)
            self.sent += [Sent(event.at, at, event.data) for event in schedule.due(at)]
        self.end = max(now, self.end)

    def finish(self, schedule: Schedule, now: Seconds) -> None:
        """The end: whatever sounds is released and the channels are cleared."""
        self.send_until(schedule, now)
        self.sent += [Sent(event.at, now, event.data) for event in schedule.close(now)]

    def as_json(self) -> dict[str, Any]:
        """``{"turns": [...]}``: what each turn was, in figures (see `TurnEnded` for units)."""
        return {"turns": [asdict(turn) for turn in self.turns]}


def do(
    effects: list[Effect],
    now: Seconds,
    schedule: Schedule,
    performance: Performance,
    ask: Callable[[Seconds, Generate], None],
) -> None:
    """Carry out what an engine wants done, in virtual time."""
    for effect in effects:
        if isinstance(effect, Generate):
            ask(now, effect)
        elif isinstance(effect, Play):
            schedule.play(effect.notes)
        elif isinstance(effect, Release):
            schedule.release(now)
        elif isinstance(effect, TurnEnded):
            performance.turns.append(effect)
