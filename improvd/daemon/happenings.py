"""What happens in a session, for those who watch it: the trace, the recording, the figures, whoever asks from outside.

A happening is a frozen value. Beside those below it is one of the way of a note, as it goes by: `Heard`, `Sent`,
`Generate`, `Continuation`, `Pace`, `Play`, `Release`, `TurnEnded`; ticks of a clock, `TicksHeard`, `TicksSent`; a
reading of a Link session, `LinkState`; the
`Pong` with which the ports tell what they count; or the engine's `View`, where anything of it has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from improvd.config.options import RunOptions
    from improvd.core.cues import Cue
    from improvd.core.events import Continuation, Generate, LinkState, Pace, Play, Release, Seconds, Sent, TurnEnded
    from improvd.core.schedule import ScheduleLimits
    from improvd.core.settings import EngineSettings
    from improvd.core.view import View
    from improvd.daemon.messages import Heard, ModelReady, Pong, PortsOpen, PortsThere, TicksHeard, TicksSent

    Happening: TypeAlias = (
        "Began | Woke | Renewed | PortsLost | ModelBack | ModelChanged | Closing | Heard | Sent | Generate"
        " | Continuation | Pace | Play | Release | TurnEnded | PortsBack | PortsChanged | PortsThere | Muted | Cued"
        " | Panicked | Pong | View | TicksHeard | TicksSent | LinkState"
    )


@dataclass(frozen=True, slots=True)
class Began:
    """The ports and the model are up for the first time: the duet is on. Before all else."""

    settings: EngineSettings
    limits: ScheduleLimits
    ports: PortsOpen
    model: ModelReady


@dataclass(frozen=True, slots=True)
class Woke:
    """The engine was told the time because its deadline had come."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """The player's options changed, and the engine was given what was made of them."""

    options: RunOptions
    settings: EngineSettings


@dataclass(frozen=True, slots=True)
class PortsLost:
    """The engine was told that the ports are gone."""


@dataclass(frozen=True, slots=True)
class PortsBack:
    """A fresh ports process serves; its ports may be called otherwise now."""

    ports: PortsOpen


@dataclass(frozen=True, slots=True)
class PortsChanged:
    """One or both of the ports came or went, or the MIDI system did, while the ports process served on."""

    ports: PortsOpen


@dataclass(frozen=True, slots=True)
class ModelBack:
    """A fresh model's process serves; a step of it takes ``step`` seconds."""

    step: Seconds


@dataclass(frozen=True, slots=True)
class ModelChanged:
    """Another model plays from now on: the player chose it."""

    model: ModelReady


@dataclass(frozen=True, slots=True)
class Muted:
    """The engine was told to listen without answering; or, ``muted`` being False, to answer again."""

    muted: bool


@dataclass(frozen=True, slots=True)
class Cued:
    """The engine was told of a cue of the player's."""

    cue: Cue


@dataclass(frozen=True, slots=True)
class Panicked:
    """The engine was told to let go of everything."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The engine was told of the end."""


class Witness(Protocol):
    """Sees all that happens, in order, on the engine's thread: it returns at once and raises nothing."""

    def see(self, at: Seconds, happening: Happening) -> None:
        """This happened by ``at``; what has a time of its own carries it."""

    def close(self) -> None:
        """The end; may wait a moment, as nothing sounds any more."""
