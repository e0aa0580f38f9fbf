"""`improvd run`: the duet."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, TextIO

from improvd.cli import options  # noqa: TC001  typer reads the annotations
from improvd.cli.options import option
from improvd.config import (
    AUTO,
    DEFAULT_MODEL,
    DEFAULTS,
    INSTRUMENTS,
    LIMITS,
    RunSettings,
    engine_settings,
    one_of,
    schedule_limits,
)
from improvd.core.events import Seconds


def run(
    *,
    input_name: Annotated[
        str | None, option("--in", "The keyboard: a MIDI input's name or part of it; left out: a port 'improvd in'.")
    ] = None,
    output_name: Annotated[
        str | None, option("--out", "The synth: a MIDI output's name or part of it; left out: a port 'improvd out'.")
    ] = None,
    api: Annotated[str, option("--api", "The MIDI system: alsa, jack, core or winmm (see: improvd ports).")] = AUTO,
    instrument: Annotated[
        str, option("--instrument", f"Whether keyboard and synth are one instrument: {', '.join(INSTRUMENTS)}.")
    ] = AUTO,
    model: options.Model = DEFAULT_MODEL,
    bpm: options.Bpm = DEFAULTS.bpm,
    meter: options.Meter = DEFAULTS.beats_per_bar,
    min_bars: options.MinBars = DEFAULTS.min_bars,
    max_bars: options.MaxBars = DEFAULTS.max_bars,
    channel: options.Channel = DEFAULTS.channel + 1,
    listen_channel: options.ListenChannel = None,
    temperature: options.Temperature = DEFAULTS.temperature,
    top_p: options.TopP = DEFAULTS.top_p,
    style: options.Style = DEFAULTS.style,
    seed: options.Seed = None,
    brush_velocity: options.BrushVelocity = DEFAULTS.brush_velocity,
    brush_length: options.BrushLength = DEFAULTS.brush_length,
    late_limit: options.LateLimit = LIMITS.late_limit,
    longest_note: options.LongestNote = LIMITS.longest_note,
    trace: options.Trace = None,
    quiet: Annotated[bool, option("--quiet", "Print nothing but errors.")] = False,
    debug: options.Debug = False,
) -> None:
    """Listen to a keyboard and answer each phrase, on the beat. Ctrl-C ends it."""
    from improvd.daemon.portnames import NULL, SYSTEMS  # noqa: PLC0415  only this command needs it

    settings = RunSettings(
        input=input_name or None,
        output=output_name or None,
        api=one_of("--api", api, (AUTO, *SYSTEMS, NULL)),
        model=model,
        engine=engine_settings(
            bpm=bpm,
            meter=meter,
            min_bars=min_bars,
            max_bars=max_bars,
            channel=channel,
            listen_channel=listen_channel,
            temperature=temperature,
            top_p=top_p,
            style=style,
            seed=seed,
            brush_velocity=brush_velocity,
            brush_length=brush_length,
        ),
        limits=schedule_limits(late_limit=late_limit, longest_note=longest_note),
        instrument=one_of("--instrument", instrument, INSTRUMENTS),
        trace=trace,
    )
    _play(settings, quiet=quiet, debug=debug)


def _play(settings: RunSettings, *, quiet: bool, debug: bool) -> None:
    from improvd.daemon.lines import LineWriter  # noqa: PLC0415  as above
    from improvd.daemon.realtime import ENGINE_NICENESS, be_nice  # noqa: PLC0415  as above
    from improvd.daemon.session import Session  # noqa: PLC0415  as above

    # Before any thread is started: one that kept its priority could hold Python's lock while others have the core.
    be_nice(ENGINE_NICENESS)
    # A terminal or a pipe that is gone ends the duet; a full disk only costs its lines.
    screen = LineWriter(
        _descriptor(sys.stdout), lambda error: session.stop() if error.errno in (errno.EIO, errno.EPIPE) else None
    )
    details = LineWriter(_descriptor(sys.stderr), lambda _error: None)
    session = Session(
        settings,
        say=(lambda _line: None) if quiet else screen.write,
        debug=details.write if debug else (lambda _line: None),
    )
    try:
        session.run()
    finally:
        for lines in (screen, details):
            lines.close(Seconds(0.5))


def _descriptor(stream: TextIO | None) -> int:
    """Where to write; nowhere where we were started with that stream closed."""
    return os.open(os.devnull, os.O_WRONLY) if stream is None else stream.fileno()
