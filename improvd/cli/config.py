"""`improvd config`: what holds, and where it comes from."""

from __future__ import annotations

import json as json_format
from typing import Annotated

import typer

from improvd.cli.options import Json, configured
from improvd.config.layers import Chosen  # noqa: TC001  typer reads the annotations
from improvd.config.options import RunOptions


def _print_example(wanted: bool) -> None:
    """Before any file is read: who has made a mistake in theirs needs it most."""
    if wanted:
        from improvd.config import file, text  # noqa: PLC0415  only this command needs it

        typer.echo(text.example(file.default_path()))
        raise typer.Exit


@configured(RunOptions)
def config(
    chosen: Chosen[RunOptions],
    *,
    as_json: Json = False,
    _example: Annotated[
        bool,
        typer.Option(
            "--example",
            callback=_print_example,
            is_eager=True,
            help="Print a file to start from, with every option, its default and what it means, and end.",
        ),
    ] = False,
) -> None:
    """Show what `improvd run` with the same options would go by, and where each value comes from.

    What is printed is itself a configuration file.
    """
    from improvd.config import text  # noqa: PLC0415  only this command needs it

    if as_json:
        typer.echo(json_format.dumps(text.as_json(chosen), indent=2))
    else:
        typer.echo(text.listing(chosen))
