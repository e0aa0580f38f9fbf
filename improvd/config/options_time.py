"""The options of time: where the beat comes from, who is told of it, who plays when, how answers lie on the beat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from improvd.config.kinds import Choice, Metre, Number, Switch
from improvd.config.option import Change, Group, described
from improvd.config.systems import AUTO
from improvd.core.feel import STRAIGHT, SWUNG_MOST
from improvd.core.settings import EngineSettings, Mode, Sync

_DUET: Final = EngineSettings()

_at_start = partial(described, group=Group.TIME)
_at_once = partial(described, group=Group.TIME, change=Change.NOW)
_next_call = partial(described, group=Group.TIME, change=Change.NEXT)


@dataclass(frozen=True, kw_only=True, repr=False)
class TimeOptions:
    """A duet's time; humanise in milliseconds."""

    bpm: float | None = _next_call(
        _DUET.bpm,
        Number(20, 400, " beats a minute", AUTO),
        "The tempo in quarter notes a minute; auto: yours, the clock's, the session's, or 100 where improvd leads.",
    )
    sync: str = _next_call(
        _DUET.sync.value,
        Choice(tuple(sync.value for sync in Sync)),
        "Where the beat comes from: your playing, a MIDI clock, improvd, which then leads, or an Ableton Link session.",
    )
    count_in: float = _at_start(_DUET.count_in, Number(0, 8), "How many bars improvd counts in where it leads.")
    meter: str = _next_call("4/4", Metre(), "The metre: 3/4, 6/8, 5/4, …; a number alone counts quarter notes.")
    mode: str = _next_call(
        _DUET.mode.value,
        Choice(tuple(mode.value for mode in Mode)),
        "Who plays when: an answer to each call, so many bars each, on until you return, or along with you.",
    )
    bars: int = _next_call(_DUET.bars, Number(1, 64, whole=True), "How many bars each of you has, with --mode trade.")
    swing: float = _next_call(
        _DUET.swing,
        Number(STRAIGHT, SWUNG_MOST),
        "Where in a beat the second eighth of answers falls: 0.5 is straight, 0.67 swings in triplets.",
    )
    quantise: float = _next_call(
        _DUET.quantise, Number(0, 1), "How much answers are drawn to sixteenths and triplets: 0 not at all, 1 wholly."
    )
    humanise: float = _next_call(
        1000 * float(_DUET.humanise),
        Number(0, 30, " ms"),
        "How loosely answers are timed, by chance, in milliseconds; none is off by more than twice that.",
    )
    min_bars: float = _next_call(_DUET.min_bars, Number(0.25, 64), "The shortest answer, in bars.")
    max_bars: float = _next_call(_DUET.max_bars, Number(0.25, 64), "The longest answer, in bars.")


@dataclass(frozen=True, kw_only=True, repr=False)
class ClockOptions:
    """The beat as others are told of it."""

    clock_out: bool = _at_once(
        False, Switch(), "Send a MIDI clock, with Start and Stop, to the synth's port, whoever the beat comes from."
    )
    click: bool = _at_once(False, Switch(), "A metronome, whoever the beat comes from.")
    click_channel: int = _at_once(10, Number(1, 16, whole=True), "The metronome's channel; 10 is that of drums.")
