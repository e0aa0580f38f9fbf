"""Beats as they fall, told by the same clock as the metronome's clicks.

Runs on the event loop of OSC's process, so as exactly as an ordinary process is woken; nothing blocks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from improvd.core.events import Beats, Pace, Seconds
from improvd.core.metronome import Metronome
from improvd.daemon.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from improvd.core.metronome import Stroke


class BeatTeller:
    """``tell`` is told each beat's number in its bar as it falls, 0 where nobody knows the bar."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._metronome = Metronome(clock=False, click=None, beat=0)
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, event: Mapping[str, Any]) -> None:
        """Follow the session's event ``pace``."""
        self._told(self._metronome.follow(_pace(event), now()))

    def rest(self) -> None:
        """Nobody knows the beat any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._metronome.close(now())

    def _on_time(self) -> None:
        self._told(self._metronome.due(now()))

    def _told(self, strokes: list[Stroke]) -> None:
        for event, _ in strokes:
            self._tell(event.data[2])
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._metronome.next_deadline()
        if deadline is not None:
            # The loop's clock is the session's.
            self._timer = asyncio.get_running_loop().call_at(deadline, self._on_time)


def _pace(event: Mapping[str, Any]) -> Pace:
    def beats(name: str) -> Beats | None:
        return None if event[name] is None else Beats(event[name])

    return Pace(
        origin=Seconds(event["origin"]),
        period=Seconds(event["period"]),
        bar=Beats(event["bar"]),
        tap=Beats(event["tap"]),
        downbeat=beats("downbeat"),
        first=beats("first"),
        running=event["running"],
    )
