"""`improvd rehearse`: the duet in virtual time."""

from __future__ import annotations

import json as json_format
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from improvd.cli.options import Json, configured
from improvd.config.layers import Chosen  # noqa: TC001  typer reads the annotations
from improvd.config.options import RehearseOptions
from improvd.config.settings import engine_settings
from improvd.core.events import Seconds
from improvd.core.schedule import ScheduleLimits

if TYPE_CHECKING:
    from improvd.core.events import TurnEnded


@configured(RehearseOptions)
def rehearse(
    chosen: Chosen[RehearseOptions],
    played: Annotated[Path, typer.Argument(help="What you play: a MIDI file, or a trace of `improvd run`.")],
    *,
    # Not to be had by environment: IMPROVD_OUT names a port there, and must not become a file here.
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write both parts to this MIDI file.")] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Wait for each answer, as a person would.")] = False,
    json: Json = False,
) -> None:
    """Play a MIDI file to improvd in virtual time and keep the duet; or play a trace again as it was.

    The same file, model and seed give the same bytes.
    """
    from improvd.rehearsal.run import RehearseSettings  # noqa: PLC0415  only this command needs it
    from improvd.rehearsal.run import rehearse as perform  # noqa: PLC0415  as above

    performance = perform(
        RehearseSettings(
            played=played,
            out=out,
            hold=hold,
            model=chosen.options.model,
            engine=engine_settings(chosen.options),
            limits=ScheduleLimits(longest_note=Seconds(chosen.options.longest_note)),
        )
    )
    if json:
        typer.echo(json_format.dumps(performance.as_json(), indent=1))
    else:
        for turn in performance.turns:
            typer.echo(_line(turn))
        if not performance.turns:
            typer.echo("No call, so no answer: nothing was played that improvd would answer.")


def _line(turn: TurnEnded) -> str:
    call = f"{turn.call_start:8.2f} s  {turn.call_notes:3} notes, {turn.call_beats:4.1f} beats at {turn.bpm:5.1f} bpm"
    if turn.response_onset is None:
        return f"{call}  -> no answer ({turn.reason})"
    answer = f"{turn.response_notes} notes, {turn.response_beats:.1f} beats, {turn.reason}"
    return f"{call}  -> {turn.response_onset:8.2f} s  {answer}"
