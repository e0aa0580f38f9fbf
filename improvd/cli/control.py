"""`improvd status`, `panic`, `mute`, `set`, `press`, `reload`, `stop`: talking to the session that is running."""

from __future__ import annotations

import json as json_format
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from improvd.cli.options import Json, option
from improvd.core.binding import COMMANDS

if TYPE_CHECKING:
    from improvd.control.client import Connection

EVERY = 1.0
"""Seconds between two looks at a session that is watched."""
LOADING = 65.0
"""The longest that another model may take until it plays, or is given up."""
FAREWELL = 15.0
"""The longest that a session may take to end, its processes and the last note's off included."""
CLEAR = "\x1b[H\x1b[J"

Socket = Annotated[Path | None, option("--socket", "The session's socket, where several are running.", metavar="FILE")]


def _connected(socket: Path | None) -> closing[Connection]:
    from improvd.control.client import Connection, find  # noqa: PLC0415  only these commands need it

    return closing(Connection(find(socket)))


def status(
    *,
    socket: Socket = None,
    as_json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing it, each second.")] = False,
) -> None:
    """Show how the running session is: its ports, tempo, notes, lateness, memory."""
    from improvd.control.client import GoneError  # noqa: PLC0415  only this command needs it
    from improvd.control.shown import shown  # noqa: PLC0415  as above

    with _connected(socket) as session:
        while True:
            try:
                found = session.ask("status")
            except GoneError:
                if watch:
                    return
                raise
            if as_json:
                typer.echo(json_format.dumps(found, indent=None if watch else 2))
            else:
                typer.echo((CLEAR if watch and sys.stdout.isatty() else "") + shown(found))
            if not watch:
                return
            time.sleep(EVERY)


def panic(*, socket: Socket = None) -> None:
    """Silence the synth at once, on all channels, whatever sounds there."""
    with _connected(socket) as session:
        session.ask("panic")
    typer.echo("silenced")


def mute(*, socket: Socket = None, off: Annotated[bool, typer.Option("--off", help="Answer again.")] = False) -> None:
    """Have it listen on without answering; --off: answer again."""
    with _connected(socket) as session:
        session.ask("mute", on=not off)
    typer.echo("it answers again" if off else "muted: it listens, and answers nothing until improvd mute --off")


def set_(
    name: Annotated[str, typer.Argument(help="An option, as improvd config lists them.")],
    value: Annotated[str, typer.Argument(help="Its value, as in a configuration file.")],
    *,
    socket: Socket = None,
) -> None:
    """Change an option while it plays: improvd set temperature 0.8."""
    from improvd.config.live import parsed  # noqa: PLC0415  only this command needs it

    plain = parsed(name, value)
    if name == "model" and len(Path(value).parts) > 1:  # a folder, which improvd would look for where it was started
        plain = str(Path(value).expanduser().absolute())
    with _connected(socket) as session:
        done = session.ask("set", name=name, value=plain, patience=LOADING)
    typer.echo(f"{name} {done['value']} {done['holds']}")


def press(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(COMMANDS)}.", metavar="COMMAND")],
    *,
    socket: Socket = None,
) -> None:
    """Do what a pedal or a pad can be bound to: improvd press again."""
    from improvd.config.live import command  # noqa: PLC0415  only this command needs it

    command(name)
    with _connected(socket) as session:
        session.ask("press", name=name)
    typer.echo(f"pressed {name}")


def reload(*, socket: Socket = None) -> None:
    """Have it read its configuration again, without cutting a note."""
    with _connected(socket) as session:
        typer.echo(session.ask("reload")["line"])


def stop(*, socket: Socket = None) -> None:
    """End it: what sounds is released first."""
    with _connected(socket) as session:
        session.ask("stop")
        session.wait_for_the_end(FAREWELL)
    typer.echo("stopped")
