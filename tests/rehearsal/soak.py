"""A duet of hours in virtual time, watched all along: by `test_soak.py`, and for a day by ``benchmarks/soak.py``."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, MidiEvent, Seconds, Sent
from improvd.daemon.memory import resident
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.rehearsal.partner import VirtualPartner
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage
from tests.rehearsal.someone import plays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from improvd.core.settings import EngineSettings
    from improvd.rehearsal.performance import Performance

HOUR = 3600.0
SAMPLED = 600.0
"""Seconds from one look at the memory to the next."""


@dataclass
class Watch:
    """What was sent, counted and forgotten. ``wrong`` says what should not be, and when."""

    sent: int = 0
    notes: int = 0
    latest: float = 0.0
    wrong: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    """Seconds, and bytes in memory then."""
    _sounding: dict[tuple[int, int], float] = field(default_factory=dict)

    def look(self, sent: Sent) -> None:
        """One message that left for the synth."""
        event = MidiEvent(sent.planned, sent.data)
        key = (event.channel, sent.data[1])
        self.sent += 1
        self.latest = max(self.latest, sent.actual - sent.planned)
        if event.kind == NOTE_ON:
            self.notes += 1
            if key in self._sounding:
                self.wrong.append(f"{sent.actual:.3f}: {key} struck while it sounds")
            self._sounding[key] = sent.actual
        elif event.kind == NOTE_OFF:
            self._sounding.pop(key, None)
        elif event.kind != CONTROL:
            self.wrong.append(f"{sent.actual:.3f}: {sent.data.hex()} is neither note nor controller")
        self.wrong += [
            f"{sent.actual:.3f}: {held} has sounded for a minute"
            for held, since in self._sounding.items()
            if sent.actual - since > 60.0
        ]
        if not self.memory or sent.actual - self.memory[-1][0] >= SAMPLED:
            self.memory.append((sent.actual, resident(os.getpid()) or 0))

    def end(self) -> None:
        """Nothing may sound any more."""
        self.wrong += [f"the end: {held} hangs" for held in self._sounding]


class _Watched(list[Sent]):
    """Where a performance puts what was sent, and nothing stays."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __iadd__(self, sent: Iterable[Sent]) -> _Watched:  # type: ignore[misc, override]  # noqa: PYI034  Python 3.10
        for one in sent:
            self.watch.look(one)
        return self


class _Nothing(list[MidiEvent]):
    def append(self, _: MidiEvent) -> None:
        """What was heard is not kept."""


def soak(
    seconds: float, settings: EngineSettings, *, seed: int = 0, model: str = "default"
) -> tuple[Watch, Performance]:
    """So many seconds of a duet with the real model, in virtual time."""
    player, watch = Player(plays(seconds, seed)), Watch()
    stage = Stage(player, VirtualPartner(load(find(model))), settings)
    stage._performance.heard, stage._performance.sent = _Nothing(), _Watched(watch)  # a day's don't fit
    performance = stage.perform()
    watch.end()
    assert performance.end <= Seconds(seconds + HOUR)
    return watch, performance
