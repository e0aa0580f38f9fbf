"""`improvd doctor`: what a duet stands on, and what to do where it doesn't hold."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from improvd.cli.options import Json  # noqa: TC001  typer reads the annotations
from improvd.config.layers import Told
from improvd.config.options import CONFIG, PROFILE

WIDTH = 14
"""Of the column that says what was looked at; the longest is "system service"."""


def doctor(
    *,
    as_json: Json = False,
    config: Annotated[str | None, typer.Option(CONFIG.flag, help=CONFIG.help, metavar="FILE")] = None,
    profile: Annotated[str | None, typer.Option(PROFILE.flag, help=PROFILE.help, metavar="NAME")] = None,
) -> None:
    """Check all that `improvd run` stands on, a line each, with what to do where something is amiss.

    "!" is where improvd can't play so, and makes the exit status 1; "?" is where it could play better. Takes some
    seconds and changes nothing.
    """
    from improvd.doctor.examination import examine  # noqa: PLC0415  only this command needs it
    from improvd.doctor.finding import Grade  # noqa: PLC0415  as above

    given = {CONFIG.field: config, PROFILE.field: profile}
    told = Told({name: value for name, value in given.items() if value is not None}, os.environ)
    findings = []
    for finding in examine(told):
        findings.append(finding)
        if not as_json:
            typer.echo(finding.line(WIDTH))
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    raise typer.Exit(any(finding.grade is Grade.BAD for finding in findings))
