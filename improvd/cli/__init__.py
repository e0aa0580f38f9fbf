"""The command line. Each command stands in a module of its own and imports what is heavy only when it runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from improvd import __version__
from improvd.cli import (
    bench,
    calibrate,
    config,
    control,
    doctor,
    generate,
    learn,
    models,
    originality,
    ports,
    rehearse,
    run,
    service,
    sessions,
    tempo,
    train,
)
from improvd.cli import eval as evaluation
from improvd.cli.options import EPILOG, Grouped
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    help="A partner that improvises with you over MIDI.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (run.run, rehearse.rehearse, generate.generate, bench.bench, config.config, learn.learn):
    app.command(cls=Grouped, epilog=EPILOG)(command)
for command in (ports.ports, train.train, tempo.tempo, originality.originality):
    app.command()(command)
app.command("eval")(evaluation.evaluate)
for command in (control.status, control.panic, control.mute, control.press, control.reload, control.stop):
    app.command()(command)
app.command("set")(control.set_)
app.command()(doctor.doctor)
app.command()(calibrate.calibrate)
app.add_typer(service.app, name="service")
app.add_typer(sessions.app, name="sessions")
app.add_typer(models.app, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"improvd {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """A partner that improvises with you over MIDI."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 where all went well, 2 for what the user can mend, 1 for what only we can.

    Whatever goes wrong is one line on stderr; ``--debug`` adds the traceback.
    """
    if arguments is None:
        arguments = sys.argv[1:]
        # For the processes that we start: Python would look for their modules in the current folder first, and run a
        # numpy.py that lies among somebody's music. (3.10 doesn't heed it.)
        os.environ["PYTHONSAFEPATH"] = "1"
    try:
        return int(app(args=list(arguments) or ["--help"], standalone_mode=False) or 0)
    except UserError as error:
        return _complain(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:  # noqa: BLE001  the outermost frame: a traceback is not for players
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # the command line itself is wrong
            return _complain(str(error.format_message()), int(error.exit_code))
        if "--debug" in arguments or os.environ.get("IMPROVD_DEBUG"):
            import traceback  # noqa: PLC0415  only here

            traceback.print_exc()
        return _complain(f"unexpected {type(error).__name__}: {error} (more with --debug)", 1)


def _complain(message: str, status: int) -> int:
    line = " ".join(message.split())
    if line:
        typer.echo(f"improvd: {line}", err=True)
    return status
