"""`improvd rehearse`: one rehearsal from its file to its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from improvd.core.schedule import ScheduleLimits
from improvd.core.settings import EngineSettings
from improvd.rehearsal.player import Player, read_midi
from improvd.rehearsal.replay import Replay, is_trace, read_trace
from improvd.rehearsal.score import write_duet
from improvd.rehearsal.stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.rehearsal.performance import Performance


@dataclass(frozen=True)
class RehearseSettings:
    """What `improvd rehearse` was told. ``played``: a MIDI file, or a trace that is then played again as it was."""

    played: Path
    out: Path | None = None
    hold: bool = False
    model: str = "default"
    engine: EngineSettings = field(default_factory=EngineSettings)
    limits: ScheduleLimits = field(default_factory=ScheduleLimits)


def rehearse(settings: RehearseSettings) -> Performance:
    """Play, and write the duet where a file is asked for. Raises UserError."""
    if is_trace(settings.played):
        performance = Replay(read_trace(settings.played)).perform()
    else:
        player = Player(read_midi(settings.played))
        # A replay needs no model, and what needs none should start at once.
        from improvd.model.bundle import load  # noqa: PLC0415  a replay needs no model
        from improvd.model.golden import verify  # noqa: PLC0415  as above
        from improvd.model.places import find  # noqa: PLC0415  as above
        from improvd.rehearsal.partner import VirtualPartner  # noqa: PLC0415  as above

        bundle = load(find(settings.model))
        verify(bundle)
        bundle.check_style(settings.engine.style)
        stage = Stage(player, VirtualPartner(bundle), settings.engine, hold=settings.hold, limits=settings.limits)
        performance = stage.perform()
    if settings.out is not None:
        write_duet(performance, settings.out)
    return performance
