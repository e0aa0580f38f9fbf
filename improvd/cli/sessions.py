"""`improvd sessions`: what was played and kept."""

from __future__ import annotations

import json as json_format
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from improvd.cli.options import Json, option
from improvd.errors import UserError

if TYPE_CHECKING:
    from improvd.recorder.folder import Kept

app = typer.Typer(help="List, and render, what was played and kept.", add_completion=False, rich_markup_mode=None)

Folder = Annotated[
    Path | None, option("--recordings", "Where they are kept; without: where the configuration says.", metavar="FOLDER")
]
BOTH = "both"
PARTS = (BOTH, "player", "improvd")


@app.callback(invoke_without_command=True)
def sessions(context: typer.Context, *, folder: Folder = None, as_json: Json = False) -> None:
    """List what was played and kept, the newest last; render one: improvd sessions render NAME -o FILE."""
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    from improvd.recorder.finish import finish  # noqa: PLC0415  only this command needs it
    from improvd.recorder.folder import listed  # noqa: PLC0415  as above

    where = _folder(folder)
    if os.access(where, os.W_OK):  # otherwise they are another user's to finish
        finish(where)
    kept = listed(where)
    if as_json:
        typer.echo(json_format.dumps([_as_json(one) for one in kept], indent=2))
        return
    for one in kept:
        typer.echo(_line(one))
    typer.echo(f"{len(kept) or 'no'} {'session' if len(kept) == 1 else 'sessions'} in {where}")


@app.command()
def render(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The session's name, as improvd sessions lists it.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: .mid, or .wav for its sound.")],
    part: Annotated[str, typer.Option("--part", metavar="|".join(PARTS), help="Whose notes.")] = BOTH,
    soundfont: Annotated[
        Path | None, typer.Option("--soundfont", help="For .wav; left out: $SOUNDFONT, or what is installed.")
    ] = None,
) -> None:
    """Write a session as MIDI, or as sound by fluidsynth."""
    from improvd.files import midi  # noqa: PLC0415  only this command needs it
    from improvd.recorder.folder import named  # noqa: PLC0415  as above
    from improvd.recorder.score import part_of, read  # noqa: PLC0415  as above
    from improvd.render import sound  # noqa: PLC0415  as above

    if part not in PARTS:
        raise UserError(f"--part must be one of {', '.join(PARTS)}, not '{part}'")
    if out.suffix not in (".mid", ".wav"):
        raise UserError(f"{out}: name a file that ends in .mid or .wav")
    font = sound.soundfont(soundfont) if out.suffix == ".wav" else None
    music = read(named(_folder(context.obj), name))
    if part != BOTH:
        music = part_of(music, part)
    if font is None:
        midi.save(music, out)
    else:
        with tempfile.TemporaryDirectory() as place:
            score = Path(place) / "session.mid"
            midi.save(music, score)
            sound.write_wav(score, out, font)
    typer.echo(f"wrote {out}")


def _folder(named: Path | None) -> Path:
    """The one that is named, by an argument, the environment or the configuration, or the usual one."""
    from improvd.config.layers import Told, choose  # noqa: PLC0415  only this command needs it
    from improvd.config.options import RunOptions  # noqa: PLC0415  as above
    from improvd.recorder.folder import default_folder  # noqa: PLC0415  as above

    return named or choose(RunOptions, Told({}, os.environ)).options.recordings or default_folder()


def _line(one: Kept) -> str:
    found = one.summary
    if found is None:
        return f"{one.name:20}  {one.problem}"
    minutes, seconds = divmod(round(found["seconds"]), 60)
    turns = f"{found['turns']} {'turn' if found['turns'] == 1 else 'turns'}"
    played = f"{found['heard']} notes heard, {found['played']} played, {turns}"
    return f"{one.name:20}  {minutes:4}:{seconds:02}  {played}, model {found['model']}"


def _as_json(one: Kept) -> dict[str, object]:
    return {"name": one.name, "path": str(one.path), **(one.summary or {}), "problem": one.problem or None}
