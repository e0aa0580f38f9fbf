"""From the options, in the units of players, to what the duet goes by."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from improvd.config.musical import channels_in, keys_in
from improvd.core.events import Seconds
from improvd.core.meter import meter_named
from improvd.core.pedalling import Pedal
from improvd.core.schedule import ScheduleLimits
from improvd.core.settings import EngineSettings, Mode, Sync

if TYPE_CHECKING:
    from improvd.config.options import DuetOptions, RunOptions


def engine_settings(options: DuetOptions) -> EngineSettings:
    """How improvd listens and answers; where no seed is told, a new one each time."""
    meter = meter_named(options.meter)
    return EngineSettings(
        mode=Mode(options.mode),
        bars=options.bars,
        patience=options.patience,
        leave_endings=options.leave_endings,
        comp_below=options.comp_below,
        chords=options.chords,
        sync=Sync(options.sync),
        count_in=options.count_in,
        swing=options.swing,
        quantise=options.quantise,
        humanise=Seconds(options.humanise / 1000),
        output_latency=Seconds(options.output_latency / 1000),
        bpm=options.bpm,
        beats_per_bar=meter.bar,
        tap=meter.tap,
        min_bars=options.min_bars,
        max_bars=options.max_bars,
        channel=options.channel - 1,
        pedal=Pedal(options.pedal),
        listen=channels_in(options.listen_channel),
        lowest_key=keys_in(options.listen_keys)[0],
        highest_key=keys_in(options.listen_keys)[1],
        temperature=options.temperature,
        top_p=options.top_p,
        style=options.style,
        key=options.key,
        similarity=options.similarity,
        key_lean=options.key_lean,
        register=options.register,
        density=options.density,
        velocity=options.velocity,
        ending=options.ending,
        originality=options.originality,
        temperature_each=options.temperature_each,
        top_p_each=options.top_p_each,
        seed=seed_of(options.seed),
        brush_velocity=options.brush_velocity,
        brush_length=Seconds(options.brush_length),
    )


def seed_of(told: int | None) -> int:
    """A seed as told, or a new one each time."""
    return int.from_bytes(os.urandom(4), "little") if told is None else told


def schedule_limits(options: RunOptions) -> ScheduleLimits:
    """What may still sound, and how long."""
    return ScheduleLimits(late_limit=Seconds(options.late_limit), longest_note=Seconds(options.longest_note))
