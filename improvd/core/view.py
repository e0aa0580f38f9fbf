"""What an engine knows at one moment, for others to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from improvd.core.events import Beats
    from improvd.core.key import Key
    from improvd.core.settings import Sync
    from improvd.core.timeline import Timeline
    from improvd.core.turns import State


@dataclass(frozen=True, slots=True)
class View:
    """Whose turn it is and where the beat is: ``bpm`` as last known, ``confidence`` in it from 0 (a guess) to 1.

    ``timeline`` is None until a beat was found, or told, for the first time; that of an answer while there is one.
    ``downbeat`` is a beat of it on which a bar begins, where that is known. ``key`` is the one that the last call was
    in, where that is clear. ``muted``: it listens and plays nothing.
    ``leader`` is whom the beat comes from now; one that is ``stopped`` leads to silence. ``peers`` share the beat; None
    where nobody can tell.
    """

    state: State
    muted: bool
    bpm: float
    confidence: float
    timeline: Timeline | None
    beats_per_bar: Beats
    downbeat: Beats | None
    leader: Sync
    peers: int | None
    stopped: bool
    key: Key | None
