"""`improvd bench`: how quick and how punctual this machine is."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from improvd.cli.options import Json, configured
from improvd.config.layers import Chosen  # noqa: TC001  typer reads the annotations
from improvd.config.options_music import ModelOptions


@configured(ModelOptions)
def bench(
    chosen: Chosen[ModelOptions],
    *,
    as_json: Json = False,
    deadlines: Annotated[int, typer.Option(help="Messages to time in each of six measurements.", min=100)] = 5000,
) -> None:
    """Measure how quick and how punctual improvd is on this machine. Takes one to two minutes."""
    from improvd.daemon import bench  # noqa: PLC0415  only this command needs it

    model = chosen.options.model
    figures = bench.measure(model, lambda what: typer.echo(f"measuring: {what}", err=True), deadlines)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        for line in bench.table(figures):
            typer.echo(line)
