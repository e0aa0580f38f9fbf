"""`improvd service`: improvd as a service of systemd."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from improvd.errors import UserError

if TYPE_CHECKING:
    from improvd.service.unit import Scope

LINGERING = Path("/var/lib/systemd/linger")
"""Holds a file for each user whose services start at boot."""

System = Annotated[
    bool, typer.Option("--system", help="The machine's service, from boot and for all, instead of your own.")
]

app = typer.Typer(
    help="Run improvd as a service of systemd: started by itself, and again after a crash.", rich_markup_mode=None
)


@app.command()
def install(
    *,
    system: System = False,
    start: Annotated[bool, typer.Option(help="Start it at once, and from now on by itself.")] = True,
) -> None:
    """Put the unit where systemd looks, with the command as it is here, and start it."""
    from improvd.service import unit  # noqa: PLC0415  only this command needs it
    from improvd.service.manager import Manager  # noqa: PLC0415  as above

    scope = _scope(system)
    manager, words, path = Manager(scope), unit.command(), unit.place(scope, os.environ)
    if system:
        unit.check_visible(words)
    unit.write(path, unit.filled(unit.shipped(scope), words))
    manager.ask("daemon-reload")
    typer.echo(f"installed {path}")
    if not start:
        return
    manager.ask("enable", unit.NAME)
    try:
        manager.ask("restart", unit.NAME)
    except UserError:
        flag = " --system" if system else ""
        raise UserError(f"it is installed and does not start: see improvd service logs{flag}") from None
    typer.echo(f"running: {manager.facts('StatusText')['StatusText']}")
    if not system:
        boot = (LINGERING / getpass.getuser()).exists()
        typer.echo("starts at boot" if boot else "starts when you log in; at boot, after: loginctl enable-linger")


@app.command()
def uninstall(*, system: System = False) -> None:
    """Stop it, and take the unit away; the configuration and what was recorded stay."""
    from improvd.service import unit  # noqa: PLC0415  only this command needs it
    from improvd.service.manager import Manager  # noqa: PLC0415  as above

    scope = _scope(system)
    manager, path = Manager(scope), unit.place(scope, os.environ)
    if not path.exists():
        raise UserError(f"there is no service to uninstall: no {path}")
    unit.check_ours(path)
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"{path}: only root can remove it; run it with sudo")
    manager.ask("disable", "--now", unit.NAME)
    path.unlink()
    manager.ask("daemon-reload")
    typer.echo(f"removed {path}")


@app.command()
def status(*, system: System = False) -> None:
    """Show whether it runs, what it is at, and its newest lines; the exit status is systemctl's."""
    from improvd.service.manager import Manager  # noqa: PLC0415  only this command needs it
    from improvd.service.unit import NAME  # noqa: PLC0415  as above

    raise typer.Exit(Manager(_scope(system)).pass_on("systemctl", "--no-pager", "status", NAME))


@app.command()
def logs(
    *,
    system: System = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the newest.", min=0)] = 50,
) -> None:
    """Show what it told."""
    from improvd.service.manager import Manager  # noqa: PLC0415  only this command needs it

    arguments = ["--no-pager", f"--lines={lines}", *(["--follow"] if follow else [])]
    raise typer.Exit(Manager(_scope(system)).logs(arguments))


def _scope(system: bool) -> Scope:
    from improvd.service.unit import Scope  # noqa: PLC0415  only these commands need it

    if not system and os.geteuid() == 0 and os.environ.get("SUDO_USER"):
        raise UserError("with sudo this would be root's own service: leave out sudo, or say --system")
    return Scope.SYSTEM if system else Scope.USER
