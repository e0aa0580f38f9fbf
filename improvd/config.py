"""What the player may set, checked: every command that plays builds its settings here.

Raises `UserError` with one line that names the option and what it allows.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from improvd.core.events import Beats, Seconds
from improvd.core.schedule import Instrument, ScheduleLimits
from improvd.core.settings import EngineSettings
from improvd.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

SLOWEST, FASTEST = 20.0, 400.0
"""Tempi that may be asked for, in beats a minute."""

AUTO = "auto"
INSTRUMENTS = (AUTO, Instrument.SAME.value, Instrument.SEPARATE.value)
DEFAULT_MODEL = "default"
DEFAULTS, LIMITS = EngineSettings(), ScheduleLimits()


@dataclass(frozen=True, slots=True)
class RunSettings:
    """All that `improvd run` was told. Ports are names or parts of names; None: a virtual port of our own."""

    input: str | None = None
    output: str | None = None
    api: str = AUTO
    model: str = DEFAULT_MODEL
    engine: EngineSettings = field(default_factory=EngineSettings)
    limits: ScheduleLimits = field(default_factory=ScheduleLimits)
    instrument: str = AUTO
    trace: Path | None = None


def engine_settings(  # the options as the player gives them, in the units of the command line
    *,
    bpm: float | None = None,
    meter: float = 4.0,
    min_bars: float = DEFAULTS.min_bars,
    max_bars: float = DEFAULTS.max_bars,
    channel: int = 1,
    listen_channel: int | None = None,
    temperature: float = DEFAULTS.temperature,
    top_p: float = DEFAULTS.top_p,
    style: str = DEFAULTS.style,
    seed: int | None = None,
    brush_velocity: int = DEFAULTS.brush_velocity,
    brush_length: float = DEFAULTS.brush_length,
) -> EngineSettings:
    """Channels are 1–16 here, lengths seconds; a ``seed`` of None is a new one each time."""
    if bpm is not None:
        _within("--bpm", bpm, SLOWEST, FASTEST, " beats a minute")
    _within("--meter", meter, 1.0, 16.0, " beats a bar")
    _within("--min-bars", min_bars, 0.25, 64.0)
    _within("--max-bars", max_bars, 0.25, 64.0)
    if min_bars > max_bars:
        raise UserError(f"--min-bars {min_bars:g} is more than --max-bars {max_bars:g}")
    _within("--channel", channel, 1, 16)
    if listen_channel is not None:
        _within("--listen-channel", listen_channel, 1, 16)
    _within("--temperature", temperature, 0.05, 4.0)
    _within("--top-p", top_p, 0.01, 1.0)
    _within("--brush-velocity", brush_velocity, 0, 127)
    _within("--brush-length", brush_length, 0.0, 1.0, " s")
    if seed is not None:
        _within("--seed", seed, 0, 2**63 - 1)
    return EngineSettings(
        bpm=bpm,
        beats_per_bar=Beats(meter),
        min_bars=min_bars,
        max_bars=max_bars,
        channel=channel - 1,
        listen=None if listen_channel is None else listen_channel - 1,
        temperature=temperature,
        top_p=top_p,
        style=style,
        seed=int.from_bytes(os.urandom(4), "little") if seed is None else seed,
        brush_velocity=brush_velocity,
        brush_length=Seconds(brush_length),
    )


def schedule_limits(
    *,
    late_limit: float = LIMITS.late_limit,
    longest_note: float = LIMITS.longest_note,
) -> ScheduleLimits:
    """Both in seconds."""
    _within("--late-limit", late_limit, 0.0, 1.0, " s")
    _within("--longest-note", longest_note, 0.05, 120.0, " s")
    return ScheduleLimits(late_limit=Seconds(late_limit), longest_note=Seconds(longest_note))


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """``value``, which must be among ``allowed``."""
    if value not in allowed:
        raise UserError(f"{option} must be one of {', '.join(allowed)}, not '{value}'")
    return value


def _within(option: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise UserError(f"{option} must be from {low:g} to {high:g}{unit}, not {value:g}")
