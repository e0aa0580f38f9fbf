"""`improvd ports`: what there is to play on."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from improvd.cli.options import Json, option
from improvd.config.kinds import Choice, fit
from improvd.config.systems import AUTO, SYSTEMS
from improvd.errors import UserError


def ports(
    *,
    as_json: Json = False,
    api: Annotated[str, option("--api", "Only this MIDI system: alsa, jack, core or winmm.")] = AUTO,
) -> None:
    """List MIDI inputs and outputs by MIDI system."""
    from improvd.daemon.portnames import shown  # noqa: PLC0415  only this command needs it
    from improvd.daemon.probe import probe  # noqa: PLC0415  as above

    try:
        Choice((AUTO, *SYSTEMS)).parse(api)
    except ValueError as error:
        raise UserError(f"--api {error}") from None
    found = probe() if api == AUTO else probe([api])
    if as_json:
        typer.echo(json.dumps({name: system.as_json() for name, system in found.items()}, indent=2))
        return
    for name, system in found.items():
        typer.echo(f"{shown(name)}: {system.problem}" if system.problem else shown(name))
        for direction, names in (("in ", system.inputs), ("out", system.outputs)):
            for port in names:
                typer.echo(f"  {direction}  {fit(port)}")
        if not (system.problem or system.inputs or system.outputs):
            typer.echo("  no ports")
