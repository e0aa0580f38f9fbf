"""`improvd calibrate`: how late the synth sounds."""

from __future__ import annotations

import json
import os
from statistics import median
from typing import Annotated

import typer

from improvd.cli.options import Json  # noqa: TC001  typer reads the annotations
from improvd.config.layers import Told, choose
from improvd.config.options import CONFIG, PROFILE, RunOptions
from improvd.config.settings import schedule_limits

FEWEST = 3
"""Notes that must come back for a figure to be one."""


def calibrate(
    *,
    input_: Annotated[
        str | None, typer.Option("--in", metavar="NAME", help="The input that can hear the synth.")
    ] = None,
    output: Annotated[str | None, typer.Option("--out", metavar="NAME", help="The synth.")] = None,
    api: Annotated[
        str | None, typer.Option("--api", metavar="NAME", help="The MIDI system (see: improvd ports).")
    ] = None,
    notes: Annotated[int, typer.Option("--notes", min=FEWEST, max=200, help="How many notes to play.")] = 20,
    as_json: Json = False,
    config: Annotated[str | None, typer.Option(CONFIG.flag, help=CONFIG.help, metavar="FILE")] = None,
    profile: Annotated[str | None, typer.Option(PROFILE.flag, help=PROFILE.help, metavar="NAME")] = None,
) -> None:
    """Play some notes and measure when the input hears them, for --output-latency.

    The input must hear what the synth sounds: a keyboard that sends back what it gets, a cable, or something that makes
    MIDI of what a microphone hears, whose own delay is measured with it. Exit status 1 where too little comes back.
    """
    from improvd.daemon.calibrate import measure  # noqa: PLC0415  only this command needs it
    from improvd.daemon.messages import OpenPorts  # noqa: PLC0415  as above

    given = {"inputs": input_, "output": output, "api": api, CONFIG.field: config, PROFILE.field: profile}
    told = Told({name: value for name, value in given.items() if value is not None}, os.environ)
    options = choose(RunOptions, told).options
    limits = schedule_limits(options)
    order = OpenPorts(
        api=options.api,
        inputs=options.inputs,
        output=options.output,
        instrument="separate",
        late_limit=limits.late_limit,
        longest_note=limits.longest_note,
        left_behind=(),
    )
    delays = [1000 * delay for delay in measure(order, options.channel - 1, notes)]
    enough = len(delays) >= FEWEST
    if as_json:
        figures = {"median_ms": round(median(delays), 2), "worst_ms": round(max(delays), 2)} if enough else {}
        typer.echo(json.dumps({"played": notes, "heard": len(delays), **figures}))
    elif enough:
        typer.echo(
            f"{len(delays)} of {notes} notes came back: after {median(delays):.1f} ms in the median, "
            f"{max(delays):.1f} ms at most.\nimprovd run --output-latency {round(median(delays))} plays early."
        )
    else:
        typer.echo(f"{len(delays)} of {notes} notes came back: can the input hear what the output plays?")
    raise typer.Exit(not enough)
