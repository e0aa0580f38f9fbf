"""`improvd learn`: a control is bound by moving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from improvd.cli.control import Socket  # noqa: TC001  typer reads the annotations
from improvd.cli.options import configured
from improvd.config.layers import Chosen  # noqa: TC001  as above
from improvd.config.options import RunOptions
from improvd.core.events import MidiEvent, Seconds

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from improvd.control.client import Connection
    from improvd.core.binding import Binding

_Target = Annotated[str, typer.Argument(help="What to bind: an option that can change while it plays, or a command.")]
_Value = Annotated[str | None, typer.Option("--value", help="Set the option to this when the control is pressed.")]


@configured(RunOptions)
def learn(
    chosen: Chosen[RunOptions],
    target: _Target,
    *,
    socket: Socket = None,
    value: _Value = None,
    follows: Annotated[
        bool, typer.Option("--follows", help="It has a motor or lamps, and is told what it is bound to.")
    ] = False,
) -> None:
    """Bind a knob, a pad or a pedal by moving it, and write that into the configuration.

    Through the session that is running, or else by listening to the keyboard itself.
    """
    from contextlib import closing  # noqa: PLC0415  only this command needs these

    from improvd.config.controls import new_binding, turns  # noqa: PLC0415  as above
    from improvd.config.live import LIVE  # noqa: PLC0415  as above
    from improvd.core.binding import Control  # noqa: PLC0415  as above
    from improvd.core.events import CONTROL  # noqa: PLC0415  as above
    from improvd.core.learning import Learner  # noqa: PLC0415  as above
    from improvd.errors import UserError  # noqa: PLC0415  as above

    # What can't be bound is told before anybody moves anything.
    new_binding(target, Control(CONTROL, 0), value, LIVE, follows=follows)
    knob = value is None and turns(target, LIVE)
    session = _session(socket)
    typer.echo(f"{'turn the knob' if knob else 'press what'} is to be {target}", err=True)
    learner = Learner(knob=knob)
    events = _heard(session) if session else _overheard(chosen.options)
    with closing(events):
        control = next((found for event in events if (found := learner.hear(event))), None)
    if control is None:
        raise UserError("the session has ended; nothing was bound")
    binding = new_binding(target, control, value, LIVE, follows=follows)
    typer.echo(_write(binding, chosen.path, chosen.profile))
    if session:
        typer.echo(session.ask("reload")["line"])
        session.close()


def _session(socket: Path | None) -> Connection | None:
    """The session that is meant; None where there is none and none was named."""
    from improvd.control import place  # noqa: PLC0415  only this command needs it
    from improvd.control.client import Connection, find  # noqa: PLC0415  as above

    return Connection(find(socket)) if socket or place.alive() else None


def _heard(session: Connection) -> Generator[MidiEvent, None, None]:
    """What the session hears, as music and from controls, until it ends."""
    from improvd.control.client import GoneError  # noqa: PLC0415  only this command needs it

    session.ask("watch", what=["heard", "moved"])
    try:
        for said in session.events():
            if not said.get("echo"):
                yield MidiEvent(Seconds(said["at"]), bytes(said["data"]))
    except GoneError:
        return


def _overheard(options: RunOptions) -> Generator[MidiEvent, None, None]:
    from improvd.daemon.overhear import overhear  # noqa: PLC0415  only this command needs it

    return overhear(options, lambda line: typer.echo(line, err=True))


def _write(binding: Binding, path: Path, profile: str) -> str:
    """Write a binding into the configuration; what was written, in a line. Raises `UserError`."""
    from improvd.config.binding_file import told, with_binding  # noqa: PLC0415  only this command needs it
    from improvd.config.file import CONTROLS, read, table  # noqa: PLC0415  as above
    from improvd.errors import UserError  # noqa: PLC0415  as above
    from improvd.whole import writing  # noqa: PLC0415  as above

    read(path)  # a mistake that was made since is told, not written over
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        after = with_binding(before, binding, profile)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path.resolve()) as file:
        file.write(after.encode())
    what = ", ".join(f"{key} {value}" for key, value in told(binding).items())
    return f"{path}: {table(profile, CONTROLS) if profile else f'[{CONTROLS}]'} {binding.target} is {what}"
