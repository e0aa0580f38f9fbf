"""What the player may set of how improvd listens and answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from improvd.core.events import Beats, Seconds
from improvd.core.manner import AS_MEASURED
from improvd.core.pedalling import Pedal

SWIFT = (
    "temperature",
    "top_p",
    "style",
    "key",
    "similarity",
    "key_lean",
    "register",
    "density",
    "velocity",
    "ending",
    "originality",
    "temperature_each",
    "top_p_each",
)
"""What may change while an answer is being made: its next notes are asked for by the new values."""


class Sync(str, Enum):
    """Where the beat comes from."""

    PLAYER = "player"
    CLOCK = "clock"
    INTERNAL = "internal"
    LINK = "link"


class Mode(str, Enum):
    """How the music is shared."""

    CALL = "call"
    TRADE = "trade"
    CONTINUE = "continue"
    DUET = "duet"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The knobs of the duet. Channels are 0–15 here; the command line shows 1–16.

    A key is a brush, and neither stops an answer nor opens a call, where it is no louder than ``brush_velocity``
    and no longer than ``brush_length``.
    """

    mode: Mode = Mode.CALL
    bars: int = 4
    """How many bars each of us has in `Mode.TRADE`."""
    patience: float = 1.0
    """How long a call may be silent before it is over, against what was found best."""
    leave_endings: bool = True
    """Whether a last chord after a ritardando is left as the end, unanswered."""
    chords: str = ""
    """The form that answers follow, as `form_from` reads it; empty: none."""
    comp_below: int | None = None
    """Keys below this one accompany: they are harmony, and neither open, prolong nor stop anything."""
    sync: Sync = Sync.PLAYER
    bpm: float | None = None
    """A fixed tempo, in quarter notes a minute; None: the player's, or the clock's."""
    beats_per_bar: Beats = Beats(4.0)
    tap: Beats = Beats(1.0)
    """How far apart people tap in that metre; what a player's own beat is taken for."""
    count_in: float = 1.0
    """How many bars are counted in where we lead."""
    swing: float = 0.5
    """Where the second half of a beat begins, as in `Feel`; and so ``quantise``, and ``humanise`` in seconds."""
    quantise: float = 0.0
    humanise: Seconds = Seconds(0.0)
    output_latency: Seconds = Seconds(0.0)
    """How long the synth takes to sound; answers are sent so much earlier."""
    min_bars: float = 0.5
    max_bars: float = 16.0
    channel: int = 0
    """Where answers sound."""
    pedal: Pedal = Pedal.AUTO
    """Whether answers use the sustain pedal."""
    listen: tuple[int, ...] = ()
    """The channels that are heard; none: all."""
    lowest_key: int = 0
    highest_key: int = 127
    """The keys that are heard."""
    temperature: float = 1.0
    top_p: float = 0.95
    style: str = ""
    key: str = ""
    """The key to answer in, by its name; empty: the player's."""
    similarity: float = AS_MEASURED.similarity
    key_lean: float = AS_MEASURED.key_lean
    register: float | None = AS_MEASURED.register
    density: float | None = AS_MEASURED.density
    velocity: float | None = AS_MEASURED.velocity
    ending: float = AS_MEASURED.ending
    originality: int | None = AS_MEASURED.originality
    temperature_each: str = ""
    """Other temperatures for some attributes, as `each_from` reads them; and so ``top_p_each``."""
    top_p_each: str = ""
    seed: int = 0
    brush_velocity: int = 20
    brush_length: Seconds = Seconds(0.080)
    lead: Seconds = Seconds(0.080)
    """How far ahead of its first note an answer is asked for at least; more where the model is slow."""
