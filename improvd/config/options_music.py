"""The options of what is played: the model, how daring it is, in what manner, over which harmony."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from improvd.config.kinds import Number, Text
from improvd.config.musical import Chords, KeyName, PerAttribute
from improvd.config.option import Change, Group, described
from improvd.config.systems import AUTO
from improvd.core.settings import EngineSettings

_DUET: Final = EngineSettings()

knob = partial(described, group=Group.MUSIC, change=Change.NOW)
_next_call = partial(described, group=Group.MUSIC, change=Change.NEXT)
_model = partial(described, group=Group.MUSIC, change=Change.LOADED)
seeded = partial(
    described,
    kind=Number(0, 2**63 - 1, whole=True, word="new"),
    text="The same seed and the same playing give the same answers; new: another one each time.",
    group=Group.MUSIC,
)


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelOptions:
    """What all commands that play a model share."""

    model: str = _model("default", Text("NAME"), "The model: its name or its folder.")


@dataclass(frozen=True, kw_only=True, repr=False)
class MusicOptions(ModelOptions):
    """What all that plays goes by, in a duet or alone."""

    temperature: float = knob(_DUET.temperature, Number(0.05, 4), "How daring it is: 1 as it learnt, less is tamer.")
    top_p: float = knob(_DUET.top_p, Number(0.01, 1), "Choose among the likeliest that make up this share.")
    style: str = knob(_DUET.style, Text("NAME"), "A style that the model knows.")
    temperature_each: str = knob(
        _DUET.temperature_each,
        PerAttribute(0.05, 4),
        "Another temperature for some attributes, as 'pitch 0.8, duration 1.1'.",
    )
    top_p_each: str = knob(
        _DUET.top_p_each, PerAttribute(0.01, 1), "Another such share for some attributes, as 'interval 0.8'."
    )
    similarity: float = knob(
        _DUET.similarity, Number(0, 1), "Whose phrases it plays: 0 only those it learnt, 1 only yours."
    )
    key_lean: float = knob(_DUET.key_lean, Number(0, 1), "How strictly it keeps to the key: 0 as it likes, 1 always.")
    register: float | None = knob(
        _DUET.register, Number(-48, 48, word="free"), "So many semitones above where you play; free: as it likes."
    )
    density: float | None = knob(
        _DUET.density, Number(0.25, 4, word="free"), "So many times as many notes as you play; free: as it likes."
    )
    velocity: float | None = knob(
        _DUET.velocity, Number(-100, 100, word="free"), "So much louder than you play, in velocity; free: as it likes."
    )
    ending: float = knob(
        _DUET.ending,
        Number(0, 1),
        "How surely it ends on a long, stable note on a strong beat: 0 as it happens, 1 always.",
    )
    originality: int | None = knob(
        _DUET.originality,
        Number(10, 1000, whole=True, word="off"),
        "At most so many notes in a row as in the music it learnt; off: any number.",
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class AnswerOptions(MusicOptions):
    """What answers go by beside that."""

    chords: str = _next_call(
        _DUET.chords,
        Chords(),
        "Chords that answers follow, round and round: bars with strokes between them, % for the one before.",
    )
    key: str = knob(_DUET.key, KeyName(AUTO), "The key to keep to; auto: yours.")
    seed: int | None = seeded(None)
