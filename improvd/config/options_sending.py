"""The options of what is sent: where and how answers sound, and what else goes to the synth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from improvd.config.kinds import Choice, Number, Switch
from improvd.config.option import Change, Group, described
from improvd.core.pedalling import Pedal
from improvd.core.schedule import ScheduleLimits
from improvd.core.settings import EngineSettings

_DUET: Final = EngineSettings()
_LIMITS: Final = ScheduleLimits()

_at_start = partial(described, group=Group.SENDING)
_next_call = partial(described, group=Group.SENDING, change=Change.NEXT)
_at_once = partial(described, group=Group.SENDING, change=Change.NOW)


@dataclass(frozen=True, kw_only=True, repr=False)
class SendingOptions:
    """How answers sound; output_latency in milliseconds, longest_note in seconds, channels 1–16."""

    output_latency: float = _next_call(
        1000 * float(_DUET.output_latency),
        Number(0, 500, " ms"),
        "How long the synth takes to sound, in milliseconds: answers and clicks are sent so much earlier.",
    )
    channel: int = _next_call(_DUET.channel + 1, Number(1, 16, whole=True), "The channel to answer on.")
    pedal: str = _next_call(
        _DUET.pedal.value,
        Choice(tuple(pedal.value for pedal in Pedal)),
        "Whether answers use the sustain pedal; auto: where you do, or the style has it.",
    )
    longest_note: float = _at_start(
        float(_LIMITS.longest_note), Number(0.05, 120, " s"), "End every note after this, in seconds."
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class SynthOptions:
    """What the synth is sent beside answers, and what it is spared; late_limit in seconds, channels 1–16."""

    thru: bool = _at_start(
        False, Switch(), "Pass what is played on to the synth, pedals and all, but for what is bound in [controls]."
    )
    program: int | None = _at_once(
        None,
        Number(1, 128, whole=True, word="none"),
        "The sound of the answers: a program of the synth, sent when it is opened; none: as it stands.",
    )
    bank: int | None = _at_once(None, Number(0, 16383, whole=True, word="none"), "The bank of that program.")
    state_channel: int | None = _at_once(
        None,
        Number(1, 16, whole=True, word="none"),
        "A channel on which controllers 102 to 105 tell the synth's port whose turn it is, and each beat.",
    )
    late_limit: float = _at_start(
        float(_LIMITS.late_limit), Number(0, 1, " s"), "Drop a note that would come later than this, in seconds."
    )
