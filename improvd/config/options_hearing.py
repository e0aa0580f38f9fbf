"""The options of what is heard: which keys and channels count, and when a call is over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from improvd.config.kinds import Number, Switch
from improvd.config.musical import Channels, KeyRange, PitchName
from improvd.config.option import Change, Group, described
from improvd.core.settings import EngineSettings

_DUET: Final = EngineSettings()

_at_start = partial(described, group=Group.LISTENING)
_next_call = partial(described, group=Group.LISTENING, change=Change.NEXT)


@dataclass(frozen=True, kw_only=True, repr=False)
class HearingOptions:
    """How a duet's player is heard; brush_length in seconds, channels 1–16."""

    listen_channel: str = _next_call("", Channels("all"), "The only channels to listen to.")
    listen_keys: str = _next_call("", KeyRange("all"), "The only keys to listen to, C4 being the middle one.")
    patience: float = _next_call(
        _DUET.patience,
        Number(0.5, 3),
        "How long a silence may be before it is the end of a call: 1 as measured, less answers sooner.",
    )
    leave_endings: bool = _next_call(
        _DUET.leave_endings, Switch(), "Leave a last chord after a ritardando as the end: it is not answered."
    )
    comp_below: int | None = _next_call(
        _DUET.comp_below,
        PitchName("off"),
        "Keys below this one accompany: heard as harmony, they stop no answer and open no call.",
    )
    brush_velocity: int = _next_call(
        _DUET.brush_velocity,
        Number(0, 127, whole=True),
        "A key no louder than this, and as short as a brush, is one: it neither stops an answer nor opens a call.",
    )
    brush_length: float = _next_call(
        float(_DUET.brush_length), Number(0, 1, " s"), "How long a brush may be, in seconds."
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class KeyboardOptions:
    """What becomes of the keyboard before it is heard."""

    transpose: int = _at_start(
        0,
        Number(-48, 48, " semitones", whole=True),
        "How many semitones higher than its keys the keyboard is heard, and passed through.",
    )
