"""`improvd config`: what holds, and where it comes from."""

from __future__ import annotations

import json as json_format
from typing import Annotated

import typer

from improvd.cli.options import Json, configured
from improvd.config.layers import Chosen  # noqa: TC001  as above
from improvd.config.options import RunOptions


@configured(RunOptions)
def config(
    chosen: Chosen[RunOptions],
    *,
    as_json: Json = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print a file to start from: every option, its default, what it means.")
    ] = False,
) -> None:
    """Show what `improvd run` with the same options would go by, and where each value comes from.

    What is printed is itself a configuration file.
    """
    from improvd.config import text  # noqa: PLC0415  only this command needs it

    if example:
        typer.echo(text.example(chosen.path))
    elif as_json:
        typer.echo(json_format.dumps(text.as_json(chosen), indent=2))
    else:
        typer.echo(text.listing(chosen))
